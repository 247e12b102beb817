"""Audio files from outside: what they are, whether they can be trusted, their samples, picture and fingerprint.

Pure, without Django. Files are read in blocks: checking an hour of sound takes the memory of a second of it.
"""

from __future__ import annotations

from provenance.audiofile.checks import EXTENSIONS, Limits, check_upload
from provenance.audiofile.decoding import Decoding, decode, decoding
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
from provenance.audiofile.resampling import Resampler, resample

__all__ = [
    "EXTENSIONS",
    "MATCH_THRESHOLD",
    "Alignment",
    "AudioProbe",
    "BadAudio",
    "Decoding",
    "Limits",
    "Resampler",
    "align",
    "check_upload",
    "decode",
    "decoding",
    "fingerprint",
    "fingerprint_unavailable",
    "match",
    "peaks",
    "probe",
    "resample",
    "terms",
]
