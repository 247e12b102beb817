"""What a release tells others about training on it: the strictest of its artists' answers and the release's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from artists.models import Artist, TrainingChoice
from artists.services import training
from provenance.words import join
from release.models import Release

Answer = Literal["allowed", "constrained", "notAllowed"]
USES: Final = training.TRAINING_USES
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


#: From the mildest to the strictest.
_STRICTER: Final = ("allowed", "constrained", "notAllowed")


def training_answers(release: Release, *, at: dt.datetime | None = None) -> TrainingAnswers:
    """Read when a package is built. A release that denies training denies all four; else the artists' answers count,
    the strictest for each use where several artists are on it, and where one has not answered, an agreement is needed.

    `at`: as the answers were at a moment.
    """
    choices = [_choice(artist, at) for artist in artists_on(release)]
    own = choices[0]
    entry = bytes(own.entry.leaf_hash).hex() if own else ""
    if release.deny_ai_training:
        return TrainingAnswers(dict.fromkeys(USES, "notAllowed"), entry)
    answers = {use: _strictest(choices, use) for use in USES}
    return TrainingAnswers(answers, entry)


def artists_on(release: Release) -> list[Artist]:
    """The release's artist first, then those of its tracks."""
    tracks = release.tracks.filter(active=True).select_related("recording__artist")
    found = {release.artist_id: release.artist}
    found |= {track.recording.artist_id: track.recording.artist for track in tracks}
    return list(found.values())


def update_due(release: Release) -> str:
    """What has changed about training since the newest package was built, so that receivers have to be told anew;
    empty where nothing has.
    """
    package = (
        release.packages.filter(asset__isnull=False).select_related("entry").order_by("-created_at").first()
    )
    if package is None:
        return ""
    before, now = training_answers(release, at=package.entry.at), training_answers(release)
    if dict(before.answers) == dict(now.answers):
        return ""
    changed = [use.replace("_", " ") for use in USES if before.answers[use] != now.answers[use]]
    deal = (
        f" The deals have to {'deny' if now.denies else 'be silent on'} training from now on."
        if before.denies != now.denies
        else ""
    )
    return (
        f"The answer to others' training ({join(changed)}) is another since the package of "
        f"{package.entry.at:%d %B %Y}: it said {before.words}, and is {now.words}.{deal} Build it again, so that an "
        "update goes out with the message and the files say so."
    )


def _choice(artist: Artist, at: dt.datetime | None) -> TrainingChoice | None:
    rows = TrainingChoice.objects.filter(artist=artist).select_related("entry").order_by("-number")
    return (rows.filter(entry__at__lte=at) if at else rows).first()


def _strictest(choices: Iterable[TrainingChoice | None], use: str) -> Answer:
    found: list[Answer] = [
        "constrained" if choice is None else choice.answers.get(use, "notAllowed") for choice in choices
    ]
    return max(found, key=_STRICTER.index)


def denied_by_default(artist: Artist) -> bool:
    """What a new release starts with: denied, unless its artist allows or negotiates training."""
    choice = training.training_choice(artist)
    return choice is None or any(choice.answers.get(use) == "notAllowed" for use in _TRAINING)
