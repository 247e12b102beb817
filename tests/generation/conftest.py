"""What the studio's tests start from: the cast, the tool catalogue, an offered engine, a project with material."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.cast import Cast, make_cast
from tests.support import accept_licences

RATE = 44_100


def tone_wav(*, seconds: float = 1.0, hz: float = 220.0, gain: float = 0.3, channels: int = 2) -> bytes:
    """A WAV file with a sine in it, 24 bit."""
    t = np.arange(round(seconds * RATE)) / RATE
    wave = gain * np.sin(2 * np.pi * hz * t)
    file = io.BytesIO()
    soundfile.write(file, np.stack([wave] * channels, axis=1), RATE, format="WAV", subtype="PCM_24")
    return file.getvalue()


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def catalogue(cast: Cast) -> None:
    from generation import services

    services.seed_catalogue(actor=cast.rights)
    accept_licences(cast.rights)


@pytest.fixture
def project(cast: Cast) -> Any:
    from generation import services

    return services.create_project(title="Slow Harbour", artist=cast.artist, actor=cast.mara)


@pytest.fixture
def offers(catalogue: None) -> None:
    """What a worker says of its engines, without starting them."""
    from generation import services

    base = {
        "version": "1", "modes": [{"name": "text_to_music"}], "min_duration_s": 1.0, "max_duration_s": 360.0,
        "max_variations": 30, "needs_gpu": False, "available": True, "unavailable_reason": "",
        "parameters": [
            {"name": "density", "title": "Density", "kind": "float", "default": 0.5, "help": "", "minimum": 0.0,
             "maximum": 1.0, "choices": []},
        ],
    }  # fmt: skip
    services.save_offers(
        [
            base | {"name": "sketch", "title": "Sketch", "tool": "sketch"},
            base
            | {"name": "audiocraft", "title": "MusicGen", "tool": "musicgen", "available": False,
               "unavailable_reason": "its weights are not here."},
        ]
    )  # fmt: skip


@pytest.fixture
def ask(project: Any, offers: None, cast: Cast) -> Callable[..., Any]:
    """Ask the sketch engine; every argument can be changed."""
    from generation import services

    def request(**changes: Any) -> Any:
        values: dict[str, Any] = {
            "brief": None, "engine": "sketch", "duration_s": 8, "variations": 2, "prompt": "slow ambient, warm pads",
            "actor": cast.mara,
        }  # fmt: skip
        return services.request_run(project, **values | changes)

    return request


@pytest.fixture
def make_take(project: Any, ask: Callable[..., Any]) -> Callable[..., Any]:
    """A take as the worker writes it, from tones instead of an engine's sound."""
    from django.db import transaction

    from generation.services import making
    from provenance import assets

    def sound(role: str, name: str, hz: float, seconds: float) -> making.MadeAudio:
        data = tone_wav(hz=hz, seconds=seconds)
        return making.MadeAudio(
            staged=assets.ingest(data), role=role, name=name, media_type="audio/wav", peaks=b"", lufs=-20.0,
            true_peak_dbtp=-9.0,
            probe={"samples": round(seconds * RATE), "sample_rate_hz": RATE, "channels": 2,
                   "duration_ms": round(seconds * 1000)},
        )  # fmt: skip

    def make(*, run: Any = None, number: int = 1, seconds: float = 2.0) -> Any:
        run = run or ask(variations=number)
        made = making.MadeTake(
            number=number,
            seed=run.seeds[number - 1],
            mix=sound("full_mix", "mix", 200 + number, seconds),
            stems=[sound("bass", "bass", 80 + number, seconds), sound("pads", "pads", 400 + number, seconds)],
            midi=assets.ingest(b"MThd\x00\x00\x00\x06\x00\x00\x00\x00\x01\xe0" + bytes([number])),
            facts={
                "engine": "sketch",
                "tempo_milli_bpm": 92000,
                "metre": "4/4",
                "key": "D minor",
                "swing": 0.5,
            },
        )
        with transaction.atomic():
            return making.add_take(making.run_to_make(str(run.pk)), made)

    return make
