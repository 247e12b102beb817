"""What happens to submissions, from the link to the answer. Names, contact data and everybody's words are sealed."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed

_SENDER = "What the sender wrote, name and address included, is erased with the vault rows of the submission."
_STAFF = "The words are erased with their vault row; who wrote, when and about what stays."


@event
class UploadLinkMade(Event):
    kind = "upload_link.made"
    sentence = "made an upload link for {max_submissions} submissions: “{name}”"
    shred = "The link's name is erased with its vault row."

    link: str
    expires_at: str
    max_submissions: int
    max_bytes: int
    promise_days: int
    name: str = sealed()


@event
class UploadLinkRevoked(Event):
    kind = "upload_link.revoked"
    sentence = "revoked an upload link"

    link: str


@event
class SubmissionSentFirst(Event):
    """From outside: what the sender says is declared. `ai`: element -> yes, partly or no."""

    kind = "submission.sent"
    sentence = "submission {number} came in with {files} files"
    shred = _SENDER

    submission: str
    number: int
    link: str
    files: int
    ai: Mapping[str, str]
    rights: str
    promised_by: str
    artist_name: str = sealed()
    contact_name: str = sealed(default="")
    contact_email: str = sealed()
    title: str = sealed(default="")
    message: str = sealed(default="")
    playlist: str = sealed(default="")
    tools: str = sealed(default="")
    rights_note: str = sealed(default="")
    filenames: tuple[str, ...] = sealed(default=())


@event
class SubmissionSent(Event):
    """`answers`: to the label's own questions, as they were asked.

    `keep_days`: how long, the page said, a declined one is kept; 0: until asked.
    """

    kind = "submission.sent"
    version = 2
    sentence = "submission {number} came in with {files} files"
    shred = _SENDER

    submission: str
    number: int
    link: str
    files: int
    ai: Mapping[str, str]
    rights: str
    promised_by: str
    keep_days: int
    artist_name: str = sealed()
    contact_name: str = sealed(default="")
    contact_email: str = sealed()
    title: str = sealed(default="")
    message: str = sealed(default="")
    playlist: str = sealed(default="")
    tools: str = sealed(default="")
    rights_note: str = sealed(default="")
    answers: tuple[Mapping[str, str], ...] = sealed(default=())
    filenames: tuple[str, ...] = sealed(default=())


@event
class SubmissionChecked(Event):
    """What the machines found in one file. `report` holds whole numbers with their units in the name."""

    kind = "submission.checked"
    sentence = "looked at file {position} of submission {number}: {verdict}"

    submission: str
    number: int
    position: int
    verdict: str
    scan: str
    report: Mapping[str, object]
    matches: tuple[Mapping[str, object], ...]
    credential: Mapping[str, object] | None
    duplicate_of: int | None


@event
class SubmissionHeard(Event):
    kind = "submission.heard"
    sentence = "listened to {heard_ms} ms of submission {number}"

    submission: str
    number: int
    file: str
    spans_ms: tuple[tuple[int, int], ...]
    heard_ms: int
    blind: bool


@event
class SubmissionUnblinded(Event):
    kind = "submission.unblinded"
    sentence = "looked at the name of submission {number} before scoring it"

    submission: str
    number: int


@event
class SubmissionScored(Event):
    kind = "submission.scored"
    sentence = "scored submission {number}: {words}"

    submission: str
    number: int
    scores: Mapping[str, int]
    words: str
    blind: bool


@event
class SubmissionNoted(Event):
    kind = "submission.noted"
    sentence = "noted on submission {number}: “{text}”"
    shred = _STAFF

    submission: str
    number: int
    file: str
    from_ms: int | None
    to_ms: int | None
    text: str = sealed()


@event
class SubmissionVoted(Event):
    kind = "submission.voted"
    sentence = "voted {vote} on submission {number}: “{reason}”"
    shred = _STAFF

    submission: str
    number: int
    vote: str
    reason: str = sealed(default="")


@event
class SubmissionSnoozed(Event):
    kind = "submission.snoozed"
    sentence = "put submission {number} aside until {until}"

    submission: str
    number: int
    until: str


@event
class SubmissionDecided(Event):
    kind = "submission.decided"
    sentence = "moved submission {number} from {before} to {after}: “{reason}”"
    shred = _STAFF

    submission: str
    number: int
    before: str
    after: str
    artist: str | None
    reason: str = sealed(default="")


@event
class SubmissionAnswered(Event):
    """What the sender is told, exactly as it was shown before sending."""

    kind = "submission.answered"
    sentence = "answered submission {number} by {template}: “{subject}”"
    shred = _SENDER

    submission: str
    number: int
    template: str
    subject: str = sealed()
    body: str = sealed()


@event
class SubmissionAnswerLeft(Event):
    kind = "submission.answer_left"
    sentence = "the answer to submission {number}: {outcome}"

    submission: str
    number: int
    outcome: str


@event
class CriterionSet(Event):
    kind = "criterion.set"
    sentence = "set the label's criterion {title}: {state}"

    criterion: str
    title: str
    hint: str
    state: str
