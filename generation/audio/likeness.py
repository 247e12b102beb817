"""How alike two recordings are, and from when on that counts. No arrays.

What was measured for the thresholds: `generation/audio/measured.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How alike two recordings are.

    `sound` counts the pairs of peaks that lie at one place beyond what chance puts there, in units of chance's own
    spread. `from_s` is where the source's matching part lies in the target, `begins_s` where it begins in the source,
    `heard_s` how much of it is found. `tempo` is the target's over the source's, `semitones` how far it was moved.
    `chroma` and `onset` go from 0 to 1.
    """

    sound: float
    tempo: float = 1.0
    semitones: float = 0.0
    backwards: bool = False
    from_s: float = 0.0
    begins_s: float = 0.0
    heard_s: float = 0.0
    chroma: float = 0.0
    onset: float = 0.0

    @property
    def turned(self) -> bool:
        """Whether it was found only transposed, at another speed or backwards; that takes a higher score."""
        return bool(self.semitones) or self.backwards

    @property
    def bound(self) -> float:
        return TURNED_FROM if self.turned else SOUND_FROM

    @property
    def same_sound(self) -> bool:
        return self.sound >= self.bound and self.heard_s >= HEARD_FROM_S

    @property
    def alike(self) -> bool:
        """The same chords in the same rhythm: the same music, by whatever hands."""
        return self.chroma >= CHROMA_FROM and self.onset >= ONSET_FROM


#: From these on: the same sound, and (both together) alike.
SOUND_FROM: Final = 24.0
#: In so many more views chance finds more.
TURNED_FROM: Final = 30.0
#: One chord that both play is no match: so much of the source has to be found, counted in seconds.
HEARD_FROM_S: Final = 4.0
#: Where other output of the same tool is heard as well: takes of one synthesiser share its very samples.
SISTER_FROM: Final = 110.0
CHROMA_FROM: Final = 0.75
ONSET_FROM: Final = 0.55

NOTHING: Final = Likeness(sound=0.0)


def thresholds() -> dict[str, float]:
    """All that decides, by name."""
    return {
        "sound": SOUND_FROM,
        "turned": TURNED_FROM,
        "heard_s": HEARD_FROM_S,
        "sister": SISTER_FROM,
        "chroma": CHROMA_FROM,
        "onset": ONSET_FROM,
    }
