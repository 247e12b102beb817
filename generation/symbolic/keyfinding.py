"""The key that notes are in, by how long each pitch class sounds (Krumhansl and Kessler 1982, profiles as probed)."""

from collections.abc import Iterable

from generation.symbolic.notes import Note
from generation.symbolic.theory import Key

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
NAMES_MAJOR = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
NAMES_MINOR = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")
LONGEST = 1_920  # a note held for bars says no more than one of a bar
FINAL = 1.5  # the last note weighs more: pieces end at home


def histogram(notes: Iterable[Note]) -> list[float]:
    """Return how long each pitch class sounds, in ticks."""
    found = [0.0] * 12
    for note in notes:
        found[note.pitch % 12] += min(note.duration, LONGEST)
    return found


def key_of(notes: Iterable[Note]) -> Key | None:
    """Return the key, major or minor, whose profile fits best; None for no notes."""
    listed = sorted(notes)
    if not listed:
        return None
    weights = histogram(listed)
    last = max(listed, key=lambda note: (note.end, -note.pitch))
    weights[last.pitch % 12] += FINAL * min(last.duration, LONGEST)
    scores = [
        (_correlation(weights, profile, tonic), minor, tonic)
        for minor, profile in ((0, MAJOR), (1, MINOR))
        for tonic in range(12)
    ]
    _, minor, tonic = max(scores, key=lambda one: (one[0], -one[1], -one[2]))
    return Key(NAMES_MINOR[tonic], "minor") if minor else Key(NAMES_MAJOR[tonic], "major")


def fit(key: Key, notes: Iterable[Note]) -> float:
    """Return the share of the sounding time that lies in the key, 0..1; 1 for no notes."""
    weights = histogram(notes)
    total = sum(weights)
    return sum(weights[pitch] for pitch in key.scale) / total if total else 1.0


def _correlation(weights: list[float], profile: tuple[float, ...], tonic: int) -> float:
    turned = [profile[(pitch - tonic) % 12] for pitch in range(12)]
    mean, middle = sum(weights) / 12, sum(turned) / 12
    above = sum((a - mean) * (b - middle) for a, b in zip(weights, turned, strict=True))
    spread = sum((a - mean) ** 2 for a in weights) * sum((b - middle) ** 2 for b in turned)
    return above / spread**0.5 if spread > 0 else 0.0
