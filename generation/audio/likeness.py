"""How alike two recordings are, and from when on that counts. Thresholds and what was measured for them; no arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How alike two recordings are.

    `sound` counts the pairs of peaks that lie at one place beyond what chance puts there, in units of chance's own
    spread. `from_s` is where the source's matching part lies in the target, `tempo` the target's over the source's.
    `heard_s` is how much of the source is found there. `chroma` and `onset` go from 0 to 1.
    """

    sound: float
    tempo: float
    from_s: float
    heard_s: float
    chroma: float
    onset: float

    @property
    def same_sound(self) -> bool:
        return self.sound >= SOUND_FROM and self.heard_s >= HEARD_FROM_S

    @property
    def alike(self) -> bool:
        """The same chords in the same rhythm: the same music, by whatever hands."""
        return self.chroma >= CHROMA_FROM and self.onset >= ONSET_FROM


#: From these on: the same sound, and (both together) alike. What was measured for them: `measured()`.
SOUND_FROM: Final = 24.0
#: One chord that both play is no match: so much of the source has to be found, counted in seconds.
HEARD_FROM_S: Final = 4.0
#: Where other output of the same tool is heard as well: takes of one synthesiser share its very samples.
SISTER_FROM: Final = 110.0
CHROMA_FROM: Final = 0.75
ONSET_FROM: Final = 0.55

NOTHING: Final = Likeness(sound=0.0, tempo=1.0, from_s=0.0, heard_s=0.0, chroma=0.0, onset=0.0)


@cache
def measured() -> dict[str, Any]:
    """What was measured for the thresholds: numbers of pairs, false alarms and hits, on which music, when."""
    found: dict[str, Any] = json.loads(Path(__file__).with_name("matching_measured.json").read_text())
    return found
