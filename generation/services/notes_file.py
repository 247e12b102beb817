"""Files of notes that people bring in (MIDI, MusicXML): checked and read, so that modes can be given them.

The readers of notes are imported when a file comes, not when the web process starts: most of them never read one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Final

from generation.errors import BadValue
from provenance.sniff import sniff_bytes

ENDINGS: Final = {
    ".mid": "audio/midi",
    ".midi": "audio/midi",
    ".musicxml": "application/vnd.recordare.musicxml+xml",
    ".xml": "application/vnd.recordare.musicxml+xml",
    ".mxl": "application/vnd.recordare.musicxml",
}
LIMIT_BYTES: Final = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Notes:
    """Notes as a MIDI file, and what was found in them."""

    midi: bytes
    media_type: str
    duration_ms: int
    probe: dict[str, Any]


def is_notes(path: Path, filename: str) -> bool:
    """Whether a file says that it holds notes: by its name, or by the first bytes of MIDI."""
    with path.open("rb") as file:
        head = file.read(16)
    return sniff_bytes(head) == "midi" or PurePath(filename.lower()).suffix in ENDINGS


def read(path: Path, filename: str) -> Notes:
    """The notes of a file. Raises `BadValue` on the field `file`, with a sentence that says what is wrong."""
    from generation.symbolic import notefile

    if path.stat().st_size > LIMIT_BYTES:
        raise BadValue(f"A file of notes has at most {LIMIT_BYTES // 10**6} MB.", field="file")
    data = path.read_bytes()
    is_midi = sniff_bytes(data[:16]) == "midi"
    try:
        found = notefile.read(data, filename)
    except notefile.BadNotes as error:
        raise BadValue(error.message, field="file", code=error.code) from error
    ending = PurePath(filename.lower()).suffix
    return Notes(
        midi=found.midi,
        media_type="audio/midi" if is_midi else ENDINGS.get(ending, ENDINGS[".musicxml"]),
        duration_ms=found.duration_ms,
        probe={
            "duration_ms": found.duration_ms,
            "notes": found.notes,
            "tracks": found.tracks,
            "tempo_milli_bpm": round(found.tempo_bpm * 1000) if found.tempo_bpm else 0,
            "key": found.key or "",
            "remarks": list(found.remarks),
        },
    )
