"""The tool catalogue: terms, answers to what they leave open, licences of weights."""

from __future__ import annotations

from provenance.events import Event, event, sealed

_ERASE = "Delete the vault rows of the entry: the commitment alone says nothing about the words."


@event
class ToolAdded(Event):
    kind = "tool.added"
    sentence = "added {name} by {provider} to the tool catalogue"

    key: str
    name: str
    provider: str
    is_fictional: bool


@event
class ToolTermsRecordedFirst(Event):
    kind = "tool.terms_recorded"
    sentence = (
        "recorded terms {terms_version} of {tool}: {licence}, sale: {commercial} ({source}, {source_date})"
    )

    tool: str
    terms_version: int
    plan: str
    licence: str
    commercial: str
    store_release: str
    attribution: str
    output_owner: str
    training_licence: str
    marks: str
    blocked_by: tuple[str, ...]
    trained_model: bool
    source: str
    source_date: str
    certainty: str


@event
class ToolTermsRecordedSecond(Event):
    """A dated reading of a tool's terms. `terms_snapshot` is the digest of the text as it stood, empty without one."""

    kind = "tool.terms_recorded"
    version = 2
    sentence = (
        "recorded terms {terms_version} of {tool}: {licence}, sale: {commercial} ({source}, {source_date})"
    )

    tool: str
    terms_version: int
    model: str
    model_version: str
    plan: str
    licence: str
    terms_url: str
    terms_snapshot: str
    output_owner: str
    commercial: str
    store_release: str
    revenue_cap_usd: int | None
    downloads: str
    retroactive: str
    attribution: str
    input_licence: str
    marks: str
    training_licence: str
    voice_rule: str
    blocked_by: tuple[str, ...]
    trained_model: bool
    notes: str
    source: str
    source_date: str
    certainty: str


@event
class ToolTermsRecorded(Event):
    """A dated reading of a tool's terms. `terms_snapshot` is the digest of the text as it stood, empty without one."""

    kind = "tool.terms_recorded"
    version = 3
    sentence = (
        "recorded terms {terms_version} of {tool}: {licence}, sale: {commercial} ({source}, {source_date})"
    )

    tool: str
    terms_version: int
    model: str
    model_version: str
    plan: str
    licence: str
    terms_url: str
    terms_snapshot: str
    output_owner: str
    commercial: str
    store_release: str
    revenue_cap_usd: int | None
    downloads: str
    retroactive: str
    attribution: str
    input_licence: str
    marks: str
    training_licence: str
    training_on_outputs: str
    voice_rule: str
    blocked_by: tuple[str, ...]
    trained_model: bool
    notes: str
    source: str
    source_date: str
    certainty: str


@event
class TermsQuestionAnswered(Event):
    """Rights answer what a version of terms leaves open; the version stays as it was read."""

    kind = "tool.question_answered"
    shred = _ERASE
    sentence = "answered what terms {terms_version} of {tool} leave open, {question}: {answer} ({source})"

    tool: str
    terms_version: int
    question: str
    answer: str
    source: str
    reason: str = sealed()


@event
class LicenceAccepted(Event):
    """Before weights are used first, a person accepts the licence that the named terms state."""

    kind = "licence.accepted"
    sentence = "accepted the licence of {tool}, terms {terms_version}: {licence}"

    tool: str
    terms_version: int
    licence: str
    terms_url: str
    terms_snapshot: str


@event
class LicenceWithdrawn(Event):
    kind = "licence.withdrawn"
    shred = _ERASE
    sentence = "withdrew the acceptance of {tool}'s licence (terms {terms_version}): “{reason}”"

    tool: str
    terms_version: int
    licence: str
    reason: str = sealed(default="")
