"""What a step's output is, element by element: one function per step, each applying a row of the rules.

The result is the `authorship` object of an event. The fold in `provenance/authorship` composes these
and so needs to know no engine. Pure: no Django, no engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from generation.attribution_rules import NOTES, RULES, RULES_VERSION, Rule, Step
from provenance.elements import (
    COMPOSITION_ELEMENTS,
    ROLE_ELEMENTS,
    Basis,
    Origin,
    element_order,
    elements_of,
    is_element,
    performance,
)

__all__ = [
    "NOTES",
    "RULES",
    "RULES_VERSION",
    "Authorship",
    "BadAttribution",
    "Placed",
    "Rule",
    "Step",
    "apply",
    "declared",
    "external_tool",
    "is_arranged",
    "master",
    "melody_guided",
    "merge",
    "notes_of",
    "own_performance",
    "processed",
    "render",
    "sketch",
    "stems",
    "text_to_music",
    "third_party",
    "transcode",
]

Authorship = dict[str, Any]
"""The `authorship` object of an entry: JSON values only, ready for the canonical body."""

_CARRIED_BY_ALL: Final = ("mix", "mastering")


class BadAttribution(ValueError):
    """A step was described in a way that the rules do not cover; the message says what to give instead."""

    code = "bad_attribution"


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A clip as it sounds in a render: what `render` needs to know of the arrangement document.

    `source` groups what came out of one step (the stems of one take share it); empty means the asset itself.
    `cut` says that a person trimmed, split or faded the clip; `source_ms` where in the asset it begins.
    """

    track: str
    role: str
    from_ms: int
    to_ms: int
    asset: str
    source: str = ""
    cut: bool = False
    source_ms: int | None = None


def apply(
    step: Step,
    outputs: Mapping[str, str],
    *,
    inputs: Mapping[str, Sequence[str]] | None = None,
    basis: Basis | None = None,
) -> Authorship:
    """Row `step` of the table for `outputs` (digest -> role), given `inputs` (name in the table -> digests).

    Raises BadAttribution for a missing input or a role that does not exist.
    """
    given = {name: list(dict.fromkeys(digests)) for name, digests in (inputs or {}).items()}
    return _authorship(
        {sha256: _output(role, _claims(step, role, given), basis) for sha256, role in outputs.items()}
    )


def own_performance(
    sha256: str,
    role: str,
    elements: Iterable[str] | None = None,
    *,
    third_party: Iterable[str] = (),
    absent: Iterable[str] = (),
    from_assets: Mapping[str, Sequence[str]] | None = None,
    observed: bool = False,
) -> Authorship:
    """An own recording. Playing and sound are human; of the composition only what the artist declares.

    `elements`: what the artist wrote (None: all that the role carries); `third_party`: written by somebody
    else (a cover); `absent`: not there (a wordless vocal); `from_assets`: played after these assets, such as
    a bass line from a sketch. What the role carries and nobody mentions stays unknown.
    """
    _known_role(role)
    wrote = set(ROLE_ELEMENTS[role]) if elements is None else _named(elements, role)
    others, missing = _named(third_party, role), _named(absent, role)
    after = {_element(name, role): list(dict.fromkeys(shas)) for name, shas in (from_assets or {}).items()}
    if elements is None:
        wrote -= others | missing | set(after)
    claims: list[dict[str, Any]] = []
    for name in sorted({*elements_of(role), *wrote, *others, *after} - missing, key=element_order):
        plays = name not in COMPOSITION_ELEMENTS and name not in others
        origins = [Origin.HUMAN] if name in wrote or plays else []
        origins += [Origin.THIRD_PARTY] if name in others else []
        if not origins and name not in after:
            origins = [Origin.UNKNOWN]
        claims += [{"element": name, "origin": origin.value} for origin in origins]
        if name in after:
            claims.append({"element": name, "from": after[name]})
    return _authorship({sha256: _output(role, claims, None if observed else Basis.DECLARED)})


def third_party(
    sha256: str, role: str, elements: Iterable[str] | None = None, *, human: Iterable[str] = ()
) -> Authorship:
    """Somebody else's material under licence, by declaration. `human`: the elements of the artist's own.

    `elements` limits what is third-party; what the role carries beyond both stays unknown.
    """
    return declared(sha256, role, _split(role, elements, Origin.THIRD_PARTY, human), basis=Basis.DECLARED)


def external_tool(
    sha256: str,
    role: str,
    elements: Iterable[str] | None = None,
    *,
    human: Iterable[str] = (),
    imported: bool = False,
) -> Authorship:
    """A model's output made elsewhere: by declaration, or imported where a content credential says so."""
    basis = Basis.IMPORTED if imported else Basis.DECLARED
    return declared(sha256, role, _split(role, elements, Origin.TRAINED_MODEL, human), basis=basis)


def declared(
    sha256: str, role: str, origins: Mapping[str, Origin], *, basis: Basis = Basis.DECLARED
) -> Authorship:
    """Element by element as stated; what the role carries and `origins` leaves out is unknown."""
    _known_role(role)
    stated = {_element(name, role): origin for name, origin in origins.items()}
    claims = [
        {"element": name, "origin": _plain(stated.get(name, Origin.UNKNOWN)).value}
        for name in sorted({*elements_of(role), *stated}, key=element_order)
    ]
    return _authorship({sha256: _output(role, claims, basis)})


def text_to_music(outputs: Mapping[str, str]) -> Authorship:
    """Takes (and stems) of a trained model, digest -> role."""
    return apply(Step.TEXT_TO_MUSIC, outputs)


def melody_guided(outputs: Mapping[str, str], *, melody: Sequence[str]) -> Authorship:
    """A model's takes over a given melody, which keeps its origin."""
    return apply(Step.MELODY_GUIDED, outputs, inputs={"melody": melody})


def sketch(outputs: Mapping[str, str], *, notes: Mapping[str, str] | None = None) -> Authorship:
    """Takes and stems by rules and chance, digest -> role; `notes`: their MIDI files, digest -> role."""
    audio = apply(Step.SKETCH, outputs)
    for sha256, role in (notes or {}).items():
        written = [{"element": name, "origin": Origin.PROCEDURAL.value} for name in _written(role)]
        audio["outputs"][sha256] = _output(role, written, None)
    return audio


def stems(outputs: Mapping[str, str], source_sha256: str) -> Authorship:
    """Stems separated from a mix: each carries its own role's elements, as the mix has them."""
    found = {}
    for sha256, role in outputs.items():
        _known_role(role)
        claims = [{"element": name, "from": [source_sha256]} for name in elements_of(role)]
        found[sha256] = _output(role, claims, None)
    return _authorship(found)


def processed(sha256: str, role: str, source_sha256: str) -> Authorship:
    """Noise reduction, pitch or time change: a tool, no new origin."""
    return apply(Step.PROCESSING, {sha256: role}, inputs={"source": [source_sha256]})


def notes_of(sha256: str, role: str, source_sha256: str) -> Authorship:
    """Notes (MIDI) taken from audio: the composition inherits, no performance, no sound."""
    claims = [{"element": name, "from": [source_sha256]} for name in _written(role)]
    return _authorship({sha256: _output(role, claims, None)})


def is_arranged(clips: Sequence[Placed]) -> bool:
    """Whether a person arranged: several sources, a cut, or one source placed at different times.

    The untouched stems of one take side by side are no arrangement.
    """
    sources = {clip.source or clip.asset for clip in clips}
    return len(sources) > 1 or any(clip.cut for clip in clips) or len({clip.from_ms for clip in clips}) > 1


def render(
    sha256: str, clips: Sequence[Placed], *, hand_mixed: bool, arranged: bool | None = None
) -> Authorship:
    """The render of an arrangement: everything inherits, arrangement and mix become (also) human where done.

    `clips` are the audible ones; overlapping and silent stretches are the document's business.
    `arranged` overrides `is_arranged`. Raises BadAttribution for an empty or impossible clip list.
    """
    if not clips:
        raise BadAttribution("A render needs at least one clip that sounds.")
    assets = list(dict.fromkeys(clip.asset for clip in clips))
    rows = [Step.ARRANGING] if (is_arranged(clips) if arranged is None else arranged) else [Step.PROCESSING]
    rows += [Step.MIXING_BY_HAND] if hand_mixed else []
    claims: list[dict[str, Any]] = []
    for step in rows:
        claims += [c for c in _claims(step, "full_mix", {"source": assets}) if c not in claims]
    output = _output("full_mix", claims, None)
    output["regions"] = [_region(clip) for clip in clips]
    return _authorship({sha256: output})


def master(sha256: str, render_sha256: str, *, by: Origin = Origin.PROCEDURAL) -> Authorship:
    """A master: the mastering is procedural when set to a target, human by hand, or a trained model's."""
    steps = {
        Origin.PROCEDURAL: Step.MASTERING_BY_RULES,
        Origin.HUMAN: Step.MASTERING_BY_HAND,
        Origin.TRAINED_MODEL: Step.MASTERING_BY_MODEL,
    }
    if by not in steps:
        raise BadAttribution("Mastering is procedural, human or a trained model's.")
    return apply(steps[by], {sha256: "full_mix"}, inputs={"source": [render_sha256]})


def transcode(sha256: str, source_sha256: str, role: str = "full_mix") -> Authorship:
    """Another format of the same sound (a FLAC of a master): inherits all, regions included."""
    return apply(Step.COPY, {sha256: role}, inputs={"source": [source_sha256]})


def merge(*parts: Authorship) -> Authorship:
    """One `authorship` for an entry with outputs of several kinds. Raises BadAttribution on a double."""
    outputs: dict[str, Any] = {}
    for part in parts:
        if double := outputs.keys() & part["outputs"].keys():
            raise BadAttribution(f"Two rules for one output, {min(double)[:12]}.")
        outputs.update(part["outputs"])
    return _authorship(outputs)


def _claims(step: Step, role: str, inputs: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    _known_role(role)
    carried = {*elements_of(role), *_CARRIED_BY_ALL}
    claims: list[dict[str, Any]] = []
    for rule in RULES[step]:
        element = performance(role) if rule.element == "performance" else rule.element
        if element != "*" and element not in carried and step is not Step.ARRANGING:
            continue
        claim: dict[str, Any] = {"element": element}
        if rule.origin is not None:
            claim["origin"] = rule.origin.value
        if rule.inherits is not None:
            if not inputs.get(rule.inherits):
                raise BadAttribution(f"{step.value} needs the digests of its {rule.inherits}.")
            claim["from"] = inputs[rule.inherits]
        claims.append(claim)
    return claims


def _split(
    role: str, elements: Iterable[str] | None, origin: Origin, human: Iterable[str]
) -> dict[str, Origin]:
    _known_role(role)
    own = _named(human, role)
    theirs = set(elements_of(role)) - own if elements is None else _named(elements, role)
    if both := theirs & own:
        raise BadAttribution(f"Say once who made the {min(both)}.")
    return {**dict.fromkeys(theirs, origin), **dict.fromkeys(own, Origin.HUMAN)}


def _written(role: str) -> tuple[str, ...]:
    """What notes of this role carry; a rhythm carries no pitch, its pattern counts as arrangement."""
    _known_role(role)
    return tuple(name for name in ROLE_ELEMENTS[role] if name != "lyrics") or ("arrangement",)


def _named(elements: Iterable[str], role: str) -> set[str]:
    return {_element(name, role) for name in elements}


def _element(name: str, role: str) -> str:
    element = performance(role) if name == "performance" else name
    if not is_element(element):
        raise BadAttribution(f"No element is called {name!r}.")
    return element


def _known_role(role: str) -> None:
    if role not in ROLE_ELEMENTS:
        raise BadAttribution(f"No role is called {role!r}; choose one of {', '.join(ROLE_ELEMENTS)}.")


def _plain(origin: Origin) -> Origin:
    if origin is Origin.MIXED:
        raise BadAttribution("Mixed is computed; name the origins one by one.")
    return origin


def _region(clip: Placed) -> dict[str, Any]:
    _known_role(clip.role)
    if not 0 <= clip.from_ms < clip.to_ms:
        raise BadAttribution(f"A clip on {clip.track!r} must end after it starts.")
    return {
        "track": clip.track,
        "role": clip.role,
        "from_ms": clip.from_ms,
        "to_ms": clip.to_ms,
        "asset": clip.asset,
        **({} if clip.source_ms is None else {"source_ms": clip.source_ms}),
    }


def _output(role: str, claims: list[dict[str, Any]], basis: Basis | None) -> dict[str, Any]:
    output: dict[str, Any] = {"role": role, "claims": claims}
    if basis is not None:
        output["basis"] = basis.value
    return output


def _authorship(outputs: Mapping[str, Any]) -> Authorship:
    return {"rules": RULES_VERSION, "outputs": dict(outputs)}
