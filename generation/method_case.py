"""What a method check knows of one master, and how it answers. Pure.

Two witnesses: the lineage (which generated pieces sound in the master, and through which steps) and the sound (which
generated pieces are heard in the master or in what was put into it). A recording that its artist declares to be their
own ends the path: what they played after a piece is theirs. That it is not the piece itself, the sound has to show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from generation.audio.measured import found_in, match_words
from generation.hearing import Heard, Hearing, Piece
from provenance.authorship import AuthorshipMap, EntryBody
from provenance.words import join

#: A piece is transformed where no more than this share of it plays in its own order as it was generated.
WHOLE_SHARE: Final = 0.5
_SAME_PLACE_MS: Final = 50
_IMPORT: Final = "upload.imported"
_NAMED: Final = 4
_MOST_ENTRIES: Final = 40
_MOST_PLACES: Final = 6


class Verdict(StrEnum):
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


class Ground(StrEnum):
    """What a verdict rests on."""

    LINEAGE = "lineage"
    SOUND = "sound"
    STATEMENT = "statement"


#: What each ground means, for readers who have never seen the word.
GROUND_MEANING: Final[Mapping[Ground, str]] = {
    Ground.LINEAGE: "The platform saw every step between the piece and the master.",
    Ground.SOUND: "The recordings themselves were compared; how often that errs is stated.",
    Ground.STATEMENT: "Somebody stated it, and nothing else shows it.",
}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found about a rule. `limits` says how far the sound can be believed here."""

    verdict: Verdict
    because: str
    entries: Sequence[str] = ()
    compared: int = 0
    grounds: tuple[Ground, ...] = (Ground.LINEAGE,)
    limits: str = ""
    heard: Sequence[Heard] = ()
    placed: Sequence[Piece] = ()
    """Pieces that the lineage places in the master."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was found about one rule. `entries` are leaf hashes of the entries that show it."""

    rule: str
    sentence: str
    found: Finding
    places: tuple[Mapping[str, Any], ...] = ()
    """Where in the master the pieces play that the lineage places there."""

    @property
    def verdict(self) -> Verdict:
        return self.found.verdict

    @property
    def because(self) -> str:
        return self.found.because

    def to_json(self) -> dict[str, Any]:
        found = self.found
        return {
            "rule": self.rule,
            "sentence": self.sentence,
            "verdict": found.verdict.value,
            "because": found.because,
            "entries": list(dict.fromkeys(found.entries))[:_MOST_ENTRIES],
            "compared": found.compared,
            "grounds": [ground.value for ground in found.grounds],
            "limits": found.limits,
            "heard": [one.to_json() for one in found.heard],
            "placed": [dict(place) for place in self.places],
        }


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that is known of one master. `left_out`: how many pieces were not compared by sound."""

    found: AuthorshipMap
    bodies: Sequence[EntryBody]
    pieces: Sequence[Piece]
    hearing: Hearing = field(default_factory=Hearing)
    left_out: int = 0
    own: frozenset[str] = field(default_factory=frozenset)
    """Digests of recordings that the artist declared to be their own."""

    @cached_property
    def by_leaf(self) -> Mapping[str, EntryBody]:
        return {body.leaf_hash: body for body in self.bodies}

    @cached_property
    def sounding(self) -> frozenset[str]:
        """The assets whose sound reaches the master. Behind what somebody brought in nothing sounds through."""
        reached, todo = {self.found.target}, [self.found.target]
        while todo:
            sha256 = todo.pop()
            body = self.by_leaf.get(self.found.produced_by.get(sha256, ""))
            if body is None or body.kind == _IMPORT or sha256 not in body.authorship:
                continue
            claims = body.authorship[sha256]
            needs = {source for claim in claims.claims for source in claim.from_assets}
            needs |= {region.asset for region in claims.regions}
            fresh = needs - reached
            reached |= fresh
            todo.extend(fresh)
        return frozenset(reached)

    @cached_property
    def inside(self) -> tuple[Piece, ...]:
        """Pieces whose very bytes the lineage places in the master."""
        return tuple(piece for piece in self.pieces if piece.sha256 in self.sounding)

    @cached_property
    def brought_in(self) -> frozenset[str]:
        """What sounds in the master and came in from outside, so that only the sound tells what it is."""
        generated = {piece.sha256 for piece in self.pieces}
        made = self.found.produced_by
        return frozenset(
            sha256
            for sha256 in self.sounding - generated
            if (body := self.by_leaf.get(made.get(sha256, ""))) is not None and body.kind == _IMPORT
        )

    @property
    def sound_matters(self) -> bool:
        """Whether anything but the sound could tell that a piece is not in the master."""
        return bool(self.brought_in)

    def entries(self, pieces: Iterable[Piece]) -> list[str]:
        made = self.found.produced_by
        return [made[piece.sha256] for piece in pieces if piece.sha256 in made]

    def places(self, pieces: Iterable[Piece]) -> tuple[Mapping[str, Any], ...]:
        """Where in the master pieces play, as the lineage has it; the longest stretches first."""
        wanted = {piece.sha256: piece for piece in pieces}
        regions = [region for region in self.found.regions if region.asset in wanted]
        longest = sorted(regions, key=lambda region: region.from_ms - region.to_ms)[:_MOST_PLACES]
        starts = self._starts
        return tuple(
            {
                "source": wanted[region.asset].group,
                "title": wanted[region.asset].title,
                "from_ms": region.from_ms,
                "to_ms": region.to_ms,
                "source_ms": starts.get((region.asset, region.from_ms, region.to_ms)),
            }
            for region in longest
        )

    @cached_property
    def _starts(self) -> Mapping[tuple[str, int, int], int]:
        """Where in a piece the stretch begins that is placed from one moment to another, as far as it is known."""
        bodies = (self.by_leaf.get(leaf) for leaf in set(self.found.produced_by.values()))
        return {
            (region.asset, region.from_ms, region.to_ms): region.source_ms
            for body in bodies
            for claims in (body.authorship.values() if body else ())
            for region in claims.regions
            if region.source_ms is not None
        }

    def plays_whole(self, piece: Piece) -> bool:
        """Whether most of a piece plays in its own order, in however many clips on however many tracks."""
        for leaf in set(self.found.produced_by.values()):
            body = self.by_leaf.get(leaf)
            for claims in body.authorship.values() if body else ():
                places: dict[int, list[tuple[int, int]]] = {}
                for region in claims.regions:
                    if region.asset == piece.sha256:
                        shift = region.from_ms - (region.source_ms or 0)
                        places.setdefault(round(shift / _SAME_PLACE_MS), []).append(
                            (region.from_ms, region.to_ms)
                        )
                if any(_covered(spans) > piece.duration_ms * WHOLE_SHARE for spans in places.values()):
                    return True
        return False


def _covered(spans: Iterable[tuple[int, int]]) -> int:
    """How much the spans cover together."""
    total, end = 0, 0
    for begin, stop in sorted(spans):
        total += max(0, stop - max(begin, end))
        end = max(end, stop)
    return total


# -- words -------------------------------------------------------------------------------------------------------------


def names(pieces: Iterable[Piece]) -> str:
    return first(join(dict.fromkeys(piece.title for piece in pieces), limit=_NAMED))


def first(words: str) -> str:
    return words[:1].upper() + words[1:]


def are(pieces: Sequence[Piece]) -> str:
    return "are" if _many(pieces) else "is"


def sound(pieces: Sequence[Piece]) -> str:
    return "sound" if _many(pieces) else "sounds"


def _many(pieces: Sequence[Piece]) -> bool:
    return len({piece.title for piece in pieces}) > 1


def told(heard: Iterable[Heard]) -> str:
    return "; ".join(one.words for one in heard)


def alarm(heard: Sequence[Heard], *, sister: bool = False) -> str:
    """How often such a match is a false alarm."""
    one = heard[0]
    return match_words(sister=sister, by_print=one.by_print and not one.likeness.same_sound)


def silence(hearing: Hearing, groups: Iterable[str]) -> str:
    """What it says that nothing was heard: how far down, tried here, and what was measured elsewhere."""
    said = []
    limit = hearing.limit_db(groups)
    if limit is not None:
        level = "as loud as the master" if limit == 0 else f"{-limit} dB below it"
        said.append(f"Mixed into this very master on purpose, each was heard down to {level}.")
    under = found_in("under_20")
    said.append(f"Measured elsewhere, 20 dB below other music {under.between} were found.")
    return " ".join(said)
