"""What generation writes to the ledger. A kind is never edited once shipped: a change is a new version.

Private words (prompt, purpose, mood, reasons, file names, licences) are sealed; numbers and digests are public.
"""

from __future__ import annotations

from collections.abc import Mapping

from generation.run_events import (
    ReplayRequested,
    RunAsked,
    RunEnded,
    SweepRequested,
    TakeFailed,
    TakeReplayed,
)
from provenance.events import Event, event, sealed

__all__ = ["ReplayRequested", "RunAsked", "RunEnded", "SweepRequested", "TakeFailed", "TakeReplayed"]

_ERASE = "Delete the vault rows of the entry: the commitment alone says nothing about the words."


# -- projects ----------------------------------------------------------------------------------------------------------
@event
class ProjectCreated(Event):
    kind = "project.created"
    sentence = "created the project {title}"

    title: str
    artist: str


@event
class MemberAdded(Event):
    kind = "project.member_added"
    sentence = "let a collaborator in, {access}"

    user: str
    access: str


@event
class MemberRemoved(Event):
    kind = "project.member_removed"
    sentence = "ended a collaboration"

    user: str


@event
class BriefSaved(Event):
    kind = "brief.saved"
    shred = _ERASE
    sentence = "saved brief {number}: {genre} {key} {metre}, “{prompt}”"

    number: int
    genre: str
    tempo_milli_bpm: int | None
    key: str
    metre: str
    instruments: tuple[str, ...]
    structure: tuple[str, ...]
    energy_percent: tuple[int, ...]
    purpose: str = sealed(default="")
    mood: str = sealed(default="")
    avoid: tuple[str, ...] = sealed(default=())
    prompt: str = sealed(default="")


# -- runs and takes ----------------------------------------------------------------------------------------------------
@event
class RunRequested(Event):
    """Written when asked, so that the prompt survives whatever happens to the engine."""

    kind = "run.requested"
    shred = _ERASE
    sentence = "asked {engine} for {variations} variations (prompt run {number}): “{prompt}”"

    number: int
    engine: str
    engine_version: str
    mode: str
    variations: int
    seeds: tuple[int, ...]
    duration_ms: int
    parameters: Mapping[str, str | int | bool]
    tool: str
    terms_version: int
    licence: str
    style_warnings: int
    warnings_acknowledged: bool
    brief: str = ""
    prompt: str = sealed()
    warnings: tuple[str, ...] = sealed(default=())


@event
class TakeGenerated(Event):
    kind = "take.generated"
    sentence = "{engine} made take {number} of prompt run {run_number}"

    run_number: int
    number: int
    seed: int
    engine: str
    duration_ms: int
    stems: tuple[str, ...]
    facts: Mapping[str, str | int]


@event
class RunFinished(Event):
    kind = "run.finished"
    sentence = "prompt run {number} is finished: {takes} of {variations} takes"

    number: int
    takes: int
    variations: int


@event
class TakeShortlisted(Event):
    kind = "take.shortlisted"
    shred = _ERASE
    sentence = "kept take {number} of prompt run {run_number}: “{reason}”"

    run_number: int
    number: int
    blind: bool
    heard_percent: int
    reason: str = sealed(default="")


@event
class TakeRejected(Event):
    kind = "take.rejected"
    shred = _ERASE
    sentence = "let take {number} of prompt run {run_number} go: “{reason}”"

    run_number: int
    number: int
    blind: bool
    heard_percent: int
    reason: str = sealed(default="")


@event
class TakeReset(Event):
    kind = "take.reset"
    sentence = "took back the decision on take {number} of prompt run {run_number}"

    run_number: int
    number: int
    was: str


@event
class TakeHeard(Event):
    kind = "take.heard"
    sentence = "heard {heard_percent} % of take {number} of prompt run {run_number}"

    run_number: int
    number: int
    spans_ms: tuple[tuple[int, int], ...]
    heard_ms: int
    heard_percent: int
    blind: bool


# -- uploads -----------------------------------------------------------------------------------------------------------
@event
class UploadImportedFirst(Event):
    """The intake is observed; what is declared about the sound carries its own, weaker basis in the claims."""

    kind = "upload.imported"
    shred = _ERASE
    sentence = "uploaded {name}, stating: {declared_words}"

    role: str
    declared: str
    declared_words: str
    elements: tuple[str, ...]
    media_type: str
    duration_ms: int
    size_bytes: int
    may_be_sold: bool
    tool: str = ""
    terms_version: int | None = None
    credential: Mapping[str, str | int | bool | tuple[str, ...]] | None = None
    already_known_as: str = ""
    name: str = sealed()
    filename: str = sealed(default="")
    licence: str = sealed(default="")
    prompt: str = sealed(default="")


@event
class UploadImported(Event):
    """The intake is observed; what is declared about the sound carries its own, weaker basis in the claims.

    `captured`: recorded in the browser, so that the claims are observed. `terms_words` says whether the terms of a tool
    are known. Receipt and terms snapshot are inputs by digest; their names are sealed.
    """

    kind = "upload.imported"
    version = 2
    shred = _ERASE
    sentence = "brought in {name}, stating: {declared_words}{terms_words}"

    role: str
    declared: str
    declared_words: str
    content: str
    captured: bool
    elements: tuple[str, ...]
    media_type: str
    duration_ms: int
    size_bytes: int
    may_be_sold: bool
    may_be_input: bool
    tool: str = ""
    tool_name: str = ""
    terms_version: int | None = None
    terms_words: str = ""
    plan: str = ""
    made_on: str = ""
    terms_snapshot: str = ""
    receipt: str = ""
    credential: Mapping[str, str | int | bool | tuple[str, ...]] | None = None
    already_known_as: str = ""
    name: str = sealed()
    filename: str = sealed(default="")
    licence: str = sealed(default="")
    credit: str = sealed(default="")
    prompt: str = sealed(default="")


@event
class UploadTermsStated(Event):
    """Said after the import. What was stated before stays in its own entry."""

    kind = "upload.terms_stated"
    shred = _ERASE
    sentence = "stated under which terms {name} came: {tool}, terms {terms_version}"

    tool: str
    terms_version: int
    tool_before: str
    terms_version_before: int | None
    plan: str
    made_on: str
    terms_snapshot: str
    receipt: str
    name: str = sealed()


@event
class UploadPrepared(Event):
    kind = "upload.prepared"
    sentence = "made a copy of an upload that browsers can play ({media_type})"

    media_type: str
    duration_ms: int


# -- arrangements ------------------------------------------------------------------------------------------------------
@event
class ArrangementCreated(Event):
    kind = "arrangement.created"
    sentence = "started the arrangement {title} with {tracks} tracks"

    title: str
    digest: str
    tracks: int
    clips: int
    takes: tuple[str, ...]


@event
class ArrangementSaved(Event):
    kind = "arrangement.saved"
    shred = _ERASE
    sentence = "saved version {number} of the arrangement: {summary}"

    number: int
    parent: int
    branch: bool
    digest: str
    name: str
    summary: str
    edit_counts: Mapping[str, int]
    edits: tuple[Mapping[str, str | int | bool | None], ...]
    edits_left_out: int
    note: str = sealed(default="")


@event
class VersionNamed(Event):
    kind = "arrangement.named"
    sentence = "named version {number} “{name}”"

    number: int
    name: str


@event
class RenderRequested(Event):
    kind = "render.requested"
    sentence = "asked for the render of version {number}"

    number: int
    digest: str


@event
class RenderFinished(Event):
    kind = "render.finished"
    sentence = "rendered version {number}"

    number: int
    digest: str
    duration_ms: int
    sample_rate_hz: int
    arranged_by_hand: bool
    mixed_by_hand: bool


# -- masters -----------------------------------------------------------------------------------------------------------
@event
class MasterRequested(Event):
    kind = "master.requested"
    sentence = "asked for master {number}"

    number: int
    target_lufs_milli: int
    ceiling_millibel: int


@event
class MasterFinished(Event):
    kind = "master.finished"
    sentence = "made master {number}"

    number: int
    report: Mapping[str, str | int | None]


# -- methods -----------------------------------------------------------------------------------------------------------
@event
class MaterialMarked(Event):
    kind = "material.marked"
    sentence = "said what {title} is: {material_words}"

    title: str
    material: str
    material_words: str
    before: str


@event
class MethodCheckRequested(Event):
    kind = "method.check_requested"
    sentence = "asked whether master {number} keeps version {method_number} of the method"

    number: int
    method: str
    method_number: int


@event
class MethodChecked(Event):
    """Rule by rule: `outcomes` hold rule, sentence, verdict, because, entries and the number of comparisons."""

    kind = "method.checked"
    sentence = (
        "held master {number} against version {method_number} of the method: {confirmed} confirmed, "
        "{refuted} refuted, {undecided} undecided"
    )

    number: int
    method: str
    method_number: int
    confirmed: int
    refuted: int
    undecided: int
    comparisons: int
    thresholds: Mapping[str, int]
    outcomes: tuple[Mapping[str, object], ...]


# -- catalogue ---------------------------------------------------------------------------------------------------------
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
class ToolTermsRecorded(Event):
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
