"""The one function that computes what any receiver is told, from its profile and the authorship map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from provenance.elements import Origin, element_label
from release.labels.involvement import (
    ElementFinding,
    Involvement,
    combine,
    involvement,
    matching,
    procedural_elements,
    unknown_elements,
)
from release.labels.profiles import Certainty, FieldRule, Outcome, Profile, Rule


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A generator that contributed to the recording or its cover, as the tool catalogue knows it."""

    name: str
    version: str = ""
    provider: str = ""
    training: str = "unknown"
    """licensed | unlicensed | unknown"""
    blocked_by: frozenset[str] = frozenset()
    """Ids of receivers that refuse it by name."""
    terms: str = ""
    """Which terms its output is under, in words."""
    credit: str = ""
    """The credit that they ask for."""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What no ledger can compute and a person has to state; None is: nobody answered yet."""

    ai_persona: bool | None = None
    """The artist is an invented, photorealistic person."""
    cloned_voice: bool | None = None
    """The voice of a real person is imitated."""
    music_video_ai: bool | None = None
    """A music video with generated pictures belongs to the release."""


@dataclass(frozen=True, kw_only=True)
class LabelField:
    """One filled field. `values` are the receiver's words; empty means: nothing to state."""

    name: str
    values: tuple[str, ...]
    involvement: Involvement | None
    elements: tuple[str, ...]
    judgement: str = ""
    certainty: Certainty = Certainty.CONFIRMED
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A refusal or a hint of the receiver, with the reason and what can be done."""

    outcome: Outcome
    sentence: str
    cure: str
    certainty: Certainty
    elements: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ReceiverLabels:
    """Everything one receiver is told. `outcome` is the gravest of the notices."""

    receiver: str
    title: str
    profile_version: int
    profile_date: str
    source: str
    certainty: Certainty
    fields: tuple[LabelField, ...]
    notices: tuple[Notice, ...]
    questions: tuple[str, ...]
    procedural: tuple[str, ...]
    unknown: tuple[str, ...]
    outcome: Outcome = field(init=False, default=Outcome.ACCEPTED)

    def __post_init__(self) -> None:
        worst = max((n.outcome for n in self.notices), key=lambda o: o.weight, default=Outcome.ACCEPTED)
        object.__setattr__(self, "outcome", worst)

    def field_named(self, name: str) -> LabelField:
        """Raises KeyError."""
        for item in self.fields:
            if item.name == name:
                return item
        raise KeyError(name)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, in a fixed order."""
        return asdict(self)


_QUESTIONS = {
    "ai_persona": "Is the artist an invented, photorealistic person?",
    "cloned_voice": "Does the recording imitate the voice of a real person?",
    "music_video_ai": "Does a music video with generated pictures belong to the release?",
}


def labels_for(
    profile: Profile,
    findings: Iterable[ElementFinding],
    *,
    tools: Sequence[Tool] = (),
    circumstances: Circumstances | None = None,
) -> ReceiverLabels:
    """What `profile`'s receiver is told about a recording with these findings. Unknown origins refuse it."""
    found = tuple(findings)
    stated = circumstances or Circumstances()
    unknown = unknown_elements(found)
    procedural = procedural_elements(found)

    filled: list[LabelField] = []
    questions: list[str] = []
    for rule in profile.fields:
        if rule.kind == "circumstance" and _stated(stated, rule.circumstance) is None:
            questions.append(_QUESTIONS[rule.circumstance])
            continue
        filled.extend(_fill(rule, found, profile=profile, tools=tools, stated=stated))

    notices = [
        notice
        for rule in profile.rules
        if (notice := _apply(rule, found, profile=profile, tools=tools, procedural=procedural))
    ]
    if unknown:
        names = ", ".join(element_label(element) for element in unknown)
        notices.append(
            Notice(
                outcome=Outcome.REFUSED,
                sentence=f"Nobody recorded where this comes from: {names}.",
                cure="Declare the origin with its evidence, or replace the material.",
                certainty=Certainty.CONFIRMED,
                elements=unknown,
            )
        )
    return ReceiverLabels(
        receiver=profile.id,
        title=profile.title,
        profile_version=profile.version,
        profile_date=profile.date,
        source=profile.source,
        certainty=profile.certainty,
        fields=tuple(filled),
        notices=tuple(notices),
        questions=tuple(questions),
        procedural=procedural,
        unknown=unknown,
    )


def _stated(stated: Circumstances, name: str) -> bool | None:
    """The answer to one circumstance. Raises KeyError for a name that does not exist."""
    known = {item.name: getattr(stated, item.name) for item in fields(stated)}
    answer: bool | None = known[name]
    return answer


def _fill(
    rule: FieldRule,
    found: tuple[ElementFinding, ...],
    *,
    profile: Profile,
    tools: Sequence[Tool],
    stated: Circumstances,
) -> list[LabelField]:
    """One field of the receiver; "credits" gives one for each element that is there."""

    def made(
        values: Sequence[str], parts: Sequence[ElementFinding], share: Involvement | None, name: str = ""
    ) -> LabelField:
        return LabelField(
            name=name or rule.name,
            values=tuple(values),
            involvement=share,
            elements=tuple(part.element for part in parts),
            judgement=rule.judgement if values else "",
            certainty=rule.certainty,
            note=rule.note,
        )

    parts = matching(found, rule.elements)
    shares = [involvement(part.origins, count_procedural=profile.counts_procedural) for part in parts]
    share = combine(shares)
    match rule.kind:
        case "circumstance":
            return [made(["yes" if _stated(stated, rule.circumstance) else "no"], (), None)]
        case "tools":
            used = [" ".join(filter(None, (t.provider, t.name, t.version))) for t in tools]
            return [made(used, (), None)]
        case "credits":
            return [
                made(_credited(rule, part, one), (part,), one, f"{rule.name}: {element_label(part.element)}")
                for part, one in zip(parts, shares, strict=True)
            ]
        case "tag":
            carrying = [part for part, one in zip(parts, shares, strict=True) if one in _PRESENT]
            return [made([rule.name] if share in rule.when else [], carrying, share)]
        case "value":
            return [made(rule.values.get(share, ()) if share else (), parts, share)]


_MACHINES = frozenset({Origin.TRAINED_MODEL, Origin.PROCEDURAL})


def _credited(rule: FieldRule, part: ElementFinding, share: Involvement) -> tuple[str, ...]:
    """The credit of one element. Where nobody had a part no person is credited: rules and chance are nobody."""
    if {Origin(origin) for origin in part.origins} - _MACHINES:
        return rule.values.get(share, ())
    return rule.values.get(Involvement.ALL, ()) if share in _PRESENT else ()


_PRESENT = frozenset({Involvement.ALL, Involvement.PARTLY})


def _apply(
    rule: Rule,
    found: tuple[ElementFinding, ...],
    *,
    profile: Profile,
    tools: Sequence[Tool],
    procedural: tuple[str, ...],
) -> Notice | None:
    """The notice of one rule, or None where one of its conditions does not hold."""
    parts = matching(found, rule.elements)
    share = combine(involvement(p.origins, count_procedural=profile.counts_procedural) for p in parts)
    if rule.involvement and share not in rule.involvement:
        return None
    if rule.has_procedural and not procedural:
        return None
    named = [tool for tool in tools if not rule.training or tool.training in rule.training]
    if rule.tool_blocked:
        named = [tool for tool in named if profile.id in tool.blocked_by]
    if (rule.training or rule.tool_blocked) and not named:
        return None
    return Notice(
        outcome=rule.outcome,
        sentence=rule.sentence,
        cure=rule.cure,
        certainty=rule.certainty,
        elements=tuple(part.element for part in parts) if rule.involvement else (),
        tools=tuple(tool.name for tool in named) if rule.training or rule.tool_blocked else (),
    )
