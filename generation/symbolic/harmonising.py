"""Chords for notes: the course of chords that fits what sounds and moves as chords do, found by the Viterbi algorithm.

The same search harmonises a melody (few notes, so the grammar decides much) and reads the chords of a whole texture
(many notes, so they decide). After the hidden-Markov harmonisers of the field (Raphael and Stoddard 2004; Simon, Morris
and Basu 2008), with costs written down rather than learnt.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from generation.symbolic.chords import NAMES, NamedChord
from generation.symbolic.theory import MODES, Chord, Key

# What a degree does: home, away, or on the way home.
FUNCTION_MAJOR = ("T", "S", "T", "S", "D", "T", "D")
FUNCTION_MINOR = ("T", "S", "T", "S", "D", "S", "D")
# Cost of going from a function to another.
MOVES = {
    "TT": 0.5, "TS": 0.0, "TD": 0.1, "ST": 0.45, "SS": 0.4, "SD": 0.0, "DT": 0.0, "DS": 1.1, "DD": 0.4,
}  # fmt: skip
STAYING, CHANGING = 0.35, 0.55  # cost of the same chord over a strong beat, and of another inside a bar
COMMON = {0: 0.0, 3: 0.12, 4: 0.08, 1: 0.3, 5: 0.35, 2: 0.75, 6: 1.0}  # cost of each degree


@dataclass(frozen=True)
class Slot:
    """A stretch that has one chord: how long each pitch class sounds there (any unit), and the lowest one."""

    start: int
    end: int
    weights: tuple[float, ...]
    low: int | None = None
    first_of_bar: bool = True


@dataclass(frozen=True)
class Candidate:
    """A chord that may be chosen, what it does in the key, and what it costs to choose it."""

    chord: NamedChord
    function: str
    cost: float
    leads_to: int | None = None  # the pitch class that a secondary dominant wants next


def candidates(key: Key, *, colour: float = 0.3) -> tuple[Candidate, ...]:
    """Return the chords of a key, and the chromatic ones that are common beside it: dominants of other degrees, and
    what major borrows from minor. `colour` 0 leaves those out, 1 makes them cheap.
    """
    functions = FUNCTION_MINOR if key.is_minor else FUNCTION_MAJOR
    found: list[Candidate] = []
    for degree in range(7):
        plain = Chord(key, degree)
        if plain.intervals[1] == 8:
            continue
        cost = COMMON[degree] + (0.0 if plain.is_stable else 0.5)
        if key.is_minor and degree == 4 and plain.intervals[0] == 3:
            cost += 0.3  # minor v is rarer than the dominant below
        found.append(Candidate(_named(plain), functions[degree], cost))
    dominant = (key.pitch_class + 7) % 12
    if key.is_minor:  # the leading note is no chromaticism
        found.append(Candidate(_free(dominant, "", (0, 4, 7)), "D", 0.08, key.pitch_class))
    found.append(Candidate(_free(dominant, "7", (0, 4, 7, 10)), "D", 0.3, key.pitch_class))
    if colour > 0:
        away = 1.6 - 1.2 * colour
        for degree in (1, 3, 4, 5):
            goal = Chord(key, degree)
            root = (goal.root + 7) % 12
            if goal.is_stable and not (degree == 3 and not key.is_minor):  # V of IV is the tonic itself
                found.append(Candidate(_free(root, "7", (0, 4, 7, 10)), "S", away, goal.root))
        if MODES[key.mode][2] == 4:
            tonic = key.pitch_class
            found.append(Candidate(_free((tonic + 5) % 12, "m", (0, 3, 7)), "S", away))
            found.append(Candidate(_free((tonic + 10) % 12, "", (0, 4, 7)), "S", away))
            found.append(Candidate(_free((tonic + 8) % 12, "", (0, 4, 7)), "S", away + 0.2))
    unique: dict[tuple[int, ...], Candidate] = {}
    for one in found:
        kept = unique.get(one.chord.pitch_classes)
        if kept is None or one.cost < kept.cost:
            unique[one.chord.pitch_classes] = one
    return tuple(unique.values())


def fitted(
    slots: Sequence[Slot],
    key: Key,
    *,
    trust: float,
    colour: float = 0.3,
    ends: bool = True,
    rng: random.Random | None = None,
    spread: float = 0.35,
) -> list[NamedChord]:
    """Return one chord for each slot.

    `trust` weighs the notes against the grammar: about 2 for a melody, 6 for a whole texture. `ends` asks for a cadence
    at the end. With `rng`, chance moves each chord's cost by up to `spread` times its own, so that seeds differ.
    """  # fmt: skip
    options = candidates(key, colour=colour)
    if not slots:
        return []
    whims = [
        [rng.expovariate(1 / spread) if rng is not None and spread > 0 else 0.0 for _ in options]
        for _ in slots
    ]
    costs: list[float] = []
    back: list[list[int]] = []
    for place, slot in enumerate(slots):
        here = [
            trust * misfit(slot, option.chord) + option.cost + whims[place][number]
            for number, option in enumerate(options)
        ]
        if place == 0 or (ends and place == len(slots) - 1):
            here = [cost + _at_edge(key, option) for cost, option in zip(here, options, strict=True)]
        if place == 0:
            costs = here
            continue
        chosen: list[int] = []
        summed: list[float] = []
        for number, option in enumerate(options):
            ways = [
                costs[earlier] + _move(options[earlier], option, slot, same=earlier == number)
                for earlier in range(len(options))
            ]
            best = min(range(len(ways)), key=lambda way: ways[way])
            chosen.append(best)
            summed.append(ways[best] + here[number])
        back.append(chosen)
        costs = summed
    path = [min(range(len(costs)), key=lambda number: costs[number])]
    for chosen in reversed(back):
        path.append(chosen[path[-1]])
    return [options[number].chord for number in reversed(path)]


def misfit(slot: Slot, chord: NamedChord) -> float:
    """Return how badly a chord fits what sounds, about 0..1.5: notes outside of it, worse where they rub against it,
    and tones of it that a full texture would have.
    """
    total = sum(slot.weights)
    if total <= 0:
        return 0.0
    tones = set(chord.pitch_classes)
    cost = 0.0
    for pitch, weight in enumerate(slot.weights):
        if not weight or pitch in tones:
            continue
        rubs = (pitch - 1) % 12 in tones  # a semitone above a chord tone
        cost += weight / total * (1.25 if rubs else 0.85)
    root = slot.weights[chord.root] / total
    cost += 0.12 * (root < 0.05)
    if slot.low is not None:
        cost += 0.0 if slot.low == chord.root else 0.12 if slot.low in tones else 0.3
        sounding = sum(1 for pitch in chord.pitch_classes if slot.weights[pitch] > 0.02 * total)
        cost += 0.15 * (len(chord.pitch_classes) - sounding)
    return cost


def function_of(key: Key, root: int) -> str:
    """Return what a chord on that root does in the key: T, S or D; S for roots outside of it."""
    functions = FUNCTION_MINOR if key.is_minor else FUNCTION_MAJOR
    return functions[key.scale.index(root)] if root in key.scale else "S"


def _move(before: Candidate, after: Candidate, slot: Slot, *, same: bool) -> float:
    if same:
        return STAYING if slot.first_of_bar else 0.0
    cost = MOVES[before.function + after.function]
    if before.leads_to is not None and before.leads_to != after.chord.root:
        cost += 0.9 if before.function == "S" else 0.2
    return cost + (0.0 if slot.first_of_bar else CHANGING)


def _at_edge(key: Key, option: Candidate) -> float:
    home = option.chord.root == key.pitch_class
    return 0.0 if home else 1.2


def _named(chord: Chord) -> NamedChord:
    steps = tuple((pitch - chord.root) % 12 for pitch in chord.pitch_classes)
    return NamedChord(chord.root, steps, chord.symbol())


def _free(root: int, quality: str, steps: tuple[int, ...]) -> NamedChord:
    return NamedChord(root, steps, NAMES[root] + quality)
