"""What happens to agreements and their options. Titles, money, conditions, reasons and names are sealed."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed


@event
class AgreementDrafted(Event):
    """A version of an agreement's terms, with what it is about. Shares are basis points of their scope."""

    kind = "agreement.drafted"
    sentence = "wrote the terms of an agreement about {matter}, version {terms_version}: “{title}”"
    shred = "Title, money and conditions are erased with their vault rows; term, territory and shares stay."

    agreement: str
    artist: str
    terms_version: int
    matter: str
    starts: str
    ends: str
    territory: str
    shares: tuple[Mapping[str, object], ...]
    due: tuple[Mapping[str, str], ...]
    document: str
    title: str = sealed()
    advance: str = sealed(default="")
    money: str = sealed(default="")
    conditions: str = sealed(default="")


@event
class AgreementMoved(Event):
    kind = "agreement.moved"
    sentence = "moved an agreement from {before} to {after}: “{reason}”"
    shred = "The words are erased with their vault row; who wrote, when and about what stays."

    agreement: str
    artist: str
    before: str
    after: str
    reason: str = sealed(default="")


@event
class AgreementSigned(Event):
    kind = "agreement.signed"
    sentence = "signed an agreement, version {terms_version}, for the {side}"
    shred = "The name that was signed with is erased with its vault row."

    agreement: str
    artist: str
    terms_version: int
    side: str
    how: str
    name: str = sealed()


@event
class AdvancePaid(Event):
    """Somebody of the label states that the advance was paid; noted anew, the later entry counts."""

    kind = "agreement.advance_paid"
    sentence = "noted that the advance of an agreement was paid on {paid_on}: “{amount}”"
    shred = "The amount is erased with its vault row; the day and who noted it stay."

    agreement: str
    artist: str
    paid_on: str
    amount: str = sealed(default="")


@event
class OptionSetFirst(Event):
    """As options were written before notice could be asked for."""

    kind = "agreement.option_set"
    sentence = "wrote option {number} of an agreement, to be taken by {by}: “{words}”"
    shred = "What the option is about is erased with its vault row; its day stays."

    agreement: str
    option: str
    terms_version: int
    number: int
    by: str
    words: str = sealed()


@event
class OptionSet(Event):
    """An option of a version of the terms; it stands only while that version does. `notice_days`: so long before
    its day the other side must have been told."""

    kind = "agreement.option_set"
    version = 2
    sentence = "wrote option {number} of an agreement, to be taken by {by}: “{words}”"
    shred = "What the option is about is erased with its vault row; its day stays."

    agreement: str
    option: str
    terms_version: int
    number: int
    by: str
    notice_days: int
    words: str = sealed()


@event
class OptionAnswered(Event):
    kind = "agreement.option_answered"
    sentence = "option {number} of an agreement: {outcome}, “{reason}”"
    shred = "The reason is erased with its vault row; who decided what stays."

    agreement: str
    option: str
    number: int
    outcome: str
    reason: str = sealed(default="")
