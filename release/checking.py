"""The stranger's question: is this file known, is it intact, what in it is human and what is AI.

Three independent looks, each named in the answer: the exact bytes (digest), the signed manifest (C2PA), the sound
(acoustic fingerprint). Only recordings of packaged releases are named; what is not out yet is nobody's business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Q, QuerySet

from provenance import audiofile
from release.c2pa import ManifestReport, State, read_manifest, trust_anchors
from release.evidence import Evidence, evidence_for
from release.models import Package, Recording, Release

#: How many published recordings one question compares by sound. A label's catalogue; more wants an index.
COMPARED = 5000


@dataclass(frozen=True)
class Look:
    """One way of looking at the file. `state` is match, mismatch, none or unavailable."""

    title: str
    state: str
    sentence: str


@dataclass(frozen=True)
class Answer:
    """What can be said about a file. `verdict` is known, altered or unknown."""

    sha256: str
    verdict: str
    headline: str
    looks: tuple[Look, ...]
    recording: Recording | None
    release: Release | None
    evidence: Evidence | None
    manifest: ManifestReport


def identify(path: Path) -> Answer:
    """Look at a file in all three ways. Never raises for what the file holds."""
    sha256 = _digest(path)
    exact = _by_digest(sha256)
    manifest = read_manifest(path, anchors_pem=_anchors())
    claimed = _by_manifest(manifest)
    sounding, fingerprint_look = _by_sound(path)
    recording = exact or claimed or sounding
    looks = (_digest_look(sha256, exact), _manifest_look(manifest), fingerprint_look)
    if exact is not None:
        verdict, headline = "known", "Known, and intact"
    elif claimed is not None:
        verdict, headline = "known", "Known by its signed manifest"
    elif recording is not None:
        verdict, headline = "altered", "Known, but not the file that left the house"
    else:
        verdict, headline = "unknown", "Not known here"
    release = None
    if recording is not None:
        track = recording.tracks.filter(active=True, release__packages__asset__isnull=False).first()
        release = track.release if track else None
    evidence = evidence_for(recording.master) if recording else None
    return Answer(sha256, verdict, headline, looks, recording, release, evidence, manifest)


def published() -> QuerySet[Recording]:
    """What left the house: recordings of releases that have a finished package, whatever was planned since."""
    return (
        Recording.objects.filter(tracks__active=True, tracks__release__packages__asset__isnull=False)
        .select_related(
            "artist", "work", "master__wav__analysis", "master__render__version__arrangement__project"
        )
        .distinct()
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _by_digest(sha256: str) -> Recording | None:
    found = published().filter(Q(master__wav__sha256=sha256) | Q(master__flac__sha256=sha256)).first()
    if found is not None:
        return found
    package = Package.objects.filter(parts__contains=[{"sha256": sha256}]).first()
    if package is None:
        return None
    part = next(part for part in package.parts if part["sha256"] == sha256)
    return published().filter(pk=part["recording"]).first() if part.get("recording") else None


def _by_manifest(manifest: ManifestReport) -> Recording | None:
    """The recording that a manifest of ours names. Anybody can sign a file that names it, so only trust counts."""
    if manifest.state is not State.TRUSTED or not manifest.ledger:
        return None
    master = manifest.ledger.get("master_sha256")
    return published().filter(master__wav__sha256=master).first() if isinstance(master, str) else None


def _anchors() -> str | None:
    try:
        return trust_anchors(settings.DEADWAX_DATA / "keys")
    except OSError:
        return None


def _by_sound(path: Path) -> tuple[Recording | None, Look]:
    title = "By its sound"
    if audiofile.fingerprint_unavailable():
        return None, Look(title, "unavailable", "The fingerprint library is not installed on this server.")
    try:
        audiofile.check_upload(path, path.name)
        mine = audiofile.fingerprint(path)
    except audiofile.BadAudio as error:
        return None, Look(title, "unavailable", f"It cannot be listened to: {error.message}")
    if mine is None:
        return None, Look(title, "unavailable", "It is too short for a fingerprint.")
    best: tuple[float, Recording] | None = None
    for recording in published().exclude(master__wav__analysis__fingerprint="")[:COMPARED]:
        wav = recording.master.wav
        if wav is None or not hasattr(wav, "analysis"):
            continue
        likeness = audiofile.match(mine, wav.analysis.fingerprint)
        if likeness >= audiofile.MATCH_THRESHOLD and (best is None or likeness > best[0]):
            best = (likeness, recording)
    if best is None:
        return None, Look(title, "none", "It sounds like nothing that was released here.")
    return best[1], Look(title, "match", f"It sounds like “{best[1].title}” ({best[0]:.0%} alike).")


def _digest_look(sha256: str, recording: Recording | None) -> Look:
    title = "By its bytes"
    if recording is None:
        return Look(title, "none", "These exact bytes did not leave this house.")
    return Look(title, "match", f"Bit for bit a file of “{recording.title}” that left this house.")


def _manifest_look(manifest: ManifestReport) -> Look:
    title = "By its credentials"
    match manifest.state:
        case State.ABSENT:
            return Look(
                title, "none", "The file carries no C2PA manifest. Many players and services strip it."
            )
        case State.TRUSTED:
            return Look(title, "match", "Its C2PA manifest is intact and signed by this label.")
        case State.VALID:
            return Look(
                title, "none", f"Its C2PA manifest is intact and not ours: {manifest.signer or 'somebody'}."
            )
        case State.INVALID | State.BROKEN:
            return Look(title, "mismatch", manifest.state.sentence)
