"""A link, a sender, and sounds with a known shape."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.cast import Cast, make_cast

AI = {"lyrics": "no", "composition": "no", "vocals": "no", "instruments": "partly", "production": "no"}
ANSWERS = {
    "artist_name": "Glass Ferry (fictional)",
    "contact_email": "ferry@sender.invalid",
    "contact_name": "Ilse Brandt (fictional)",
    "title": "Two songs",
    "tools": "a drum generator, version 2",
    "rights": "own",
    "consent": True,
}


def tune(seed: int, *, seconds: float = 12.0, rate: int = 22_050) -> np.ndarray:
    """Random notes: two seeds give sounds that nobody takes for each other."""
    rng = np.random.default_rng(seed)
    out = np.zeros(round(seconds * rate))
    step = round(0.25 * rate)
    time = np.arange(step) / rate
    for start in range(0, len(out) - step, step):
        for _ in range(3):
            hertz = 110 * 2 ** (rng.integers(0, 36) / 12)
            out[start : start + step] += np.sin(2 * np.pi * hertz * time) * np.exp(-3 * time)
    return (0.3 * out / np.abs(out).max()).astype(np.float32)


def encoded(samples: np.ndarray, *, rate: int = 22_050, kind: str = "WAV", **options: Any) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, **options)
    return file.getvalue()


@pytest.fixture
def cast(db: None, settings: Any, tmp_path: Any) -> Cast:
    settings.DEADWAX_DATA = tmp_path  # parts of uploads
    return make_cast()


@pytest.fixture
def link(cast: Cast) -> tuple[Any, str]:
    from artists.services import upload_links

    return upload_links.make_upload_link(name="Spring call (fictional)", actor=cast.anr)


@pytest.fixture
def send(link: tuple[Any, str]) -> Callable[..., Any]:
    """`send(bytes)` or `send([bytes, ...])`: a submission as the page makes it."""
    from artists.services import incoming, submissions

    def sending(data: bytes | list[bytes] | None = None, *, sender: str = "one", **answers: Any) -> Any:
        rows = []
        every = [data] if isinstance(data, bytes) else data or []
        for number, one in enumerate(every):
            row, _ = incoming.begin(link[0], filename=f"song {number}.wav", length=len(one), sender=sender)
            rows.append(incoming.append(row, offset=0, stream=io.BytesIO(one), length=len(one)))
        submission, secret = submissions.submit(
            link[0], files=rows, sender=sender, ai=AI, **{**ANSWERS, **answers}
        )
        submission.own_secret = secret
        return submission

    return sending
