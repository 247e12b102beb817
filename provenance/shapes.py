"""Bodies of a shape that is known, read by one regular expression instead of by a JSON reader and writer. Pure.

A canonical body teaches its shape: its text with every string and every integer left open. A text that fits the shape
from end to end differs from that body in such values alone. Its names and their order are the same; its strings hold
nothing that JSON escapes; its integers are in their one form. So it is canonical, if it is in NFC, and the values stand
where they stood. What fits no shape says nothing: `canonical.decode` has the last word on it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import is_normalized

from provenance import canonical

#: A shape costs a millisecond: only what comes again and again is learnt, and no monsters.
_LEARN_EVERY: Final = 16
_SHAPES_A_KIND: Final = 8
_MAX_LENGTH: Final = 4096

_STRING: Final = r'"[^"\\\x00-\x1f]*+"'
_HELD: Final = r'"([^"\\\x00-\x1f]*+)"'
_INTEGER: Final = r"(?:0|-?[1-9][0-9]{0,14}+)"  # all below 2**53
_WORD: Final = "(?:null|true|false)"


#: What a body says about the columns beside it: [actor id, actor type, at, basis, kind, stream]; subjects and then
#: assets, of which one may come twice; private name -> commitment.
Said = tuple[list[str], list[str], dict[str, str]]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Groups are, in the order of the text: actor id, actor type, at, basis, inputs' digests, kind, outputs' digests,
    commitments, stream, subjects."""

    pattern: re.Pattern[str]
    kind: int
    private: int
    names: tuple[str, ...]
    stream: int


class Shapes:
    """The shapes that were seen, by kind."""

    def __init__(self) -> None:
        self._known: dict[str, list[_Shape]] = {}
        self._missed: Counter[str] = Counter()

    def read(self, kind: str, data: bytes) -> Said | None:
        """What a canonical body of a known shape says; None for all others. `kind` only finds the shapes to try."""
        known = self._known.get(kind)
        if known is None:
            return None
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return None
        for shape in known:
            if fits := shape.pattern.fullmatch(text):
                if not (text.isascii() or is_normalized("NFC", text)):
                    return None
                said = fits.groups()
                at, private, stream = shape.kind, shape.private, shape.stream
                refs = list(said[stream + 1 :])
                if private > 5:
                    refs += [f"asset:{digest}" for digest in (*said[4:at], *said[at + 1 : private])]
                columns = [*said[:4], said[at], said[stream]]
                return columns, refs, dict(zip(shape.names, said[private:stream], strict=True))
        return None

    def learn(self, kind: str, body: Any, length: int) -> None:
        """Take note of a body of `length` bytes that `canonical.decode` read and `read` did not."""
        self._missed[kind] += 1
        if self._missed[kind] % _LEARN_EVERY or length > _MAX_LENGTH:
            return
        known = self._known.setdefault(kind, [])
        if len(known) < _SHAPES_A_KIND and (shape := _shape_of(body)) is not None:
            known.append(shape)


def _shape_of(body: Any) -> _Shape | None:
    """The shape of an entry's body; None where it is not made like one."""
    match body:
        case {
            "actor": {"id": str(), "type": str()},
            "at": str(),
            "basis": str(),
            "inputs": list(inputs),
            "kind": str(),
            "outputs": list(outputs),
            "private": dict(private),
            "stream": str(),
            "subjects": list(subjects),
        }:
            pass
        case _:
            return None
    digests = [ref.get("sha256") if isinstance(ref, dict) else None for ref in (*inputs, *outputs)]
    if not all(isinstance(value, str) for value in (*digests, *private.values(), *subjects)):
        return None
    pattern = "".join(_open(body, ()))
    kind = 4 + len(inputs)
    first = kind + 1 + len(outputs)
    return _Shape(re.compile(pattern), kind, first, tuple(private), first + len(private))


#: Where the strings stand that `read` gives back; `None` stands for any name or place.
_HELD_AT: Final = frozenset(
    {
        ("actor", "id"),
        ("actor", "type"),
        ("at",),
        ("basis",),
        ("inputs", None, "sha256"),
        ("kind",),
        ("outputs", None, "sha256"),
        ("private", None),
        ("stream",),
        ("subjects", None),
    }
)


def _open(value: Any, path: tuple[str | None, ...]) -> Iterator[str]:
    """The pattern of a value whose names are in canonical order."""
    if isinstance(value, dict):
        yield r"\{"
        for place, (name, inner) in enumerate(value.items()):
            yield ("," if place else "") + re.escape(canonical.encode(name).decode()) + ":"
            yield from _open(inner, (*path, None if path == ("private",) else name))
        yield r"\}"
    elif isinstance(value, list):
        yield r"\["
        for place, inner in enumerate(value):
            yield "," if place else ""
            yield from _open(inner, (*path, None))
        yield r"\]"
    elif isinstance(value, str):
        yield _HELD if path in _HELD_AT else _STRING
    elif value is None or isinstance(value, bool):
        yield _WORD
    else:
        yield _INTEGER
