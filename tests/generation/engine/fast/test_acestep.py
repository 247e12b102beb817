"""ACE-Step against diffusers' pipeline on tiny random weights: the same sound for the same seeds."""

from __future__ import annotations

import copy
import importlib.util
from typing import Any

import pytest

from tests.support import needs

if importlib.util.find_spec("diffusers") and importlib.util.find_spec("torch"):
    import torch

    from generation.engine.fast.acestep import CapturedStep, FastAceStep
    from tests.generation.engine.fast.watching import StaysThere

pytestmark = needs("engines")

TEXT = {"prompt": "warm pads", "lyrics": "la la", "duration_s": 2.0}
SEEDS = [11, 12, 2**40]


class CancelledByUser(Exception):
    pass


@pytest.fixture(scope="module")
def pipeline() -> Any:
    import diffusers
    import transformers
    from diffusers.models.transformers.ace_step_transformer import AceStepTransformer1DModel
    from diffusers.pipelines.ace_step.modeling_ace_step import AceStepConditionEncoder
    from tokenizers import Tokenizer, models, pre_tokenizers

    torch.manual_seed(0)
    words = {word: index for index, word in enumerate(["<pad>", "<unk>", *"abcdefghijklmnopqrstuvwxyz"])}
    letters = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    letters.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=letters, pad_token="<pad>", unk_token="<unk>"
    )
    text = transformers.Qwen3Model(
        transformers.Qwen3Config(
            vocab_size=32, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
            num_key_value_heads=1, head_dim=8, max_position_embeddings=4096,
        )
    )  # fmt: skip
    shared = {
        "hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 8,
        "sliding_window": 16,
    }  # fmt: skip
    denoiser = AceStepTransformer1DModel(
        num_hidden_layers=2, in_channels=24, audio_acoustic_hidden_dim=8, **shared
    )
    encoder = AceStepConditionEncoder(
        text_hidden_dim=16, timbre_hidden_dim=8, num_lyric_encoder_hidden_layers=1, num_timbre_encoder_hidden_layers=1,
        **shared,
    )  # fmt: skip
    vae = diffusers.AutoencoderOobleck(
        encoder_hidden_size=16, downsampling_ratios=[2, 4, 10], channel_multiples=[1, 2, 4], decoder_channels=4,
        decoder_input_channels=8, audio_channels=2, sampling_rate=8_000,
    )  # fmt: skip
    vae.use_tiling = False  # what ours is compared with is decoded at once
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, shift=1.0)
    made = diffusers.AceStepPipeline(vae, text, tokenizer, denoiser, encoder, scheduler)
    made.set_progress_bar_config(disable=True)
    for module in (vae, text, denoiser, encoder):
        module.eval()
    made.vae.use_tiling = False
    return made


def theirs(pipeline: Any, seed: int, **asked: Any) -> Any:
    made = pipeline(
        prompt=TEXT["prompt"], lyrics=TEXT["lyrics"], audio_duration=TEXT["duration_s"], num_inference_steps=4,
        generator=torch.Generator().manual_seed(seed), **asked,
    )  # fmt: skip
    return made.audios[0]


@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_a_batch_of_seeds_is_what_the_pipeline_makes_of_each_alone(pipeline: Any, guidance: float) -> None:
    """Tolerance: 1e-4 of full scale, float32's rounding through four steps and the codec."""
    ours = dict(FastAceStep(pipeline, tile=40).takes(seeds=SEEDS, steps=4, guidance_scale=guidance, **TEXT))
    assert list(ours) == [0, 1, 2]
    for index, seed in enumerate(SEEDS):
        expected = theirs(pipeline, seed, guidance_scale=guidance)
        assert ours[index].shape == expected.shape == (2, 16_000)
        assert (ours[index] - expected).abs().max() < 1e-4
        assert ours[index].std() > 0.01
    assert (ours[0] - ours[1]).abs().max() > 0.01


def test_alone_or_in_a_batch_the_seed_makes_the_same_latents(pipeline: Any) -> None:
    fast = FastAceStep(pipeline)
    batch = fast.latents(seeds=SEEDS, steps=4, **TEXT)
    alone = fast.latents(seeds=SEEDS[1:2], steps=4, **TEXT)
    assert torch.allclose(alone[0], batch[1], atol=1e-5)


@pytest.mark.parametrize("tile", [7, 33, 64, 400])
def test_tiles_make_the_sound_of_the_whole(pipeline: Any, tile: int) -> None:
    latents = torch.randn(200, 8, generator=torch.Generator().manual_seed(1))
    parts = list(FastAceStep(pipeline, tile=tile).tiles(latents))
    with torch.no_grad():
        whole = pipeline.vae.decoder(latents.t().unsqueeze(0))[0]
    assert len(parts) == 1 if tile == 400 else len(parts) > 2
    sound = torch.cat(parts, dim=-1)
    assert sound.shape == whole.shape
    assert (sound - whole).abs().max() <= 2e-6 * whole.abs().max()


def test_progress_counts_steps_and_cancelling_leaves_the_pipeline_as_it_was(pipeline: Any) -> None:
    fast, told = FastAceStep(pipeline), []
    expected = fast.latents(seeds=[3], steps=4, progress=lambda *at: told.append(at), **TEXT)
    assert told == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]

    def cancel(done: int, total: int) -> None:
        if done == 2:
            raise CancelledByUser

    with pytest.raises(CancelledByUser):
        fast.latents(seeds=[3], steps=4, progress=cancel, **TEXT)
    assert "forward" not in vars(pipeline.transformer), "the pipeline calls its own step again"
    assert torch.equal(fast.latents(seeds=[3], steps=4, **TEXT), expected)
    assert fast.step.calls > 8
    assert fast.step.reason == "not asked for or no GPU" or torch.cuda.is_available()


def test_a_denoising_step_can_be_captured(pipeline: Any) -> None:
    """It runs where there are no numbers to read, so nothing in it waits for the device."""
    model = copy.deepcopy(pipeline.transformer).to("meta")

    def given(*sizes: int) -> Any:
        return torch.empty(sizes, device="meta")

    step = CapturedStep(model)
    with torch.no_grad(), StaysThere() as mode:
        (made,) = step(
            hidden_states=given(2, 50, 8), timestep=given(2), timestep_r=given(2),
            encoder_hidden_states=given(2, 9, 16), context_latents=given(2, 50, 16), return_dict=False,
        )  # fmt: skip
    assert made.shape == (2, 50, 8)
    assert any("mm" in name for name in mode.seen)
