"""What terms allow: read from a version of them, with what rights answered about its open questions.

One computation for the timeline, the gates of a release and each receiver. Unknown is a question, never a permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from generation.models import TermsRuling, ToolTerms
from provenance.words import join

YES, NO, UNKNOWN = ToolTerms.Answer.YES, ToolTerms.Answer.NO, ToolTerms.Answer.UNKNOWN
Question = TermsRuling.Question


class Verdict(StrEnum):
    """What may happen with something, the mildest first."""

    MAY = "may"
    CREDIT = "with_credit"
    ASKS = "asks"
    MAY_NOT = "may_not"

    @property
    def weight(self) -> int:
        return list(Verdict).index(self)

    @property
    def words(self) -> str:
        return {
            "may": "may go",
            "with_credit": "may go with a credit",
            "asks": "open question",
            "may_not": "may not go",
        }[self.value]


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What one version of terms, or one licence, says about selling. `questions` are what rights can answer."""

    verdict: Verdict
    sentence: str = ""
    credit: str = ""
    questions: tuple[str, ...] = ()


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    return max(verdicts, key=lambda one: one.weight, default=Verdict.MAY)


def answers_to(terms: ToolTerms) -> dict[str, str]:
    """Question -> yes, no or unknown: as the terms say, else as rights answered. A cap asks until somebody answers."""
    ruled = {row.question: row.answer for row in sorted(terms.rulings.all(), key=lambda row: row.entry_id)}
    found: dict[str, str] = {}
    for question, stated in (
        (Question.COMMERCIAL, terms.commercial),
        (Question.STORE_RELEASE, terms.store_release),
        (Question.REVENUE_CAP, UNKNOWN if terms.revenue_cap_usd else YES),
        (Question.TRAINING, _TRAINED.get(terms.training_licence, UNKNOWN)),
        (Question.OUTPUTS, terms.training_on_outputs if terms.trained_model else YES),
    ):
        found[question] = ruled.get(question, stated) if stated == UNKNOWN else stated
    return found


_TRAINED: Final = {"licensed": YES, "none": YES, "unlicensed": NO}


def training_of(terms: ToolTerms) -> str:
    """licensed, unlicensed, none or unknown, with what rights answered."""
    if terms.training_licence != "unknown":
        return terms.training_licence
    answer = answers_to(terms)[Question.TRAINING]
    return "licensed" if answer == YES else "unlicensed" if answer == NO else "unknown"


def open_questions(terms: ToolTerms) -> tuple[str, ...]:
    """What this version leaves open and nobody has answered, of what decides about selling."""
    return tuple(
        question
        for question, answer in answers_to(terms).items()
        if answer == UNKNOWN and question not in (Question.TRAINING, Question.OUTPUTS)
    )


def answerable(terms: ToolTerms) -> tuple[str, ...]:
    """The questions that rights may answer: those that the terms themselves leave open."""
    found = [Question.COMMERCIAL] if terms.commercial == UNKNOWN else []
    found += [Question.STORE_RELEASE] if terms.store_release == UNKNOWN else []
    found += [Question.REVENUE_CAP] if terms.revenue_cap_usd else []
    found += [Question.TRAINING] if terms.training_licence == "unknown" else []
    found += [Question.OUTPUTS] if terms.trained_model and terms.training_on_outputs == UNKNOWN else []
    return tuple(found)


_ASKED: Final = {Question.COMMERCIAL: "commercial use", Question.STORE_RELEASE: "release in stores"}


def allowance_of(terms: ToolTerms) -> Allowance:
    """Whether something that was made under these terms may be sold, in one sentence that names them."""
    answers, name = answers_to(terms), f"the terms of {terms.tool.name} ({terms.licence})"
    refused = [words for question, words in _ASKED.items() if answers[question] == NO]
    if refused:
        return Allowance(verdict=Verdict.MAY_NOT, sentence=f"{name} forbid {join(refused)}.")
    if terms.downloads == NO:
        return Allowance(
            verdict=Verdict.MAY_NOT,
            sentence=f"{name} let no output out of the tool.",
        )
    cap = terms.revenue_cap_usd
    if cap and answers[Question.REVENUE_CAP] == NO:
        return Allowance(
            verdict=Verdict.MAY_NOT,
            sentence=f"{name} hold below {cap_words(cap)}, and the label is above it.",
        )
    questions = open_questions(terms)
    silent = [words for question, words in _ASKED.items() if answers[question] == UNKNOWN]
    said = [f"{name} do not say whether they allow {join(silent)}."] if silent else []
    if Question.REVENUE_CAP in questions:
        said.append(
            f"{name if not silent else 'They'} hold below {cap_words(cap or 0)}, and nobody said whether the label is "
            "below it."
        )
    if said:
        return Allowance(verdict=Verdict.ASKS, sentence=" ".join(said), questions=questions)
    if terms.attribution:
        return Allowance(
            verdict=Verdict.CREDIT, sentence=f"{name} ask for a credit.", credit=terms.attribution
        )
    return Allowance(verdict=Verdict.MAY)


def cap_words(cap_usd: int) -> str:
    return f"USD {cap_usd:,} of yearly revenue"
