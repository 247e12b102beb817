"""EnCodec's decoder in chunks: sound while the codes still come, equal to decoding all at once but for rounding.

The decoder (Défossez et al. 2022) is convolutions of finite reach around an LSTM that runs forwards. So the
convolutions get CONTEXT frames on both sides, which are thrown away, and the LSTM carries its state from chunk to
chunk. What reaches farther (norms over time) is found by trying, and refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from generation.engine.fast.shape import Unsupported

CONTEXT = 6
"""Frames on either side that decide a frame's sound, beyond the LSTM; as many as a causal one needs,
half of them would do for the published one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Codec:
    """A decoder taken apart: `before` the LSTM, the LSTM (or None: then all is `after`), `after` it.

    `latents` turns codes `[batch, codebooks, frames]` into `[batch, channels, frames]`; `hop` samples make one frame.
    `channels` of the sound are decoded apart, codebooks interleaved, as MusicGen's stereo models have them.
    """

    latents: Callable[[Tensor], Tensor]
    before: Sequence[Callable[[Tensor], Tensor]]
    lstm: Any
    lstm_skips: bool
    after: Sequence[Callable[[Tensor], Tensor]]
    hop: int
    sample_rate_hz: int
    channels: int = 1
    device: torch.device


def codec_of(model: Any) -> Codec:
    """Take a codec of audiocraft (`EncodecModel` and its wrappers) or transformers (`EncodecModel`) apart.

    Raises:
        Unsupported: it cannot be decoded in chunks, and why.
    """
    channels = 1
    if hasattr(model, "get_left_right_codes"):
        if model.per_timestep:
            raise Unsupported("the codec's channels follow each other in time")
        model, channels = model.model, 2
    if hasattr(model, "model") and hasattr(
        model.model, "quantizer"
    ):  # audiocraft's wrapper of transformers' codec
        model = model.model
    decoder = model.decoder
    layers = list(getattr(decoder, "layers", None) or decoder.model)
    at = next((index for index, layer in enumerate(layers) if hasattr(layer, "lstm")), None)
    if hasattr(model, "config"):  # transformers: the quantizer wants the codebooks in front
        config = model.config
        hop, rate = int(torch.tensor(config.upsampling_ratios).prod()), int(config.sampling_rate)

        def latents(codes: Tensor) -> Tensor:
            found: Tensor = model.quantizer.decode(codes.transpose(0, 1))
            return found
    else:
        hop, rate = round(model.sample_rate / model.frame_rate), int(model.sample_rate)
        latents = model.quantizer.decode
    codec = Codec(
        latents=latents,
        before=[] if at is None else layers[:at],
        lstm=None if at is None else layers[at].lstm,
        lstm_skips=at is not None and bool(getattr(layers[at], "skip", True)),
        after=layers if at is None else layers[at + 1 :],
        hop=hop,
        sample_rate_hz=rate,
        channels=channels,
        device=next(iter(decoder.parameters())).device,
    )
    _check_reach(codec, model)
    return codec


class ChunkedDecoder:
    """One take's sound, chunk by chunk. `push` returns what is settled; the sound lags LAG frames behind the codes."""

    LAG = 2 * CONTEXT

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._streams = [_Stream(codec) for _ in range(codec.channels)]

    def push(self, codes: Tensor, *, last: bool = False) -> Tensor:
        """Sound `[channels, samples]` float32 on the CPU that these codes `[codebooks, frames]` settle, maybe none.

        With `last` everything is settled: all chunks together are frames times hop samples.
        """
        return push_together([self], codes.unsqueeze(0), last=last)[0]

    @property
    def place(self) -> object:
        """Decoders of one codec at equal places can be pushed together."""
        return self._streams[0].place


def push_together(decoders: Sequence[ChunkedDecoder], codes: Tensor, *, last: bool = False) -> Tensor:
    """As `push` of each, in one pass: codes `[decoders, codebooks, frames]` to sound `[decoders, channels, samples]`.

    All MUST be of one codec and at the same place.
    """
    codec = decoders[0]._codec
    streams = [stream for decoder in decoders for stream in decoder._streams]
    # Codebooks of the channels are interleaved.
    books = codes.shape[1] // codec.channels
    apart = codes.to(codec.device).unflatten(1, (books, codec.channels)).transpose(1, 2).flatten(0, 1)
    with torch.no_grad():
        joined = streams[0] if len(streams) == 1 else _Stream.joined(streams)
        sound = joined.push(apart, last)
        if joined is not streams[0]:
            joined.part(streams)
    return sound.float().cpu().unflatten(0, (len(decoders), codec.channels))


def decode_whole(codec: Codec, codes: Tensor) -> Tensor:
    """The same sound `[channels, samples]` from all codes `[codebooks, frames]` at once."""
    return ChunkedDecoder(codec).push(codes, last=True)


class _Stream:
    """What is kept of one channel of one take, or of several at the same place as one batch."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._first = Window(codec.before, 1)
        self._second = Window(codec.after, codec.hop)
        self._state: tuple[Tensor, Tensor] | None = None

    @classmethod
    def joined(cls, streams: Sequence["_Stream"]) -> "_Stream":
        one = cls(streams[0]._codec)
        one._first.join([stream._first for stream in streams])
        one._second.join([stream._second for stream in streams])
        states = [stream._state for stream in streams if stream._state is not None]
        if states:
            hidden, cell = (torch.cat(parts, dim=1) for parts in zip(*states, strict=True))
            one._state = hidden, cell
        return one

    def part(self, streams: Sequence["_Stream"]) -> None:
        """Give each of those that were joined its own again."""
        for index, stream in enumerate(streams):
            stream._first.take(self._first, index)
            stream._second.take(self._second, index)
            if self._state is not None:
                hidden, cell = (part[:, index : index + 1].contiguous() for part in self._state)
                stream._state = hidden, cell

    @property
    def place(self) -> tuple[object, ...]:
        return self._first.place, self._second.place, self._state is None

    def push(self, codes: Tensor, last: bool) -> Tensor:
        """Codes `[batch, codebooks, frames]` to sound `[batch, samples]`."""
        codec = self._codec
        x = codec.latents(codes) if codes.shape[-1] else None
        if codec.lstm is not None:
            x = self._first.push(x, last)
            if x is not None and x.shape[-1]:
                steps = x.permute(2, 0, 1)
                made, self._state = codec.lstm(steps, self._state)
                x = (made + steps if codec.lstm_skips else made).permute(1, 2, 0)
        sound = self._second.push(x, last)
        if sound is None:
            return torch.zeros(codes.shape[0], 0, device=codec.device)
        return sound[:, 0]


class Window:
    """Layers of finite reach over a stream `[batch, channels, frames]`: keeps `context` frames behind, waits
    for as many.
    """

    def __init__(
        self, layers: Sequence[Callable[[Tensor], Tensor]], hop: int, context: int = CONTEXT
    ) -> None:
        self._layers, self._hop, self._context = layers, hop, context
        self._kept: Tensor | None = None
        self._done = 0  # of what is kept, so many frames were given out already

    @property
    def place(self) -> tuple[int, int]:
        return self._done, -1 if self._kept is None else int(self._kept.shape[-1])

    def join(self, windows: Sequence["Window"]) -> None:
        """Go on for all of these, which are at the same place, as one batch."""
        kept = [window._kept for window in windows if window._kept is not None]
        self._kept, self._done = (torch.cat(kept) if kept else None), windows[0]._done

    def take(self, batch: "Window", index: int) -> None:
        """Go on where number `index` of a batch has come to."""
        self._kept = None if batch._kept is None else batch._kept[index : index + 1].clone()
        self._done = batch._done

    def push(self, x: Tensor | None, last: bool) -> Tensor | None:
        """What these frames settle, `hop` samples each; None where they settle nothing."""
        if x is not None and x.shape[-1]:
            self._kept = x if self._kept is None else torch.cat([self._kept, x], dim=-1)
        if self._kept is None:
            return None
        end = self._kept.shape[-1] - (0 if last else self._context)
        if end <= self._done:
            return None
        made = self._kept
        for layer in self._layers:
            made = layer(made)
        settled = made[..., self._done * self._hop : end * self._hop]
        drop = max(0, end - self._context)
        self._kept, self._done = self._kept[..., drop:], end - drop
        return settled


def _check_reach(codec: Codec, model: Any) -> None:
    """Try whether a frame beyond CONTEXT changes anything. Raises Unsupported."""
    generator = torch.Generator().manual_seed(0)
    card = int(getattr(getattr(model, "config", None), "codebook_size", 0) or model.cardinality)
    books = int(getattr(model, "num_codebooks", 0) or 1)
    frames = 4 * CONTEXT
    with torch.no_grad():
        codes = torch.randint(0, card, (1, books, frames), generator=generator).to(codec.device)
        x = codec.latents(codes)
        for layers, hop in ((codec.before, 1), (codec.after, codec.hop)):
            x = x if x.abs().sum() > 0 else torch.ones_like(x)
            other = x.clone()
            other[..., 0] += 1.0
            other[..., -1] -= 1.0
            made = []
            for value in (x, other):
                for layer in layers:
                    value = layer(value)
                made.append(value)
            inner = slice((CONTEXT + 1) * hop, (frames - CONTEXT - 1) * hop)
            changed = (made[0][..., inner] - made[1][..., inner]).abs().max() / made[0].abs().max().clamp(
                min=1e-9
            )
            if made[0].shape[-1] != frames * hop or changed > 1e-5:
                raise Unsupported("the codec's sound depends on more than a few frames around it")
            if layers is codec.before:
                x = made[0]
