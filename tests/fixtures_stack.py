"""Fixtures that start real processes."""
