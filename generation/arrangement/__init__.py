"""The arrangement document: the timeline that the browser edits, versions keep and the renderer plays.

Pure and light: no Django, no numpy. `parse` is the only way in from the outside; what it returns is valid.
"""

from __future__ import annotations

from generation.arrangement.document import (
    Arrangement,
    Clip,
    Region,
    Track,
    add_clip,
    add_track,
    digest,
    empty,
    regions,
    to_json,
)
from generation.arrangement.edits import Edit, apply, describe, edits
from generation.arrangement.parsing import BadDocument, parse, parse_bytes

__all__ = [
    "Arrangement",
    "BadDocument",
    "Clip",
    "Edit",
    "Region",
    "Track",
    "add_clip",
    "add_track",
    "apply",
    "describe",
    "digest",
    "edits",
    "empty",
    "parse",
    "parse_bytes",
    "regions",
    "to_json",
]
