"""Entry bodies as the fold and the lineage read them: parsed once, checked fully, frozen.

A body is the canonical JSON that the ledger stored and hashed. Whatever is wrong with it raises
`MalformedEntry`, because a bundle may come from anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from provenance.authorship.errors import MalformedEntry, UnknownRules
from provenance.elements import PLAIN_ORIGINS, ROLES, Basis, Origin, is_element

KNOWN_RULES: Final = frozenset({"1"})
EVERY_ELEMENT: Final = "*"
MAX_MS: Final = 2**53 - 1

_SHA256 = re.compile(r"[0-9a-f]{64}")
_E = TypeVar("_E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class AssetRef:
    """An asset as an entry names it: `role` is its part in that step ("clip", "mix", "bass")."""

    role: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ActorRef:
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What a step says about one element of an output.

    A fixed `origin`, inheritance `from_assets`, or the union of both; `element` "*" inherits every element.
    `of`: the element of those assets, where it is called otherwise there (a bass line that is given as a melody).
    `basis` is set where this claim is known more weakly than its output's others (lyrics that a person typed in).
    """

    element: str
    origin: Origin | None = None
    from_assets: tuple[str, ...] = ()
    basis: Basis | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a track, and the asset that sounds there. Milliseconds from the start.

    `source_ms`: where in that asset the stretch begins, if that is known; then its own stretches show through.
    `origin`: made in this very step; `asset` is then the output itself, or what is heard beneath (a seam).
    """

    track: str
    role: str
    from_ms: int
    to_ms: int
    asset: str
    origin: Origin | None = None
    source_ms: int | None = None


@dataclass(frozen=True, slots=True)
class OutputClaims:
    """All claims about one output. `basis` is set where it is weaker than its entry's.

    (An upload is observed; that it is the artist's own playing is declared.)
    """

    role: str
    claims: tuple[Claim, ...]
    regions: tuple[Region, ...] = ()
    basis: Basis | None = None


_NO_CLAIMS: Final[Mapping[str, OutputClaims]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class EntryBody:
    """One ledger entry. `index` is its leaf index, None until the sequencer has numbered it."""

    kind: str
    at: datetime
    basis: Basis
    stream: str
    leaf_hash: str
    index: int | None = None
    event_version: int = 1
    actor: ActorRef = ActorRef("system", "")
    subjects: tuple[str, ...] = ()
    inputs: tuple[AssetRef, ...] = ()
    outputs: tuple[AssetRef, ...] = ()
    public: Mapping[str, Any] = field(default_factory=dict)
    authorship: Mapping[str, OutputClaims] = field(default_factory=dict)
    rules: str = "1"


def parse_entry(
    body: bytes | str | Mapping[str, Any], *, leaf_hash: str, index: int | None = None
) -> EntryBody:
    """The entry of a stored body. Raises MalformedEntry, UnknownRules."""
    data = _document(body)
    if data.get("v") != 1:
        raise MalformedEntry("v", "expected 1")
    if not _SHA256.fullmatch(leaf_hash):
        raise MalformedEntry("leaf_hash", "expected 64 lower-case hex digits")
    if index is not None and (isinstance(index, bool) or index < 0):
        raise MalformedEntry("index", "expected a leaf index of 0 or more")
    actor = _mapping(data.get("actor"), "actor")
    outputs = _asset_refs(data.get("outputs", ()), "outputs")
    authorship = data.get("authorship")
    claims: Mapping[str, OutputClaims] = _NO_CLAIMS
    rules = "1"
    if authorship is not None:
        claims = parse_authorship(authorship, outputs=[ref.sha256 for ref in outputs])
        rules = authorship["rules"]
    return EntryBody(
        kind=_text(data.get("kind"), "kind"),
        event_version=_whole(data.get("event_version"), "event_version"),
        at=_moment(data.get("at"), "at"),
        basis=_member(Basis, data.get("basis"), "basis"),
        actor=ActorRef(_text(actor.get("type"), "actor.type"), _text(actor.get("id"), "actor.id")),
        stream=_text(data.get("stream"), "stream"),
        subjects=tuple(
            _text(item, f"subjects[{place}]")
            for place, item in enumerate(_list(data.get("subjects", ()), "subjects"))
        ),
        inputs=_asset_refs(data.get("inputs", ()), "inputs"),
        outputs=outputs,
        public=MappingProxyType(dict(_mapping(data.get("public", {}), "public"))),
        authorship=claims,
        rules=rules,
        leaf_hash=leaf_hash,
        index=index,
    )


def parse_authorship(authorship: object, *, outputs: list[str] | None = None) -> Mapping[str, OutputClaims]:
    """The claims of an entry, by output digest.

    Claims about bytes that are not among `outputs` are refused. Raises MalformedEntry, UnknownRules.
    """
    data = _mapping(authorship, "authorship")
    rules = data.get("rules")
    if not isinstance(rules, str) or rules not in KNOWN_RULES:
        raise UnknownRules("authorship.rules", f"knows rules {', '.join(sorted(KNOWN_RULES))}, got {rules!r}")
    found: dict[str, OutputClaims] = {}
    for sha256, spec in _mapping(data.get("outputs"), "authorship.outputs").items():
        path = f"authorship.outputs.{str(sha256)[:12]}"
        _digest(sha256, path)
        if outputs is not None and sha256 not in outputs:
            raise MalformedEntry(path, "is not one of the entry's outputs")
        found[sha256] = _output_claims(_mapping(spec, path), path)
    return MappingProxyType(found)


def check_authorship(authorship: object, *, outputs: list[str]) -> None:
    """Returns if the ledger may store these claims. Raises MalformedEntry, UnknownRules."""
    parse_authorship(authorship, outputs=outputs)


def _output_claims(spec: Mapping[str, Any], path: str) -> OutputClaims:
    role = _role(spec.get("role"), f"{path}.role")
    claims = tuple(
        _claim(_mapping(item, f"{path}.claims[{place}]"), f"{path}.claims[{place}]")
        for place, item in enumerate(_list(spec.get("claims", ()), f"{path}.claims"))
    )
    regions = tuple(
        _region(_mapping(item, f"{path}.regions[{place}]"), f"{path}.regions[{place}]")
        for place, item in enumerate(_list(spec.get("regions", ()), f"{path}.regions"))
    )
    basis = None if spec.get("basis") is None else _member(Basis, spec["basis"], f"{path}.basis")
    return OutputClaims(role, claims, regions, basis)


def _claim(data: Mapping[str, Any], path: str) -> Claim:
    element = _text(data.get("element"), f"{path}.element")
    origin = None if data.get("origin") is None else _member(Origin, data["origin"], f"{path}.origin")
    sources = tuple(
        _digest(item, f"{path}.from[{place}]")
        for place, item in enumerate(_list(data.get("from", ()), f"{path}.from"))
    )
    if element != EVERY_ELEMENT and not is_element(element):
        raise MalformedEntry(f"{path}.element", f"no element is called {element!r}")
    if origin is not None and origin not in PLAIN_ORIGINS:
        raise MalformedEntry(f"{path}.origin", "a step has one origin; mixed is only computed")
    if origin is None and not sources:
        raise MalformedEntry(path, "needs an origin or assets to inherit from")
    if element == EVERY_ELEMENT and origin is not None:
        raise MalformedEntry(path, "every element (*) can only be inherited")
    basis = None if data.get("basis") is None else _member(Basis, data["basis"], f"{path}.basis")
    of = _text(data["of"], f"{path}.of") if data.get("of") is not None else ""
    if of and (not is_element(of) or element == EVERY_ELEMENT or not sources):
        raise MalformedEntry(f"{path}.of", "names an element of the assets that this one inherits from")
    return Claim(element, origin, sources, basis, of)


def _region(data: Mapping[str, Any], path: str) -> Region:
    start = _whole(data.get("from_ms"), f"{path}.from_ms")
    end = _whole(data.get("to_ms"), f"{path}.to_ms")
    if end <= start:
        raise MalformedEntry(path, "must end after it starts")
    track = data.get("track")
    if not isinstance(track, str):
        raise MalformedEntry(f"{path}.track", "expected text")
    origin = None if data.get("origin") is None else _member(Origin, data["origin"], f"{path}.origin")
    if origin is not None and origin not in PLAIN_ORIGINS:
        raise MalformedEntry(path, "a step has one origin; mixed is only computed")
    return Region(
        track,
        _role(data.get("role"), f"{path}.role"),
        start,
        end,
        _digest(data.get("asset"), f"{path}.asset"),
        origin,
        None if data.get("source_ms") is None else _whole(data["source_ms"], f"{path}.source_ms"),
    )


def _document(body: bytes | str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(body, Mapping):
        return body
    try:
        return _mapping(json.loads(body), "body")
    except (ValueError, RecursionError) as error:
        raise MalformedEntry("body", "is not JSON") from error


def _asset_refs(value: object, path: str) -> tuple[AssetRef, ...]:
    refs = []
    for place, item in enumerate(_list(value, path)):
        data = _mapping(item, f"{path}[{place}]")
        role = _text(data.get("role"), f"{path}[{place}].role")
        refs.append(AssetRef(role, _digest(data.get("sha256"), f"{path}[{place}].sha256")))
    return tuple(refs)


def _mapping(value: object, path: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedEntry(path, "expected an object")
    return value


def _list(value: object, path: str) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise MalformedEntry(path, "expected a list")
    return value


def _text(value: object, path: str) -> str:
    if not isinstance(value, str) or not value:
        raise MalformedEntry(path, "expected text")
    return value


def _whole(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_MS:
        raise MalformedEntry(path, "expected a whole number of 0 or more")
    return value


def _digest(value: object, path: str) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise MalformedEntry(path, "expected a SHA-256 digest, 64 lower-case hex digits")
    return value


def _role(value: object, path: str) -> str:
    if not isinstance(value, str) or value not in ROLES:
        raise MalformedEntry(path, f"no role is called {value!r}")
    return value


def _member(kind: type[_E], value: object, path: str) -> _E:
    if isinstance(value, str) and value in list(kind):
        return kind(value)
    raise MalformedEntry(path, f"expected one of {', '.join(kind)}")


def _moment(value: object, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(value, path))
    except ValueError:
        raise MalformedEntry(path, "expected an RFC 3339 time") from None
    if moment.tzinfo is None:
        raise MalformedEntry(path, "expected a time with its zone")
    return moment
