"""The rules about kinds of generated material: never, or only transformed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from artists.method_rules import material_label
from generation.audio.likeness import CHROMA_FROM, ONSET_FROM, SISTER_FROM
from generation.hearing import HEARD_TO_DB, Heard, Piece, strongest
from generation.method_case import (
    Case,
    Finding,
    Ground,
    Verdict,
    alarm,
    are,
    first,
    names,
    silence,
    sound,
    told,
)
from provenance.words import count, join

_LINEAGE_AND_WORD = (Ground.LINEAGE, Ground.STATEMENT)
_SOUND = (Ground.SOUND, Ground.STATEMENT)


def judge_material(case: Case, kind: str, use: str) -> Finding:
    """`use` is never or transformed. The kind itself is what the artist stated, so every verdict rests on that too."""
    label = material_label(kind)
    there = [piece for piece in case.inside if piece.kind == kind]
    if use == "never" and there:
        return Finding(
            verdict=Verdict.REFUTED,
            because=f"{names(there)} {are(there)} {label}, and {sound(there)} in the master.",
            entries=case.entries(there),
            grounds=_LINEAGE_AND_WORD,
            placed=there,
        )
    if use == "transformed" and (whole := [piece for piece in there if case.plays_whole(piece)]):
        return Finding(
            verdict=Verdict.REFUTED,
            because=(
                f"{names(whole)} {are(whole)} {label}, and {sound(whole)} as it was generated, neither cut up nor "
                "processed."
            ),
            entries=case.entries(whole),
            grounds=_LINEAGE_AND_WORD,
            placed=whole,
        )
    if unmarked := [piece for piece in case.inside if not piece.kind]:
        return Finding(
            verdict=Verdict.UNDECIDED,
            because=f"Nobody said what {names(unmarked)} {are(unmarked)}. Mark it with its kind of material.",
            entries=case.entries(unmarked),
            placed=unmarked,
        )
    return _by_sound(case, kind, use, there)


def _by_sound(case: Case, kind: str, use: str, there: Sequence[Piece]) -> Finding:
    groups = {piece.group for piece in case.pieces if piece.kind == kind}
    known = {piece.group for piece in there}
    heard = case.hearing.of(groups)
    # What the lineage places in the master is heard there of course; elsewhere it must not be.
    strange = [one for one in heard if one.group not in known or one.target in case.brought_in]
    found = _matches(case, strange, len(heard), case.entries(there)) or _nameless(case, len(heard))
    return found or _silent(case, kind, use, there, strange, groups - known, len(heard))


def _matches(case: Case, strange: Sequence[Heard], compared: int, entries: list[str]) -> Finding | None:
    """The very sound of a piece where no recorded step puts it."""
    same = [one for one in strange if one.same]
    if sure := [one for one in same if one.surely_same or not _has_sister(case, one)]:
        best = strongest(sure)
        return Finding(
            verdict=Verdict.REFUTED,
            because=f"{first(told(best))}. The lineage knows of no such way.",
            entries=entries,
            compared=compared,
            grounds=_SOUND,
            limits=alarm(best, sister=_has_sister(case, best[0])),
            heard=strongest(sure, 6),
        )
    if same:
        best = strongest(same, 1)
        return Finding(
            verdict=Verdict.UNDECIDED,
            because=(
                f"{first(told(best))}; but another take of the same tool is in it, and those share sounds (only from "
                f"{SISTER_FROM:g} on would it be this one). Listen."
            ),
            entries=entries,
            compared=compared,
            grounds=_SOUND,
            limits=alarm(best, sister=True),
            heard=strongest(same, 6),
        )
    return None


def _nameless(case: Case, compared: int) -> Finding | None:
    """A piece that nobody marked is heard in a recording that was brought in: it could be of any kind."""
    groups = {piece.group for piece in case.pieces if not piece.kind}
    same = [one for one in case.hearing.of(groups) if one.same and one.target in case.brought_in]
    if not same:
        return None
    best = strongest(same, 1)
    return Finding(
        verdict=Verdict.UNDECIDED,
        because=f"{first(told(best))}, and nobody said what it is. Mark it with its kind of material.",
        compared=compared,
        grounds=(Ground.SOUND,),
        limits=alarm(best),
        heard=strongest(same, 6),
    )


def _silent(
    case: Case,
    kind: str,
    use: str,
    there: Sequence[Piece],
    strange: Sequence[Heard],
    absent: set[str],
    compared: int,
) -> Finding:
    """Nothing was heard where it should not be. That confirms only as far as it would have been heard."""
    label, entries = material_label(kind), case.entries(there)

    def undecided(because: str, heard: Sequence[Heard] = (), limits: str = "") -> Finding:
        return Finding(
            verdict=Verdict.UNDECIDED, because=because, entries=entries, compared=compared, grounds=_SOUND,
            heard=heard, limits=limits,
        )  # fmt: skip

    if absent and case.sound_matters and not compared:
        return undecided(f"The sound of the {label} was not compared.")
    if alike := [one for one in strange if one.likeness.alike]:
        one = strongest(alike)[0]
        return undecided(
            f"{first(one.title)} and {one.target_title} share chords and rhythm ({one.likeness.chroma:.2f} and "
            f"{one.likeness.onset:.2f}; alike from {CHROMA_FROM:g} and {ONSET_FROM:g} on), not their sound. People can "
            "play the same; listen.",
            heard=[one],
        )
    if case.left_out and case.sound_matters:
        return undecided(f"{count(case.left_out, 'generated piece')} too many to be compared by sound.")
    if case.sound_matters and (deaf := case.hearing.deaf_to(sorted(absent))):
        titles = join(dict.fromkeys(piece.title for piece in case.pieces if piece.group in deaf), limit=4)
        return undecided(
            f"{first(titles)} would not be recognised in this master: mixed in on purpose {-HEARD_TO_DB} dB below it, "
            "it was not heard. That it was not heard therefore says nothing. Listen.",
        )
    if use == "transformed" and there:
        return Finding(
            verdict=Verdict.CONFIRMED,
            because=f"{names(there)} {are(there)} in it only in parts, as the entries show.",
            entries=entries,
            compared=compared,
            grounds=_LINEAGE_AND_WORD,
            limits=silence(case.hearing, absent) if absent and case.sound_matters else "",
        )
    if not absent:
        outside = (
            " What was made elsewhere and brought in as somebody's own, only they know."
            if case.sound_matters
            else ""
        )
        return Finding(
            verdict=Verdict.CONFIRMED,
            because=f"No generated {label} was made in this project.{outside}",
            grounds=_LINEAGE_AND_WORD,
        )
    many = f"{len(absent)} generated {label}{'s' if len(absent) > 1 else ''}"
    if not case.sound_matters:
        return Finding(
            verdict=Verdict.CONFIRMED,
            because=f"No path leads from {many} to the master, and nothing in it was brought in from outside.",
            entries=entries,
            compared=compared,
            grounds=_LINEAGE_AND_WORD,
        )
    return Finding(
        verdict=Verdict.CONFIRMED,
        because=(
            f"No path leads from {many} to the master, and in {count(compared, 'comparison')} of sound none was heard."
        ),
        entries=entries,
        compared=compared,
        grounds=(Ground.LINEAGE, Ground.SOUND, Ground.STATEMENT),
        limits=silence(case.hearing, absent),
    )


def _has_sister(case: Case, one: Heard) -> bool:
    """Whether something else of the same tool sounds in what the piece is held against."""
    if one.target != case.found.target:
        return False
    tools = {tool for piece in case.pieces if piece.group == one.group for tool in piece.tools}
    return any(piece.group != one.group and tools & set(piece.tools) for piece in case.inside)
