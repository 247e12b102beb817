"""Weights for the tests of real engines: made once, tiny, random; nothing is downloaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.generation.engine.made_once import made_once

TINY_MODELS: dict[str, dict[str, Any]] = {
    "musicgen-tiny": {},
    "musicgen-code": {"with_code": True},
    "musicgen-foreign": {"solver": "audiogen"},
    "musicgen-flat": {"flatten_first": 1},
    "musicgen-melody-tiny": {"melody": True, "seed": 2},
    "audiogen-tiny": {"audiogen": True, "seed": 3},
}


@pytest.fixture(scope="session")
def made_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of about 1 MB each, their text encoders, and the separator of melodies."""
    return made_once(tmp_path_factory, "models", "tests.generation.engine.tiny", json.dumps(TINY_MODELS))


@pytest.fixture
def tiny_models(made_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models folder of this test and of every process that it starts."""
    monkeypatch.setenv("DEADWAX_MODELS_DIR", str(made_models))
    monkeypatch.setenv("HF_HUB_CACHE", str(made_models / "nothing"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # tiny layers on many threads only wait for one another
    return made_models


@pytest.fixture(scope="session", autouse=True)
def _no_model_process_is_left_behind() -> Iterator[None]:
    yield
    from generation.engine import registry

    for name in ("audiocraft", "audiogen"):
        registry.engine(name).host.close()  # type: ignore[attr-defined]
