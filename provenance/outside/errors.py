"""What can go wrong with an outside place. None of it ever reaches a user's action."""

from __future__ import annotations


class PlaceRefused(Exception):
    """The place answered, but not with what was asked for. The message is shown on the health page."""


class LogContradicted(PlaceRefused):
    """The place holds a checkpoint that this log's present state contradicts: the log was cut off or rewritten."""
