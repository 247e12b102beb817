"""What the label sets for its inbox, and how submissions are cleared. Words that go to people are sealed."""

from __future__ import annotations

from provenance.events import Event, event, sealed

_TEMPLATE = "The words are erased with their vault row; a built-in answer then reads as it was delivered."


@event
class AnswerTemplateSet(Event):
    """`state`: in use, retired, or as delivered. Without words of its own it reads as it was delivered."""

    kind = "answer_template.set"
    sentence = "wrote version {number} of the answer {title}, {state}: “{subject}”"
    shred = _TEMPLATE

    template: str
    key: str
    title: str
    outcome: str
    language: str
    number: int
    state: str
    subject: str = sealed(default="")
    body: str = sealed(default="")


@event
class QuestionSet(Event):
    kind = "question.set"
    sentence = "set the question {title} of the upload form: {state}"

    question: str
    title: str
    hint: str
    required: bool
    state: str


@event
class InboxRulesSet(Event):
    kind = "inbox_rules.set"
    sentence = (
        "set the rules of the inbox: an answer within {promise_days} days, "
        "declined submissions are kept for {keep_declined_days} days (0: until asked)"
    )

    label_name: str
    promise_days: int
    keep_declined_days: int


@event
class SubmissionErasureAsked(Event):
    """By whoever holds the address of the sender's own page."""

    kind = "submission.erasure_asked"
    sentence = "asked that submission {number} is erased"

    submission: str
    number: int


@event
class SubmissionCleared(Event):
    """`why`: asked (everything that people wrote goes) or time (sound, contact and letters go)."""

    kind = "submission.cleared"
    sentence = "cleared submission {number}, {why}: {values} private values and the sound of {files} files"

    submission: str
    number: int
    why: str
    values: int
    files: int
