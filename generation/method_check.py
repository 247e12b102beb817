"""Is a master made as its artist's method says? Each rule confirmed, refuted or undecided, with what shows it. Pure.

Two witnesses: the lineage (which generated pieces sound in the master, and through which steps) and the sound (which
generated pieces are heard in the master or in what was put into it). A recording that its artist declares to be their
own ends the path: what they played after a piece is theirs. That it is not the piece itself, the sound has to show.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from artists.method_rules import Rules, each, material_label
from generation.audio.likeness import CHROMA_FROM, ONSET_FROM, SISTER_FROM, SOUND_FROM, Likeness
from provenance.authorship import AuthorshipMap, EntryBody
from provenance.elements import Basis, Origin, element_label
from provenance.words import join

#: A piece is transformed where no stretch longer than this share of it plays as it was generated.
WHOLE_SHARE: Final = 0.5
_IMPORT: Final = "upload.imported"
_NAMED: Final = 4


class Verdict(StrEnum):
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Something generated: a take, one of its stems, or an upload that a tool made elsewhere.

    `group` is shared by what came out of one step; `kind` is empty where nobody said what it is for. `tool` is empty
    where it is not known; `mode` is empty for uploads.
    """

    sha256: str
    group: str
    title: str
    kind: str
    tools: tuple[str, ...]
    mode: str = ""
    duration_ms: int = 0


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
    def same(self) -> bool:
        return self.likeness.same_sound or self.fingerprint >= self.fingerprint_from

    @property
    def surely_same(self) -> bool:
        """Even where a sister of the piece is heard, which shares its samples."""
        return self.likeness.sound >= SISTER_FROM or self.fingerprint >= self.fingerprint_from

    @property
    def words(self) -> str:
        minutes, seconds = divmod(round(self.likeness.from_s), 60)
        strength = f"{self.likeness.sound:.0f}, from {SOUND_FROM:g} on it is the same sound"
        return f"{self.title} is heard in {self.target_title} from {minutes}:{seconds:02d} on ({strength})"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was found about one rule. `entries` are leaf hashes of the entries that show it."""

    rule: str
    sentence: str
    verdict: Verdict
    because: str
    entries: tuple[str, ...] = ()
    compared: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "sentence": self.sentence,
            "verdict": self.verdict.value,
            "because": self.because,
            "entries": list(self.entries),
            "compared": self.compared,
        }


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that is known of one master. `left_out`: how many pieces were not compared by sound."""

    found: AuthorshipMap
    bodies: Sequence[EntryBody]
    pieces: Sequence[Piece]
    heard: Sequence[Heard] = ()
    left_out: int = 0
    own: frozenset[str] = field(default_factory=frozenset)
    """Digests of recordings that the artist declared to be their own."""


def check(rules: Rules, case: Case) -> tuple[Outcome, ...]:
    """Every rule that binds, in the method's order; what is allowed freely needs no proof."""
    judge = _Judge(rules, case)
    return tuple(
        judge.outcome(rule.key, rule.sentence) for rule in each(rules) if not judge.is_free(rule.key)
    )


class _Judge:
    def __init__(self, rules: Rules, case: Case) -> None:
        self.rules, self.case = rules, case
        self.bodies = {body.leaf_hash: body for body in case.bodies}
        self.sounding = sounding(case.found, self.bodies)
        self.inside = [piece for piece in case.pieces if piece.sha256 in self.sounding]

    def is_free(self, key: str) -> bool:
        kind = key.partition(":")[2]
        return key.startswith("material:") and self.rules.material[kind] == "freely"

    def outcome(self, key: str, sentence: str) -> Outcome:
        what, _, name = key.partition(":")
        if what == "material":
            found = self._material(name, self.rules.material[name])
        elif what == "engines":
            found = self._tools("engines", self.rules.engines)
        elif what == "modes":
            found = self._tools("modes", self.rules.modes)
        else:
            found = self._human(name)
        verdict, because, entries, compared = found
        return Outcome(
            rule=key, sentence=sentence, verdict=verdict, because=because,
            entries=tuple(dict.fromkeys(entries))[:40], compared=compared,
        )  # fmt: skip

    # -- material ------------------------------------------------------------------------------------------------------

    def _material(self, kind: str, use: str) -> tuple[Verdict, str, list[str], int]:
        label = material_label(kind)
        there = [piece for piece in self.inside if piece.kind == kind]
        entries = self._entries(there)
        if use == "never" and there:
            return (
                Verdict.REFUTED,
                f"{_names(there)} {_is(there)} {label}, and {_sounds(there)} in the master.",
                entries,
                0,
            )
        if use == "transformed" and (whole := [piece for piece in there if not self._is_cut(piece)]):
            return (
                Verdict.REFUTED,
                (
                    f"{_names(whole)} {_is(whole)} {label}, and {_sounds(whole)} as it was generated, neither cut up "
                    "nor processed."
                ),
                self._entries(whole),
                0,
            )
        if unmarked := [piece for piece in self.inside if not piece.kind]:
            return (
                Verdict.UNDECIDED,
                f"Nobody said what {_names(unmarked)} {_is(unmarked)}. Mark it with its kind of material.",
                self._entries(unmarked),
                0,
            )
        return self._by_sound(kind, use, there, entries)

    def _by_sound(
        self, kind: str, use: str, there: Sequence[Piece], entries: list[str]
    ) -> tuple[Verdict, str, list[str], int]:
        label = material_label(kind)
        groups = {piece.group for piece in self.case.pieces if piece.kind == kind}
        known = {piece.group for piece in there}
        heard = [one for one in self.case.heard if one.group in groups]
        # What the lineage places in the master is heard there of course; elsewhere it must not be.
        strange = [one for one in heard if one.group not in known]
        same = [one for one in strange if one.same]
        if sure := [one for one in same if one.surely_same or not self._has_sister(one)]:
            told = "; ".join(one.words for one in _strongest(sure))
            return Verdict.REFUTED, f"{_first(told)}. The lineage knows of no such way.", entries, len(heard)
        if same:
            one = _strongest(same)[0]
            return (
                Verdict.UNDECIDED,
                (
                    f"{_first(one.words)}; but another take of the same tool is in it, and those share sounds "
                    f"(only from {SISTER_FROM:g} on would it be this one). Listen."
                ),
                entries,
                len(heard),
            )
        if groups and not heard:
            return Verdict.UNDECIDED, f"The sound of the {label} was not compared.", entries, 0
        if alike := [one for one in strange if one.likeness.alike]:
            one = _strongest(alike)[0]
            return (
                Verdict.UNDECIDED,
                (
                    f"{_first(one.title)} and {one.target_title} share chords and rhythm ({one.likeness.chroma:.2f} "
                    f"and {one.likeness.onset:.2f}; alike from {CHROMA_FROM:g} and {ONSET_FROM:g} on), not their "
                    "sound. People can play the same; listen."
                ),
                entries,
                len(heard),
            )
        if self.case.left_out:
            return (
                Verdict.UNDECIDED,
                f"{self.case.left_out} generated pieces were too many to be compared by sound.",
                entries,
                len(heard),
            )
        if use == "transformed" and there:
            return (
                Verdict.CONFIRMED,
                f"{_names(there)} {_is(there)} in it only in parts, as the entries show.",
                entries,
                len(heard),
            )
        if not groups:
            return Verdict.CONFIRMED, f"No generated {label} was made in this project.", [], 0
        many = f"{len(groups)} generated {label}{'s' if len(groups) > 1 else ''}"
        return (
            Verdict.CONFIRMED,
            f"No path leads from {many} to the master, and in {len(heard)} comparisons of sound none was heard.",
            entries,
            len(heard),
        )

    def _has_sister(self, one: Heard) -> bool:
        """Whether something else of the same tool sounds in what the piece is held against."""
        if one.target != self.case.found.target:
            return False
        tools = {tool for piece in self.case.pieces if piece.group == one.group for tool in piece.tools}
        return any(piece.group != one.group and tools & set(piece.tools) for piece in self.inside)

    def _is_cut(self, piece: Piece) -> bool:
        """Whether everything that plays this piece plays a part of it, or something made from it."""
        for leaf in set(self.case.found.produced_by.values()):
            body = self.bodies.get(leaf)
            if body is None:
                continue
            for claims in body.authorship.values():
                stretches = [
                    region.to_ms - region.from_ms for region in claims.regions if region.asset == piece.sha256
                ]
                if any(length > piece.duration_ms * WHOLE_SHARE for length in stretches):
                    return False
        return True

    # -- tools ---------------------------------------------------------------------------------------------------------

    def _tools(self, what: str, allowed: tuple[str, ...]) -> tuple[Verdict, str, list[str], int]:
        asked = [piece for piece in self.inside if what == "engines" or piece.mode]
        values = {piece.sha256: piece.tools if what == "engines" else (piece.mode,) for piece in asked}
        wrong = [
            piece for piece in asked if values[piece.sha256] and not set(values[piece.sha256]) & set(allowed)
        ]
        if wrong:
            named = join(sorted({values[piece.sha256][0].replace("_", " ") for piece in wrong}))
            return Verdict.REFUTED, f"{_names(wrong)} came by {named}.", self._entries(wrong), 0
        if unknown := [piece for piece in asked if not values[piece.sha256]]:
            return (
                Verdict.UNDECIDED,
                f"Nobody said which tool made {_names(unknown)}.",
                self._entries(unknown),
                0,
            )
        if not asked:
            return Verdict.CONFIRMED, "Nothing generated sounds in the master.", [], 0
        return Verdict.CONFIRMED, f"{_names(asked)} came by what is allowed.", self._entries(asked), 0

    # -- people --------------------------------------------------------------------------------------------------------

    def _human(self, element: str) -> tuple[Verdict, str, list[str], int]:
        label = element_label(element)
        finding = self.case.found.elements.get(element)
        if finding is None:
            return Verdict.CONFIRMED, f"The master has no {label}.", [], 0
        entries = [source.entry for source in finding.sources if source.entry]
        others = finding.origins - {Origin.HUMAN}
        if Origin.UNKNOWN in others:
            return Verdict.UNDECIDED, f"Nobody knows who made all of the {label}.", entries, 0
        if others:
            told = join(sorted(origin.label for origin in others))
            return Verdict.REFUTED, f"The {label} is also by: {told}.", entries, 0
        recordings = {source.asset for source in finding.sources} & self.case.own
        heard = [one for one in self.case.heard if one.target in recordings]
        if same := [one for one in heard if one.same]:
            told = "; ".join(one.words for one in _strongest(same))
            return Verdict.REFUTED, f"It is declared as their own, but {told}.", entries, len(heard)
        weakest = max(finding.bases, key=lambda basis: basis.strength, default=Basis.DECLARED)
        said = f"The {label} is human ({weakest.label})"
        if heard:
            said += f", and the recordings match nothing generated in {len(heard)} comparisons of sound"
        return Verdict.CONFIRMED, f"{said}.", entries, len(heard)

    def _entries(self, pieces: Iterable[Piece]) -> list[str]:
        made = self.case.found.produced_by
        return [made[piece.sha256] for piece in pieces if piece.sha256 in made]


def sounding(found: AuthorshipMap, bodies: Mapping[str, EntryBody]) -> frozenset[str]:
    """The assets whose sound reaches the master. Behind a recording that somebody brought in nothing sounds through."""
    reached, todo = {found.target}, [found.target]
    while todo:
        sha256 = todo.pop()
        body = bodies.get(found.produced_by.get(sha256, ""))
        if body is None or body.kind == _IMPORT or sha256 not in body.authorship:
            continue
        claims = body.authorship[sha256]
        needs = {source for claim in claims.claims for source in claim.from_assets}
        needs |= {region.asset for region in claims.regions}
        fresh = needs - reached
        reached |= fresh
        todo.extend(fresh)
    return frozenset(reached)


def _strongest(heard: Iterable[Heard]) -> list[Heard]:
    return sorted(heard, key=lambda one: -one.likeness.sound)[:2]


def _names(pieces: Iterable[Piece]) -> str:
    return _first(join(dict.fromkeys(piece.title for piece in pieces), limit=_NAMED))


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]


def _many(pieces: Sequence[Piece]) -> bool:
    return len({piece.title for piece in pieces}) > 1


def _is(pieces: Sequence[Piece]) -> str:
    return "are" if _many(pieces) else "is"


def _sounds(pieces: Sequence[Piece]) -> str:
    return "sound" if _many(pieces) else "sounds"
