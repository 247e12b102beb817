"""The readers of the matrix in columns, and the rows that many addresses share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.scenes import Scene

#: The order of the columns: owner, anr, release, rights, mara (the artist), collaborator (a reader), stranger.
PEOPLE = ("owner", "anr", "release", "rights", "mara", "collaborator", "stranger")
Row = tuple[int, ...]

ALL: Row = (200,) * 7
READ: Row = (200, 200, 200, 200, 200, 200, 404)  # of a project
WRITE: Row = (200, 403, 403, 403, 200, 403, 404)
MANAGE: Row = (200, 403, 403, 403, 200, 403, 404)
HOUSE: Row = (200, 200, 200, 200, 200, 404, 404)  # of a release: no collaborators
HOUSE_WRITE: Row = (200, 403, 200, 200, 403, 404, 404)
ROSTER: Row = (200, 200, 200, 200, 200, 404, 404)
ROSTER_WRITE: Row = (200, 200, 403, 403, 403, 404, 404)
OWNER: Row = (200, 403, 403, 403, 403, 403, 403)
ERASERS: Row = (200, 403, 403, 200, 403, 403, 403)

#: What an address is asked with.
Key = Callable[[Scene], Any]
#: GET. Name -> (the arguments, a row).
Pages = dict[str, tuple[Key | None, Row]]
#: POST (or PUT) only. Name -> (the arguments, what a reader is told, what a stranger is told). Nobody else tries.
Actions = dict[str, tuple[Key | None, int, int]]
#: For anybody. Name -> (the arguments, the status without an account).
Public = dict[str, tuple[Key | None, int]]
