"""Typed events: what may be written to the ledger, and how each kind reads in words.

An event class is never edited once an installation has written it: a change is a new `version`.
"""

from __future__ import annotations

import dataclasses
import re
import string
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeVar, dataclass_transform

from provenance.elements import Basis
from provenance.errors import BadEvent

_SEALED = "deadwax.sealed"
_ENVELOPE = {"basis", "stream", "subjects", "inputs", "outputs", "authorship"}


def sealed(**options: Any) -> Any:
    """A field whose value goes to the vault; the entry holds only its salted commitment."""
    return dataclasses.field(metadata={_SEALED: True}, **options)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class AssetRef:
    """An asset's part in a step: `role` in the step's own words, `sha256` as 64 hex digits."""

    role: str
    sha256: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events. Subclasses are frozen dataclasses with `kind`, `sentence` and their own fields."""

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    #: One sentence in words. Names in braces are public fields, or sealed fields while they are disclosed.
    sentence: ClassVar[str]
    #: How the sealed part is erased. Required where a field is sealed.
    shred: ClassVar[str] = ""

    stream: str
    basis: Basis = Basis.OBSERVED
    subjects: tuple[str, ...] = ()
    inputs: tuple[AssetRef, ...] = ()
    outputs: tuple[AssetRef, ...] = ()
    authorship: Mapping[str, Any] | None = None

    def public(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in _own_fields(type(self)) if not f.metadata.get(_SEALED)}

    def private(self) -> dict[str, Any]:
        """Sealed values by name; an empty text or None is left out, so nothing is committed to."""
        values = {f.name: getattr(self, f.name) for f in _own_fields(type(self)) if f.metadata.get(_SEALED)}
        return {name: value for name, value in values.items() if value not in (None, "", (), {}, [])}


_own: dict[type[Event], tuple[dataclasses.Field[Any], ...]] = {}


def _own_fields(event: type[Event]) -> tuple[dataclasses.Field[Any], ...]:
    if event not in _own:
        _own[event] = tuple(f for f in dataclasses.fields(event) if f.name not in _ENVELOPE)
    return _own[event]


def sealed_names(event: type[Event]) -> tuple[str, ...]:
    return tuple(f.name for f in _own_fields(event) if f.metadata.get(_SEALED))


E = TypeVar("E", bound=Event)

_REGISTRY: dict[tuple[str, int], type[Event]] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(sealed, dataclasses.field))
def event(cls: type[E]) -> type[E]:
    """Class decorator: makes the frozen dataclass and registers its kind. Raises `BadEvent` on a broken rule."""
    cls = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    key = (cls.kind, cls.version)
    if key in _REGISTRY and _REGISTRY[key].__qualname__ != cls.__qualname__:
        raise BadEvent(f"Two events call themselves {cls.kind} version {cls.version}.")
    if sealed_names(cls) and not cls.shred:
        raise BadEvent(
            f"{cls.__name__} seals {sealed_names(cls)} but does not say how that is erased (`shred`)."
        )
    names = {name for _, name, _, _ in string.Formatter().parse(cls.sentence) if name}
    unknown = names - {f.name for f in _own_fields(cls)}
    if unknown:
        raise BadEvent(f"The sentence of {cls.__name__} names {sorted(unknown)}, which are not its fields.")
    _REGISTRY[key] = cls
    return cls


def registered() -> tuple[type[Event], ...]:
    return tuple(_REGISTRY[key] for key in sorted(_REGISTRY))


class _Withheld(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "…"


#: A quotation of nothing, which a sentence can do without.
_EMPTY_QUOTE = re.compile(r":? “”")


def words(
    kind: str,
    version: int,
    public: Mapping[str, Any],
    disclosed: Mapping[str, Any],
    *,
    sealed: Iterable[str] = (),
) -> str:
    """The entry as a sentence; private values that are withheld or erased read as an ellipsis.

    `sealed`: the private names that the entry holds. One that it does not hold was left empty by whoever wrote it.
    """
    known = _REGISTRY.get((kind, version))
    if known is None:
        return kind.replace(".", " ").replace("_", " ")
    empty = dict.fromkeys(set(sealed_names(known)) - set(sealed), "")
    values = _Withheld({name: _said(value) for name, value in {**empty, **public, **disclosed}.items()})
    return _EMPTY_QUOTE.sub("", known.sentence.format_map(values))


def _said(value: Any) -> Any:
    """Lists read as lists do: "genre, release date"."""
    if isinstance(value, list | tuple) and all(isinstance(item, str | int) for item in value):
        return ", ".join(str(item).replace("_", " ") for item in value) or "nothing"
    return value
