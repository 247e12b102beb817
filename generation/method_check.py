"""Is a master made as its artist's method says? Each rule confirmed, refuted or undecided, with what shows it. Pure.

What is known and how it is answered: `method_case`. Rules about material: `method_material`.
"""

from __future__ import annotations

from artists.method_rules import Rules, each
from generation.hearing import strongest
from generation.method_case import (
    Case,
    Finding,
    Ground,
    Outcome,
    Verdict,
    alarm,
    first,
    names,
    silence,
    told,
)
from generation.method_material import judge_material
from provenance.elements import Basis, Origin, element_label
from provenance.words import count, join

__all__ = ["Case", "Outcome", "Verdict", "check"]


def check(rules: Rules, case: Case) -> tuple[Outcome, ...]:
    """Every rule that binds, in the method's order; what is allowed freely needs no proof."""
    outcomes = []
    for rule in each(rules):
        what, _, name = rule.key.partition(":")
        if what == "material" and rules.material[name] == "freely":
            continue
        if what == "material":
            found = judge_material(case, name, rules.material[name])
        elif what == "human":
            found = _human(case, name)
        else:
            found = _tools(case, what, rules.engines if what == "engines" else rules.modes)
        places = case.places(found.placed)
        outcomes.append(Outcome(rule=rule.key, sentence=rule.sentence, found=found, places=places))
    return tuple(outcomes)


def _tools(case: Case, what: str, allowed: tuple[str, ...]) -> Finding:
    asked = [piece for piece in case.inside if what == "engines" or piece.mode]
    values = {piece.sha256: piece.tools if what == "engines" else (piece.mode,) for piece in asked}
    wrong = [
        piece for piece in asked if values[piece.sha256] and not set(values[piece.sha256]) & set(allowed)
    ]
    if wrong:
        named = join(sorted({values[piece.sha256][0].replace("_", " ") for piece in wrong}))
        return Finding(
            verdict=Verdict.REFUTED,
            because=f"{names(wrong)} came by {named}.",
            entries=case.entries(wrong),
            placed=wrong,
        )
    if unknown := [piece for piece in asked if not values[piece.sha256]]:
        return Finding(
            verdict=Verdict.UNDECIDED,
            because=f"Nobody said which tool made {names(unknown)}.",
            entries=case.entries(unknown),
            grounds=(Ground.STATEMENT,),
        )
    # A mode is known only of what was asked here; of an import nobody can tell it.
    if what == "modes" and (elsewhere := [piece for piece in case.inside if not piece.mode]):
        return Finding(
            verdict=Verdict.UNDECIDED,
            because=f"{names(elsewhere)} came from a tool outside; how that was asked, nobody recorded.",
            entries=case.entries(elsewhere),
            grounds=(Ground.STATEMENT,),
        )
    if smuggled := _smuggled(case, what, allowed):
        return smuggled
    if not asked:
        return Finding(verdict=Verdict.CONFIRMED, because="Nothing generated sounds in the master.")
    return Finding(
        verdict=Verdict.CONFIRMED,
        because=f"{names(asked)} came by what is allowed.",
        entries=case.entries(asked),
    )


def _smuggled(case: Case, what: str, allowed: tuple[str, ...]) -> Finding | None:
    """Something of a tool that is not allowed, heard in a recording that was brought in."""
    forbidden = {
        piece.group
        for piece in case.pieces
        if not set(piece.tools if what == "engines" else (piece.mode,)) & set(allowed)
    }
    same = [one for one in case.hearing.of(forbidden) if one.same and one.target in case.brought_in]
    if not same:
        return None
    best = strongest(same)
    return Finding(
        verdict=Verdict.REFUTED,
        because=f"{first(told(best))}; it came by what is not allowed.",
        compared=len(case.hearing.of(forbidden)),
        grounds=(Ground.SOUND,),
        limits=alarm(best),
        heard=strongest(same, 6),
    )


def _human(case: Case, element: str) -> Finding:
    label = element_label(element)
    finding = case.found.elements.get(element)
    if finding is None:
        return Finding(verdict=Verdict.CONFIRMED, because=f"The master has no {label}.")
    entries = [source.entry for source in finding.sources if source.entry]
    others = finding.origins - {Origin.HUMAN}
    if Origin.UNKNOWN in others:
        return Finding(
            verdict=Verdict.UNDECIDED,
            because=f"Nobody knows who made all of the {label}.",
            entries=entries,
        )
    if others:
        by = join(sorted(origin.label for origin in others))
        involved = {source.asset for source in finding.sources}
        return Finding(
            verdict=Verdict.REFUTED,
            because=f"The {label} {_are(label)} also by: {by}.",
            entries=entries,
            placed=[piece for piece in case.inside if piece.sha256 in involved],
        )
    recordings = {source.asset for source in finding.sources} & case.own
    # A take that was downloaded and declared as one's own has the very bytes of the take.
    if taken := [piece for piece in case.pieces if piece.sha256 in recordings]:
        return Finding(
            verdict=Verdict.REFUTED,
            because=f"It is declared as their own, but it is {names(taken)[:1].lower()}{names(taken)[1:]}, bit by bit.",
            entries=entries,
            grounds=(Ground.LINEAGE, Ground.SOUND),
        )
    heard = [one for one in case.hearing.comparisons if one.target in recordings]
    if same := [one for one in heard if one.same]:
        best = strongest(same)
        return Finding(
            verdict=Verdict.REFUTED,
            because=f"It is declared as their own, but {told(best)}.",
            entries=entries,
            compared=len(heard),
            grounds=(Ground.SOUND,),
            limits=alarm(best),
            heard=strongest(same, 6),
        )
    weakest = max(finding.bases, key=lambda basis: basis.strength, default=Basis.DECLARED)
    said = f"The {label} {_are(label)} human ({weakest.label})"
    if not heard:
        ground = Ground.LINEAGE if weakest is Basis.OBSERVED else Ground.STATEMENT
        return Finding(verdict=Verdict.CONFIRMED, because=f"{said}.", entries=entries, grounds=(ground,))
    if case.left_out:
        return Finding(
            verdict=Verdict.UNDECIDED,
            because=f"{said}, but {count(case.left_out, 'generated piece')} too many to be compared by sound.",
            entries=entries,
            compared=len(heard),
            grounds=(Ground.STATEMENT, Ground.SOUND),
        )
    groups = {one.group for one in heard}
    if deaf := case.hearing.deaf_to(sorted(groups)):
        return Finding(
            verdict=Verdict.CONFIRMED,
            because=f"{said}.",
            entries=entries,
            compared=len(heard),
            grounds=(Ground.STATEMENT,),
            limits=f"{count(len(deaf), 'generated piece')} would not be recognised here, so the sound adds nothing.",
        )
    return Finding(
        verdict=Verdict.CONFIRMED,
        because=f"{said}, and the recordings match nothing generated in {count(len(heard), 'comparison')} of sound.",
        entries=entries,
        compared=len(heard),
        grounds=(Ground.STATEMENT, Ground.SOUND),
        limits=silence(case.hearing, groups),
    )


def _are(label: str) -> str:
    return "are" if label.endswith("s") else "is"
