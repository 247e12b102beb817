"""Engines by name. An adapter is imported when first asked for: importing this module loads no torch."""

import importlib
from functools import cache
from typing import cast

from generation.engine.base import Capabilities, Engine, EngineUnavailable, RequestRefused

MODULES = {
    "sketch": "generation.engine.sketch",
    "audiocraft": "generation.engine.audiocraft",
    "audiogen": "generation.engine.audiogen",
    "acestep": "generation.engine.acestep",
    "stable-audio": "generation.engine.stableaudio",
    "stems": "generation.engine.separate",
    "notes": "generation.engine.transcribe",
}


def names() -> tuple[str, ...]:
    """Return the names of all engines of this build, in the order in which they are offered."""
    return tuple(MODULES)


def engine(name: str) -> Engine:
    """Return the engine of that name, one object per process.

    Raises:
        RequestRefused: no such engine.
        EngineUnavailable: its module cannot be imported here.
    """
    if name not in MODULES:
        raise RequestRefused("engine", f"There is no engine {name!r}; choose one of: {', '.join(MODULES)}.")
    return _load(name)


def all_capabilities() -> list[Capabilities]:
    """Return all capabilities; an engine that cannot be loaded is listed as unavailable, with the reason."""
    return [_capabilities(name) for name in MODULES]


@cache
def _load(name: str) -> Engine:
    try:
        module = importlib.import_module(MODULES[name])
    except ImportError as error:
        raise EngineUnavailable(
            "engine_unavailable", f"The engine {name} cannot be loaded: {error}."
        ) from error
    return cast(Engine, module.engine())


def _capabilities(name: str) -> Capabilities:
    try:
        return _load(name).capabilities()
    except EngineUnavailable as error:
        return Capabilities(
            name=name, version="", title=name.capitalize(), modes=(), min_duration_s=0.0, max_duration_s=0.0,
            max_variations=0, available=False, unavailable_reason=error.message, needs_gpu=False, tool=name,
        )  # fmt: skip
