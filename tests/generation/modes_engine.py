"""The module of the engine `modes`, as the registry looks for it."""

from tests.generation.mode_engine import ENGINES, ModeEngine


def engine() -> ModeEngine:
    return ENGINES["modes"]
