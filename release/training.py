"""What a release tells others about training on it: the stricter of the artist's answers and the release's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from artists.models import Artist
from artists.services import consents
from release.models import Release

Answer = Literal["allowed", "constrained", "notAllowed"]
USES: Final = consents.TRAINING_USES
_TRAINING: Final = ("ai_training", "ai_generative_training")


@dataclass(frozen=True)
class TrainingAnswers:
    """The four answers of cawg.training-mining, and the entry of the artist's choice (a leaf hash, empty for none)."""

    answers: Mapping[str, Answer]
    entry: str

    @property
    def denies(self) -> bool:
        """Whether a deal has to block: for training one answer of "not allowed" is enough."""
        return any(self.answers[use] == "notAllowed" for use in _TRAINING)

    @property
    def words(self) -> str:
        if set(self.answers.values()) == {"notAllowed"}:
            return "denied"
        if set(self.answers.values()) == {"constrained"}:
            return "not licensed"
        said = {"allowed": "allowed", "constrained": "by agreement", "notAllowed": "not allowed"}
        return "; ".join(f"{use.replace('_', ' ')}: {said[answer]}" for use, answer in self.answers.items())


def training_answers(release: Release) -> TrainingAnswers:
    """Read when a package is built. A release that denies training denies all four; else the artist's answers count,
    and where there are none, every use needs an agreement.
    """
    choice = consents.training_choice(release.artist)
    entry = bytes(choice.entry.leaf_hash).hex() if choice else ""
    if release.deny_ai_training:
        return TrainingAnswers(dict.fromkeys(USES, "notAllowed"), entry)
    if choice is None:
        return TrainingAnswers(dict.fromkeys(USES, "constrained"), "")
    return TrainingAnswers({use: choice.answers.get(use, "notAllowed") for use in USES}, entry)


def denied_by_default(artist: Artist) -> bool:
    """What a new release starts with: denied, unless its artist allows or negotiates training."""
    choice = consents.training_choice(artist)
    return choice is None or any(choice.answers.get(use) == "notAllowed" for use in _TRAINING)
