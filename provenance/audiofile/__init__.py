"""Audio files from outside: what they are, whether they can be trusted, their samples, picture and fingerprint.

Pure, without Django. Files are read in blocks: checking an hour of sound takes the memory of a second of it.
"""

from __future__ import annotations

from provenance.audiofile.checks import EXTENSIONS, Limits, check_upload
from provenance.audiofile.decoding import decode
from provenance.audiofile.errors import BadAudio
from provenance.audiofile.fingerprints import (
    MATCH_THRESHOLD,
    Alignment,
    align,
    fingerprint,
    fingerprint_unavailable,
    match,
    terms,
)
from provenance.audiofile.peaks import peaks
from provenance.audiofile.probing import AudioProbe, probe
from provenance.audiofile.resampling import resample

__all__ = [
    "EXTENSIONS",
    "MATCH_THRESHOLD",
    "Alignment",
    "AudioProbe",
    "BadAudio",
    "Limits",
    "align",
    "check_upload",
    "decode",
    "fingerprint",
    "fingerprint_unavailable",
    "match",
    "peaks",
    "probe",
    "resample",
    "terms",
]
