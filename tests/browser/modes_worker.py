"""Loaded by a worker through DEADWAX_WORKER_MODULES: an engine of tones that serves every mode."""

from generation.engine import registry

registry.MODULES["modes"] = "tests.generation.modes_engine"
