"""Engines: the protocol, and one adapter for each. No Django; torch only inside the adapters that need it."""
