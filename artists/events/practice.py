"""What happens to methods, consents and answers to others' training. Words are sealed; what machines read is public."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed


@event
class MethodWritten(Event):
    """A version of an artist's method. The words are the artist's; the rules are what masters are held against."""

    kind = "method.written"
    sentence = "wrote version {number} of the method of {artist_name}: “{statement}”"
    shred = "The words are erased with the vault rows; the rules and their versions stay."

    method: str
    artist_name: str
    number: int
    rules: Mapping[str, object]
    statement: str = sealed()
    reason: str = sealed(default="")


@event
class ConsentProposedFirst(Event):
    kind = "consent.proposed"
    sentence = "asked for a consent: {kind_words}, from {starts_on} to {ends_on}"
    shred = "The giver's name, the words and the fee are erased with their vault rows; the machine-readable terms stay."

    consent: str
    consent_kind: str
    kind_words: str
    giver_user: str
    engines: tuple[str, ...]
    projects: tuple[str, ...]
    territories: tuple[str, ...]
    starts_on: str
    ends_on: str
    after: str
    sell_off_days: int
    giver: str = sealed()
    words: str = sealed()
    fee: str = sealed(default="")


@event
class ConsentProposed(Event):
    """`whose`: the artist's own catalogue, or somebody else's; `captions`: words may go along to training."""

    kind = "consent.proposed"
    version = 2
    sentence = "asked for a consent: {kind_words}, from {starts_on} to {ends_on}"
    shred = "The giver's name, the words and the fee are erased with their vault rows; the machine-readable terms stay."

    consent: str
    consent_kind: str
    kind_words: str
    giver_user: str
    engines: tuple[str, ...]
    projects: tuple[str, ...]
    territories: tuple[str, ...]
    starts_on: str
    ends_on: str
    after: str
    sell_off_days: int
    whose: str
    captions: bool
    giver: str = sealed()
    words: str = sealed()
    fee: str = sealed(default="")


@event
class ConsentGiven(Event):
    kind = "consent.given"
    sentence = "gave a consent: {kind_words} ({how})"

    consent: str
    consent_kind: str
    kind_words: str
    terms_leaf: str
    how: str


@event
class ConsentDeclined(Event):
    kind = "consent.declined"
    sentence = "declined a consent: {kind_words}: “{reason}”"
    shred = "The reason is erased with its vault row."

    consent: str
    kind_words: str
    reason: str = sealed(default="")


@event
class ConsentRevoked(Event):
    kind = "consent.revoked"
    sentence = "revoked a consent: {kind_words}, from {revoked_on}: “{reason}”"
    shred = "The reason is erased with its vault row; that the consent ended, and when, stays."

    consent: str
    kind_words: str
    revoked_on: str
    reason: str = sealed(default="")


@event
class ConsentUsed(Event):
    kind = "consent.used"
    sentence = "used a consent: {kind_words}"

    consent: str
    kind_words: str
    used_by: str


@event
class TrainingChosen(Event):
    kind = "training.chosen"
    sentence = "answered to others' training for {artist_name}: {said}"

    artist_name: str
    number: int
    answers: Mapping[str, str]
    said: str
