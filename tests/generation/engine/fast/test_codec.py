"""Sound in chunks: the seams are those of decoding all at once."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from tests.support import needs

if importlib.util.find_spec("audiocraft"):
    import torch

    from generation.engine import compat
    from generation.engine.fast import baselines
    from generation.engine.fast.codec import ChunkedDecoder, codec_of, decode_whole, push_together
    from generation.engine.fast.decoder import Decoder, Take
    from generation.engine.fast.scheduler import Chunk, Finished, Scheduler
    from generation.engine.fast.shape import TINY, Unsupported
    from generation.engine.fast.weights import random_weights

    compat.install()

pytestmark = needs("engines")

FRAMES = 60
SIZES = [[FRAMES], [10] * 6, [1] * FRAMES, [3, 37, 20], [58, 1, 1]]


def audiocraft_codec(**changes: Any) -> Any:
    from omegaconf import OmegaConf

    from tests.generation.engine import tiny

    config = OmegaConf.create(tiny.CODEC.format(card=256, channels=1, rate=tiny.RATE_HZ, ratios=[8, 5, 4, 4]))
    config.device = "cpu"
    config.seanet.update(changes)
    from audiocraft.models import builders

    torch.manual_seed(1)
    model = builders.get_compression_model(config).eval()
    for name, values in model.state_dict().items():
        if name.endswith("codebook.embed"):
            values.normal_()
    return model


def stereo_codec() -> Any:
    from audiocraft.models.encodec import InterleaveStereoCompressionModel

    return InterleaveStereoCompressionModel(audiocraft_codec(lstm=2))


def wrapped_codec() -> Any:
    from audiocraft.models.encodec import HFEncodecCompressionModel

    return HFEncodecCompressionModel(baselines.codec(device="cpu", tiny=True))


CODECS: dict[str, Any] = {
    "audiocraft": audiocraft_codec,
    "audiocraft, LSTM": lambda: audiocraft_codec(lstm=2),
    "audiocraft, causal": lambda: audiocraft_codec(lstm=2, causal=True),
    "stereo": stereo_codec,
    "transformers": lambda: baselines.codec(device="cpu", tiny=True),
    "transformers in audiocraft": wrapped_codec,
}


@pytest.mark.parametrize("kind", CODECS)
def test_chunks_make_the_sound_of_the_whole(kind: str) -> None:
    """Tolerance: 2e-6 of the loudest sample, float32's rounding in another order."""
    model = CODECS[kind]()
    codec = codec_of(model)
    assert (codec.hop, codec.sample_rate_hz, codec.channels) == (640, 32_000, 2 if kind == "stereo" else 1)
    books = 8 if kind == "stereo" else 4
    codes = torch.randint(0, 256, (books, FRAMES), generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        if kind == "transformers":
            expected = model.decode(codes[None, None], [None]).audio_values[0]
        else:
            expected = model.decode(codes[None])[0]
    tolerance = 2e-6 * expected.abs().max()
    assert expected.std() > 1e-4
    assert (decode_whole(codec, codes) - expected).abs().max() <= tolerance
    for sizes in SIZES:
        chunked, at, parts = ChunkedDecoder(codec), 0, []
        for index, size in enumerate(sizes):
            parts.append(chunked.push(codes[:, at : at + size], last=index == len(sizes) - 1))
            at += size
        sound = torch.cat(parts, dim=-1)
        assert sound.shape == expected.shape
        assert (sound - expected).abs().max() <= tolerance


@pytest.mark.parametrize("kind", ["audiocraft, LSTM", "stereo", "transformers"])
def test_takes_at_the_same_place_are_decoded_as_one_batch(kind: str) -> None:
    """And each may go on alone afterwards. Tolerance as above."""
    codec = codec_of(CODECS[kind]())
    books = 8 if kind == "stereo" else 4
    codes = torch.randint(0, 256, (3, books, FRAMES), generator=torch.Generator().manual_seed(6))
    wholes = [decode_whole(codec, one) for one in codes]
    decoders = [ChunkedDecoder(codec) for _ in codes]
    parts = [
        push_together(decoders, codes[:, :, :10]),
        push_together(decoders, codes[:, :, 10:10]),
        push_together(decoders, codes[:, :, 10:35]),
    ]
    assert len({decoder.place for decoder in decoders}) == 1
    rest = [decoders[0].push(codes[0, :, 35:], last=True)]
    assert decoders[0].place != decoders[1].place
    rest += push_together(decoders[1:], codes[1:, :, 35:], last=True)
    for number, whole in enumerate(wholes):
        sound = torch.cat([*(part[number] for part in parts), rest[number]], dim=-1)
        assert sound.shape == whole.shape
        assert (sound - whole).abs().max() <= 2e-6 * whole.abs().max()


def test_sound_lags_only_a_few_frames_behind() -> None:
    codec = codec_of(baselines.codec(device="cpu", tiny=True))
    chunked = ChunkedDecoder(codec)
    codes = torch.zeros(4, 30, dtype=torch.int64)
    assert chunked.push(codes).shape == (1, (30 - ChunkedDecoder.LAG) * codec.hop)
    assert chunked.push(codes[:, :1]).shape == (1, codec.hop)
    assert chunked.push(codes[:, :0], last=True).shape == (1, ChunkedDecoder.LAG * codec.hop)


def test_a_codec_whose_sound_depends_on_all_of_it_is_refused() -> None:
    import transformers

    config = transformers.EncodecConfig(
        norm_type="time_group_norm", num_filters=2, hidden_size=16, codebook_dim=16
    )
    model = transformers.EncodecModel(config).eval()
    with pytest.raises(Unsupported, match="more than a few frames"):
        codec_of(model)


def test_a_take_is_audible_while_it_is_made() -> None:
    decoder = Decoder(random_weights(TINY, seed=4))
    codec = codec_of(baselines.codec(device="cpu", tiny=True))
    take = Take(seed=1, frames=FRAMES, stride=30)
    scheduler, chunked = Scheduler(decoder.lanes_for([take])), ChunkedDecoder(codec)
    scheduler.submit(take, chunk_frames=5, urgent=True)
    parts, first_at, step = [], None, 0
    while not scheduler.idle:
        step += 1
        for event in scheduler.step():
            if isinstance(event, Chunk):
                parts.append(chunked.push(event.codes))
            if isinstance(event, Finished):
                whole = event.codes
                parts.append(chunked.push(whole[:, :0], last=True))
        if first_at is None and sum(part.shape[-1] for part in parts):
            first_at = step
    assert first_at is not None
    assert first_at < 25, "long before the last of some 80 steps"
    sound = torch.cat(parts, dim=-1)
    assert (sound - decode_whole(codec, whole)).abs().max() <= 2e-6 * sound.abs().max()


def test_the_published_codecs_size_can_be_decoded_in_chunks() -> None:
    codec = codec_of(baselines.codec(device="cpu", tiny=False))
    assert (codec.hop, codec.sample_rate_hz, codec.lstm.num_layers) == (640, 32_000, 2)
    assert decode_whole(codec, torch.randint(0, 2048, (4, 8))).shape == (1, 8 * 640)
