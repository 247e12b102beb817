"""Form: which sections there are, how long, how strong, and who plays in each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Label words -> what kind of section it is.
KINDS: tuple[tuple[str, str], ...] = (
    (r"intro|opening|start", "intro"),
    (r"outro|coda|ending|end|tail|fade.*|close", "outro"),
    (r"drop[ -]?out|break|breakdown|interlude|rest", "break"),
    (r"drop", "drop"),
    (r"chorus|hook|refrain", "chorus"),
    (r"pre-?chorus|build|build-?up|riser|lift", "build"),
    (r"bridge|middle(?: eight)?|c|d", "bridge"),
    (r"b", "contrast"),
)
ENERGY = {
    "intro": 0.3, "verse": 0.5, "build": 0.6, "contrast": 0.7, "chorus": 0.85, "drop": 0.95, "bridge": 0.55,
    "break": 0.3, "outro": 0.35,
}  # fmt: skip
WEIGHT = {"intro": 1, "outro": 1, "break": 1, "build": 1}
BORROWING = ("intro", "outro", "break", "build")  # kinds that live on the first main section's material

THRESHOLD = {
    "keys": 0.0, "pads": 0.0, "guitar": 0.1, "strings": 0.1, "bass": 0.25, "lead": 0.3, "drums": 0.38,
    "percussion": 0.55,
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A span of whole bars. `material` names the ideas it uses: equal material, equal motif and progression.

    `variation` counts how often that material has been heard before; `energy` is 0..1.
    """

    label: str
    kind: str
    material: str
    variation: int
    start_bar: int
    bars: int
    energy: float
    roles: frozenset[str] = frozenset()

    @property
    def end_bar(self) -> int:
        return self.start_bar + self.bars


def kind_of(label: str) -> str:
    """Return the kind of a section by its label; anything unknown is a verse."""
    word = base_of(label)
    for pattern, kind in KINDS:
        if re.fullmatch(pattern, word):
            return kind
    return "verse"


def base_of(label: str) -> str:
    """Return a label without its number, primes and case: "A'" and "a 2" are both "a"."""
    return re.sub(r"[\d'’′`*]+", "", label).strip(" .-_").lower() or "a"


def plan(
    labels: Sequence[str], *, bars: int, energy: Sequence[float], lift: float = 0.0
) -> tuple[tuple[Section, ...], tuple[str, ...]]:
    """Return sections that fill `bars` exactly, and the labels for which there was no room.

    The last bar belongs to the last section: it is the ending. `energy` has a point per label, or any number of points
    along the piece; where it is empty the kind decides, shifted by `lift`.
    """
    kept = _fitting(len(labels), max(1, bars - 1))
    names = [labels[i] for i in kept]
    kinds = [kind_of(name) for name in names]
    lengths = _lengths([WEIGHT.get(kind, 2) for kind in kinds], bars - 1)
    lengths[-1] += 1
    main = next(
        (base_of(n) for n, k in zip(names, kinds, strict=True) if k not in BORROWING), base_of(names[0])
    )
    heard: dict[str, int] = {}
    sections: list[Section] = []
    start = 0
    for place, (name, kind, length) in enumerate(zip(names, kinds, lengths, strict=True)):
        material = main if kind in BORROWING else base_of(name)
        variation = heard.get(material, 0)
        if kind not in BORROWING:
            heard[material] = variation + 1
        if not energy:
            value = ENERGY[kind] + lift + (0.06 * variation if kind not in BORROWING else 0.0)
        elif len(energy) == len(labels):
            value = energy[kept[place]]
        else:
            value = _interpolated(energy, (start + length / 2) / bars)
        value = min(1.0, max(0.0, value))
        sections.append(Section(name, kind, material, variation, start, length, value))
        start += length
    dropped = tuple(label for i, label in enumerate(labels) if i not in kept)
    return tuple(sections), dropped


def with_layers(sections: Sequence[Section], roles: Sequence[str]) -> tuple[Section, ...]:
    """Return the sections with who plays in each. Every role plays somewhere; some harmony plays everywhere."""
    harmony = [role for role in roles if role in ("keys", "guitar", "pads", "strings")]
    playing = [{role for role in roles if _plays(role, section)} for section in sections]
    for active in playing:
        if harmony and not active & set(harmony):
            active.add(harmony[0])
        if not active:
            active.add(roles[0])
    strongest = max(range(len(sections)), key=lambda i: (sections[i].energy, -i))
    for role in roles:
        if not any(role in active for active in playing):
            playing[strongest].add(role)
    return tuple(
        Section(s.label, s.kind, s.material, s.variation, s.start_bar, s.bars, s.energy, frozenset(active))
        for s, active in zip(sections, playing, strict=True)
    )


def _plays(role: str, section: Section) -> bool:
    bar = THRESHOLD[role]
    match section.kind:
        case "intro" if role == "lead":
            bar = 0.65
        case "intro" if role in ("drums", "percussion", "bass"):
            bar += 0.1
        case "break" if role in ("drums", "percussion", "bass"):
            return False
        case "outro" if role in ("drums", "percussion"):
            bar += 0.05
        case "drop" | "chorus":
            bar -= 0.2
        case _:
            pass
    return section.energy >= bar


def _fitting(count: int, room: int) -> list[int]:
    """Return which of `count` labels to keep where only `room` fit: first and last, and evenly between."""
    if count <= room:
        return list(range(count))
    if room == 1:
        return [min(1, count - 1) if count > 2 else 0]
    return sorted({round(i * (count - 1) / (room - 1)) for i in range(room)})


def _lengths(weights: Sequence[int], bars: int) -> list[int]:
    """Share out bars by weight in phrases of 4, 2 or 1; what does not fill a phrase goes to the last section."""
    count = len(weights)
    if bars <= 0:
        return [0] * count
    phrase = next(size for size in (4, 2, 1) if bars >= size * count or size == 1)
    units, rest = divmod(bars, phrase)
    lengths = [1] * count
    for _ in range(units - count):
        # Whoever is furthest below its share; the earlier one on a tie.
        place = max(range(count), key=lambda i: (weights[i] / lengths[i], -i))
        lengths[place] += 1
    shared = [length * phrase for length in lengths]
    shared[-1] += rest
    return shared


def _interpolated(points: Sequence[float], position: float) -> float:
    if len(points) == 1:
        return points[0]
    where = min(max(position, 0.0), 1.0) * (len(points) - 1)
    left = min(int(where), len(points) - 2)
    return points[left] + (points[left + 1] - points[left]) * (where - left)
