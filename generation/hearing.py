"""What was heard when generated pieces were held against recordings, and in words. Pure; the comparing is elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from generation.audio.likeness import SISTER_FROM, Likeness
from provenance.words import clock, join

#: Levels below a recording at which it is tried whether a piece would be heard in it, softest first.
TRIED_DB: Final = (-12, -6, 0)
#: A piece that is not heard at this level when it is mixed in on purpose is not excluded by not being heard.
HEARD_TO_DB: Final = -6


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Something generated: a take, one of its stems, or an upload that a tool made elsewhere.

    `group` is shared by what came out of one step; `kind` is empty where nobody said what it is for. `tools` is empty
    where they are not known; `mode` is empty for uploads. `elsewhere`: made in another project;
    `part`: a stem.
    """

    sha256: str
    group: str
    title: str
    kind: str
    tools: tuple[str, ...]
    mode: str = ""
    duration_ms: int = 0
    elsewhere: bool = False
    part: bool = False


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A generated piece held against a recording: the master, or something that was put into it."""

    group: str
    title: str
    target: str
    target_title: str
    likeness: Likeness
    fingerprint: float = 0.0
    fingerprint_from: float = 1.0

    @property
    def by_print(self) -> bool:
        return self.fingerprint >= self.fingerprint_from

    @property
    def same(self) -> bool:
        return self.likeness.same_sound or self.by_print

    @property
    def surely_same(self) -> bool:
        """Even where a sister of the piece is heard, which shares its samples."""
        return self.likeness.sound >= SISTER_FROM or self.by_print

    @property
    def strength(self) -> tuple[float, float]:
        return self.likeness.sound, self.fingerprint

    @property
    def turned(self) -> str:
        """What was done to it, as it sounds; empty where nothing was."""
        like = self.likeness
        told = []
        if abs(like.semitones) >= 0.1 and abs(12 * (like.tempo - 1)) < 0.05:
            told.append(f"{abs(like.semitones):g} semitones {'up' if like.semitones > 0 else 'down'}")
        elif abs(like.tempo - 1) >= 0.01:
            told.append(f"{abs(like.tempo - 1) * 100:.1f} % {'faster' if like.tempo > 1 else 'slower'}")
        if like.backwards:
            told.append("backwards")
        return join(told)

    @property
    def words(self) -> str:
        like = self.likeness
        how = f", {self.turned}" if self.turned else ""
        if like.same_sound:
            where = f" from {clock(round(like.from_s * 1000))} on{how}"
            strength = f"{like.sound:.0f}, from {like.bound:g} on it is the same sound"
        else:
            where = ""
            strength = f"fingerprints agree to {self.fingerprint:.2f}, from {self.fingerprint_from:g} on it is the same"
        return f"{self.title} is heard in {self.target_title}{where} ({strength})"

    def to_json(self) -> dict[str, Any]:
        """Both sides, for whoever wants to listen. No floats: it goes into the ledger."""
        like = self.likeness
        return {
            "source": self.group,
            "title": self.title,
            "target": self.target,
            "target_title": self.target_title,
            "score": round(like.sound),
            "from_score": round(like.bound),
            "fingerprint_permille": round(self.fingerprint * 1000),
            "from_ms": round(like.from_s * 1000),
            "begins_ms": round(like.begins_s * 1000),
            "heard_ms": round(like.heard_s * 1000),
            "tempo_permille": round(like.tempo * 1000),
            "cents": round(like.semitones * 100),
            "backwards": like.backwards,
        }


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """All comparisons of one check, and how soft each piece would still have been heard.

    `heard_to_db`: group -> the softest level of `TRIED_DB` at which the piece was heard when it was mixed into this
    very master on purpose; None where it was not heard even as loud as the master. Groups that were not tried lack.
    """

    comparisons: tuple[Heard, ...] = ()
    heard_to_db: Mapping[str, int | None] = field(default_factory=dict)

    def of(self, groups: Iterable[str]) -> list[Heard]:
        wanted = set(groups)
        return [one for one in self.comparisons if one.group in wanted]

    def deaf_to(self, groups: Iterable[str]) -> list[str]:
        """Groups that would not be heard here, so that not hearing them says nothing."""
        return [
            group for group in groups if group in self.heard_to_db and not _suffices(self.heard_to_db[group])
        ]

    def limit_db(self, groups: Iterable[str]) -> int | None:
        """The softest level at which every one of these was heard; None where none was tried."""
        levels = [level for group in groups if (level := self.heard_to_db.get(group)) is not None]
        return max(levels, default=None)


def _suffices(level_db: int | None) -> bool:
    return level_db is not None and level_db <= HEARD_TO_DB


def strongest(heard: Iterable[Heard], most: int = 2) -> list[Heard]:
    return sorted(heard, key=lambda one: one.strength, reverse=True)[:most]
