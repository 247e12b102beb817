"""ACE-Step's two heavy parts with random weights of the default size: our way beside diffusers' own calls, in one run.

The denoiser: one step for each of N variations one after another, N as one eager batch, N as one captured batch.
The codec: whole and in tiles, with the memory that each needs.
"""

import platform
import time
from collections.abc import Callable
from typing import Any

import torch

from generation.engine.fast.acestep import CONTEXT, TILE, CapturedStep
from generation.engine.fast.codec import Window

FRAMES_PER_S = 25
CONDITION = 256
"""Positions of text, lyrics and timbre that a variation looks at."""
TINY = {
    "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8,
    "num_hidden_layers": 2, "sliding_window": 16,
}  # fmt: skip


def report(device: str, batches: list[int], seconds: float, *, tiny: bool) -> str:
    """The table as Markdown, or why it cannot be had."""
    try:
        import diffusers
        from diffusers.models.transformers.ace_step_transformer import AceStepTransformer1DModel
    except ImportError as error:
        return f"diffusers with ACE-Step is not installed here ({error})"
    library: Any = diffusers
    if tiny:
        batches, seconds = [2], 1.0
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    with torch.device(device):
        model = AceStepTransformer1DModel(**(TINY if tiny else {})).eval().to(dtype)
        sizes: dict[str, Any] = (
            {"encoder_hidden_size": 8, "decoder_channels": 4} if tiny else {"encoder_hidden_size": 128}
        )
        codec = library.AutoencoderOobleck(
            downsampling_ratios=[2, 4, 4, 6, 10], sampling_rate=48_000, **sizes
        ).eval()
    codec.use_tiling = False
    frames = int(seconds * FRAMES_PER_S) // 2 * 2
    lines = ["| part | variations | ms | against |", "| --- | --- | --- | --- |"]
    for count in batches:
        lines += _denoiser(model, count, frames, device, dtype)
    lines += _codec(codec, frames, device)
    name = torch.cuda.get_device_name() if device.startswith("cuda") else platform.processor() or "CPU"
    lines += [
        "",
        f"- torch {torch.__version__}, diffusers {library.__version__}, {name}, {dtype}, {seconds:g} s of sound",
    ]
    return "\n".join(lines)


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
    latents = torch.randn(1, codec.config.decoder_input_channels, frames, device=device)

    def tiles() -> None:
        window = Window([codec.decoder], 1920, CONTEXT)
        for at in range(0, frames, TILE):
            window.push(latents[..., at : at + TILE], at + TILE >= frames)

    rows = []
    whole = 0.0
    for name, run in (("whole", lambda: codec.decode(latents)), ("in tiles", tiles)):
        if device.startswith("cuda"):
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        with torch.no_grad():
            took = _ms(run, device)
        whole = whole or took
        peak = (
            f", {torch.cuda.max_memory_allocated() / 2**30:.2f} GiB at most"
            if device.startswith("cuda")
            else ""
        )
        rows.append(f"| decoding the sound, {name}{peak} | 1 | {took:.2f} | {whole / took:.2f}x |")
    return rows


def _ms(run: Callable[[], object], device: str) -> float:
    """Milliseconds of a run: the median of five after two that warm up."""
    found = []
    for number in range(7):
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        before = time.perf_counter()
        run()
        if device.startswith("cuda"):
            torch.cuda.synchronize()
        if number > 1:
            found.append(1000 * (time.perf_counter() - before))
    return sorted(found)[2]
