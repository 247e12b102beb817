"""Frames between a worker and its model process: a JSON header and raw bytes. Nothing that is read can be run.

Sound of takes that are still being made goes through a file a take, and only its place through the pipe: however far
the worker is behind, the model never waits for it, no memory grows, and nothing is lost.
"""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from generation.engine.base import (
    Audio,
    FailedTake,
    GenerationOutput,
    GivenInput,
    Kept,
    Made,
    PartialAudio,
    StemAudio,
)

_HEAD = struct.Struct("<II")  # bytes of the header, bytes of the body

Header = dict[str, Any]


def write_frame(file: BinaryIO, header: Mapping[str, Any], body: bytes = b"") -> None:
    """Write and flush one frame. Raises OSError or ValueError when the other side is gone."""
    text = json.dumps(header).encode()
    file.write(_HEAD.pack(len(text), len(body)))
    file.write(text)
    file.write(body)
    file.flush()


def read_frame(file: BinaryIO) -> tuple[Header, bytes] | None:
    """The next frame, or None when the other side is gone."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    header_bytes, body_bytes = _HEAD.unpack(head)
    text, body = file.read(header_bytes), file.read(body_bytes)
    if len(text) < header_bytes or len(body) < body_bytes:
        return None
    header: Header = json.loads(text)
    return header, body


def pack_inputs(inputs: Sequence[GivenInput]) -> tuple[list[Header], bytes]:
    """What a request is given, as headers and their bytes one after another."""
    headers: list[Header] = []
    parts: list[bytes] = []
    for one in inputs:
        part = one.notes if one.audio is None else np.ascontiguousarray(one.audio, dtype="<f4").tobytes()
        assert part is not None
        headers.append(
            {
                "role": one.role, "sha256": one.sha256, "sample_rate_hz": one.sample_rate_hz, "bytes": len(part),
                "shape": None if one.audio is None else one.audio.shape,
            }
        )  # fmt: skip
        parts.append(part)
    return headers, b"".join(parts)


def unpack_inputs(headers: Sequence[Header], body: bytes) -> tuple[GivenInput, ...]:
    """What `pack_inputs` packed, sample for sample."""
    found = []
    at = 0
    for header in headers:
        part, at = body[at : at + header["bytes"]], at + header["bytes"]
        shape = header["shape"]
        found.append(
            GivenInput(
                role=header["role"],
                sha256=header["sha256"],
                audio=None if shape is None else _sound(part, shape),
                sample_rate_hz=header["sample_rate_hz"],
                notes=part if shape is None else None,
            )
        )
    return tuple(found)


def pack_made(made: Made) -> tuple[Header, bytes]:
    """One take as a frame: the mix, then the stems, then the notes; or why there is none."""
    if isinstance(made, FailedTake):
        return {
            "event": "failed", "index": made.index, "seed": made.seed, "code": made.code, "message": made.message,
        }, b""  # fmt: skip
    sounds = [made.audio, *(stem.audio for stem in made.stems)]
    header: Header = {
        "event": "output",
        "index": made.index,
        "seed": made.seed,
        "sample_rate_hz": made.sample_rate_hz,
        "facts": dict(made.facts),
        "shapes": [sound.shape for sound in sounds],
        "stems": [[stem.role, stem.name] for stem in made.stems],
        "has_midi": made.midi is not None,
        "kept": [[kept.role, kept.from_ms, kept.to_ms, kept.at_ms] for kept in made.kept],
    }
    body = b"".join(np.ascontiguousarray(sound, dtype="<f4").tobytes() for sound in sounds)
    return header, body + (made.midi or b"")


def unpack_made(header: Header, body: bytes) -> Made:
    """What `pack_made` packed, sample for sample."""
    if header["event"] == "failed":
        return FailedTake(
            index=header["index"], seed=header["seed"], code=header["code"], message=header["message"]
        )
    sounds: list[Audio] = []
    at = 0
    for shape in header["shapes"]:
        size = 4 * shape[0] * shape[1]
        sounds.append(_sound(body[at : at + size], shape))
        at += size
    stems = [
        StemAudio(role=role, name=name, audio=audio)
        for (role, name), audio in zip(header["stems"], sounds[1:], strict=True)
    ]
    return GenerationOutput(
        index=header["index"],
        seed=header["seed"],
        audio=sounds[0],
        sample_rate_hz=header["sample_rate_hz"],
        stems=tuple(stems),
        midi=body[at:] if header["has_midi"] else None,
        facts=header["facts"],
        kept=tuple(
            Kept(role=role, from_ms=from_ms, to_ms=to_ms, at_ms=at_ms)
            for role, from_ms, to_ms, at_ms in header["kept"]
        ),
    )


def _sound(data: bytes, shape: Sequence[int]) -> Audio:
    return np.array(np.frombuffer(data, dtype="<f4").reshape(*shape), dtype=np.float32)


class PartialWriter:
    """The model process's side: appends each piece `[samples, channels]` to its take's file, then says where it lies.

    A take whose file cannot be written (a full disk) is not heard any further; it is made all the same.
    """

    def __init__(self, scratch: Path, tell: Callable[[Header], None]) -> None:
        self._scratch, self._tell = scratch, tell
        self._silent: set[int] = set()

    def __call__(self, partial: PartialAudio) -> None:
        if partial.index in self._silent:
            return
        try:
            with partial_file(self._scratch, partial.index).open("ab") as file:
                file.write(np.ascontiguousarray(partial.audio.T, dtype="<f4").tobytes())
        except OSError:
            self._silent.add(partial.index)
            return
        channels, count = partial.audio.shape
        self._tell(
            {
                "event": "partial", "index": partial.index, "start": partial.start, "count": count,
                "channels": channels, "sample_rate_hz": partial.sample_rate_hz, "samples": partial.samples,
            }
        )  # fmt: skip


def read_partial(scratch: Path, header: Header) -> PartialAudio | None:
    """The piece that a frame told of; None when its file is gone or too short."""
    channels, count = header["channels"], header["count"]
    size = 4 * channels * count
    try:
        with partial_file(scratch, header["index"]).open("rb") as file:
            file.seek(4 * channels * header["start"])
            data = file.read(size)
    except OSError:
        return None
    if len(data) < size:
        return None
    return PartialAudio(
        index=header["index"],
        start=header["start"],
        audio=np.array(np.frombuffer(data, dtype="<f4").reshape(count, channels).T, dtype=np.float32),
        sample_rate_hz=header["sample_rate_hz"],
        samples=header["samples"],
    )


def partial_file(scratch: Path, index: int) -> Path:
    return scratch / f"take-{int(index)}.f32"
