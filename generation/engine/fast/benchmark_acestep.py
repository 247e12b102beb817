"""ACE-Step with random weights of the default sizes: our way beside diffusers' own calls, in one run.

Whole takes: N by diffusers' pipeline one after another, N by it as one batch, N by ours. The denoiser: one step for
each of N variations one after another, N as one eager batch, N as one captured batch. The codec: whole and in tiles.
On a GPU with the memory that takes and codec need.
"""

import platform
import time
from collections.abc import Callable
from typing import Any

import torch

from generation.engine.fast.acestep import CONTEXT, TILE, CapturedStep, FastAceStep
from generation.engine.fast.codec import Window

FRAMES_PER_S = 25
STEPS = 8
"""Of the turbo models, which need no guidance."""
CONDITION = 256
"""Positions of text, lyrics and timbre that a variation looks at."""
WORDS: dict[str, Any] = {"prompt": "warm pads and a slow beat", "lyrics": "la la la"}
_LAYERS = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8, "intermediate_size": 16}
TINY = {**_LAYERS, "hidden_size": 16, "sliding_window": 16}
TEXT = {
    "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16,
    "num_key_value_heads": 8, "head_dim": 128,
}  # fmt: skip
"""Of Qwen3-Embedding-0.6B, whose words are letters here."""


def report(device: str, batches: list[int], seconds: float, *, tiny: bool) -> str:
    """The table as Markdown, or why it cannot be had."""
    if tiny:
        batches, seconds = [2], 1.0
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    try:
        import diffusers

        pipeline = _pipeline(device, dtype, tiny=tiny)
    except ImportError as error:
        return f"diffusers with ACE-Step is not installed here ({error})"
    library: Any = diffusers
    frames = int(seconds * FRAMES_PER_S) // 2 * 2
    lines = ["| part | variations | ms | against |", "| --- | --- | --- | --- |"]
    for count in batches:
        lines += _takes(pipeline, count, seconds, device)
    for count in batches:
        lines += _denoiser(pipeline.transformer, count, frames, device, dtype)
    pipeline.vae.use_tiling = False
    lines += _codec(pipeline.vae, frames, device)
    name = torch.cuda.get_device_name() if device.startswith("cuda") else platform.processor() or "CPU"
    lines += [
        "",
        f"- torch {torch.__version__}, diffusers {library.__version__}, {name}, {dtype}, {seconds:g} s of sound",
        f"- a take: text and lyrics encoded, {STEPS} denoising steps without guidance, the sound decoded",
    ]
    return "\n".join(lines)


def _pipeline(device: str, dtype: torch.dtype, *, tiny: bool) -> Any:
    """diffusers' pipeline as its loader gives it, but with random weights and a tokenizer of letters.

    Raises ImportError.
    """
    import diffusers
    import transformers
    from diffusers.models.transformers.ace_step_transformer import AceStepTransformer1DModel
    from diffusers.pipelines.ace_step.modeling_ace_step import AceStepConditionEncoder
    from tokenizers import Tokenizer, models, pre_tokenizers

    library: Any = diffusers
    words: Any = transformers
    padding, unknown = "<pad>", "<unk>"
    letters = {word: index for index, word in enumerate([padding, unknown, *"abcdefghijklmnopqrstuvwxyz"])}
    splitter: Any = Tokenizer(models.WordLevel(letters, unk_token=unknown))
    splitter.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = words.PreTrainedTokenizerFast(tokenizer_object=splitter, pad_token=padding, unk_token=unknown)
    text = {**TEXT, **_LAYERS, "hidden_size": 16, "num_hidden_layers": 1} if tiny else TEXT
    encoder = {"num_lyric_encoder_hidden_layers": 1, "num_timbre_encoder_hidden_layers": 1} if tiny else {}
    codec = {"encoder_hidden_size": 128, "decoder_channels": 4} if tiny else {"encoder_hidden_size": 128}
    with torch.device(device):
        transformer = AceStepTransformer1DModel(
            is_turbo=True, **({**TINY, "num_hidden_layers": 2} if tiny else {})
        )
        vae = library.AutoencoderOobleck(downsampling_ratios=[2, 4, 4, 6, 10], sampling_rate=48_000, **codec)
        parts = {
            "vae": vae,
            "text_encoder": words.Qwen3Model(
                words.Qwen3Config(vocab_size=len(letters), max_position_embeddings=4096, **text)
            ),
            "transformer": transformer,
            "condition_encoder": AceStepConditionEncoder(
                text_hidden_dim=text["hidden_size"], **encoder, **(TINY if tiny else {})
            ),
        }
    for part in parts.values():
        part.eval().to(dtype)
    scheduler = library.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0)
    made = library.AceStepPipeline(tokenizer=tokenizer, scheduler=scheduler, **parts)
    made.set_progress_bar_config(disable=True)
    return made


def _takes(pipeline: Any, count: int, seconds: float, device: str) -> list[str]:
    def theirs(many: int) -> None:
        pipeline(
            prompt=[WORDS["prompt"]] * many, lyrics=[WORDS["lyrics"]] * many, audio_duration=seconds,
            num_inference_steps=STEPS, guidance_scale=1.0,
            generator=[torch.Generator().manual_seed(seed) for seed in range(many)],
        )  # fmt: skip

    ours = FastAceStep(pipeline)

    def fast() -> None:
        for _ in ours.takes(seeds=range(count), duration_s=seconds, steps=STEPS, guidance_scale=1.0, **WORDS):
            pass

    # What is run, and so many times over it counts.
    runs = {
        f"takes of {seconds:g} s, diffusers, one after another": (lambda: theirs(1), count),
        f"takes of {seconds:g} s, diffusers, one batch": (lambda: theirs(count), 1),
        f"takes of {seconds:g} s, ours ({ours.step.reason or 'captured'}, sound in tiles)": (fast, 1),
    }
    rows, alone = [], 0.0
    for name, (run, times) in runs.items():
        try:
            took = times * _ms(run, device, timed=3, warm=1)
        except torch.OutOfMemoryError:
            rows.append(f"| {name}: too little memory on this device | {count} | - | - |")
            continue
        if not rows:
            alone = took
        against = f"{alone / took:.2f}x" if alone else "-"
        rows.append(f"| {name}{_peak(device)} | {count} | {took:.2f} | {against} |")
    return rows


def _denoiser(model: Any, count: int, frames: int, device: str, dtype: torch.dtype) -> list[str]:
    width, channels = model.config.hidden_size, model.config.audio_acoustic_hidden_dim
    made: dict[str, Any] = {"device": device, "dtype": dtype}
    given = {
        "hidden_states": torch.randn(count, frames, channels, **made),
        "timestep": torch.full((count,), 0.5, **made),
        "timestep_r": torch.full((count,), 0.5, **made),
        "encoder_hidden_states": torch.randn(count, CONDITION, width, **made),
        "context_latents": torch.randn(count, frames, model.config.in_channels - channels, **made),
    }
    eager, captured = CapturedStep(model, graphs=False), CapturedStep(model)
    single = {name: value[:1] for name, value in given.items()}
    with torch.no_grad():
        alone = count * _ms(lambda: eager(**single, return_dict=False), device)
        batch = _ms(lambda: eager(**given, return_dict=False), device)
        graph = _ms(lambda: captured(**given, return_dict=False), device)
    how = captured.reason or "captured"
    return [
        f"| a denoising step, one after another | {count} | {alone:.2f} | 1.0 |",
        f"| a denoising step, one batch | {count} | {batch:.2f} | {alone / batch:.2f}x |",
        f"| a denoising step, one batch ({how}) | {count} | {graph:.2f} | {alone / graph:.2f}x |",
    ]


def _codec(codec: Any, frames: int, device: str) -> list[str]:
    latents = torch.randn(1, codec.config.decoder_input_channels, frames, device=device, dtype=codec.dtype)

    def tiles() -> None:
        window = Window([codec.decoder], 1920, CONTEXT)
        for at in range(0, frames, TILE):
            window.push(latents[..., at : at + TILE], at + TILE >= frames)

    rows = []
    whole = 0.0
    for name, run in (("whole", lambda: codec.decode(latents)), ("in tiles", tiles)):
        with torch.no_grad():
            took = _ms(run, device)
        whole = whole or took
        rows.append(f"| decoding the sound, {name}{_peak(device)} | 1 | {took:.2f} | {whole / took:.2f}x |")
    return rows


def _peak(device: str) -> str:
    """The most memory since `_ms` began, in words; nothing where there is no GPU."""
    if not device.startswith("cuda"):
        return ""
    return f", {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB at most"


def _ms(run: Callable[[], object], device: str, *, timed: int = 5, warm: int = 2) -> float:
    """Milliseconds of a run: the median of so many after some that warm up."""
    cuda = device.startswith("cuda")
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    found = []
    for number in range(warm + timed):
        if cuda:
            torch.cuda.synchronize()
        before = time.perf_counter()
        run()
        if cuda:
            torch.cuda.synchronize()
        if number >= warm:
            found.append(1000 * (time.perf_counter() - before))
    return sorted(found)[timed // 2]
