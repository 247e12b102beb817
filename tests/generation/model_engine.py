"""The module of the engine `model`, as the registry looks for it."""

from tests.generation.mode_engine import ENGINES, ModeEngine


def engine() -> ModeEngine:
    return ENGINES["model"]
