"""Tiny random models in diffusers' format: made once, never downloaded, driven through the real loaders."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generation.engine.base import GivenInput
from tests.generation.engine.made_once import made_once

WEIGHTS = "diffusion_pytorch_model.safetensors"
Change = Callable[[dict[str, Any], bytearray], None]


@pytest.fixture(scope="session")
def made_pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "pipelines", "tests.generation.engine.tiny_diffusers")


@pytest.fixture
def pipelines(made_pipelines: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The models folder of this test and of every process that it starts."""
    monkeypatch.setenv("DEADWAX_MODELS_DIR", str(made_pipelines))
    monkeypatch.setenv("HF_HUB_CACHE", str(made_pipelines / "nothing"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # tiny layers on many threads only wait for one another
    return made_pipelines


@pytest.fixture
def spoiled(pipelines: Path) -> Iterator[Callable[[str], Path]]:
    """Copies of a model under another name, to be spoiled; gone after the test."""
    made: list[Path] = []

    def copy(name: str, source: str = "ace-tiny-turbo") -> Path:
        made.append(pipelines / name)
        shutil.copytree(pipelines / source, made[-1])
        return made[-1]

    yield copy
    for folder in made:
        shutil.rmtree(folder)


@pytest.fixture(scope="session", autouse=True)
def _no_model_process_is_left_behind() -> Iterator[None]:
    yield
    from generation.engine import registry

    for name in ("acestep", "stable-audio"):
        registry.engine(name).host.close()  # type: ignore[attr-defined]


def tune(seconds: float, *, rate: int = 44_100, channels: int = 2) -> np.ndarray[Any, Any]:
    """A wavering tone: never silent, never the same from one moment to the next."""
    t = np.arange(round(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * (220 * t + 3 * np.sin(2 * np.pi * 0.7 * t))) * (1 + 0.3 * np.sin(9 * t))
    return np.repeat(tone[None].astype(np.float32), channels, axis=0)


def given(role: str, seconds: float = 6.0, *, rate: int = 44_100, channels: int = 2) -> GivenInput:
    return GivenInput(
        role=role, sha256="0" * 64, audio=tune(seconds, rate=rate, channels=channels), sample_rate_hz=rate
    )


def rewrite(file: Path, change: Change) -> None:
    """Change a safetensors file's header and numbers, and write it so that its sizes add up."""
    data = file.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, numbers = json.loads(data[8 : 8 + length]), bytearray(data[8 + length :])
    change(header, numbers)
    text = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(numbers))


def filled(file: Path, name: str, value: float) -> None:
    """Put one value everywhere in a tensor of float32."""

    def change(header: dict[str, Any], numbers: bytearray) -> None:
        first, last = header[name]["data_offsets"]
        numbers[first:last] = np.full((last - first) // 4, value, dtype="<f4").tobytes()

    rewrite(file, change)
