"""Loaded by a worker through DEADWAX_WORKER_MODULES: what is asked of sketch is made by the slow engine."""

from generation.engine import registry

registry.MODULES["sketch"] = "tests.generation.slow_engine"
