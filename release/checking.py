"""The stranger's question: is this file known, is it intact, what in it is human and what is AI.

Independent looks, each named in the answer: the exact bytes (digest), the signed manifest (C2PA) with its time stamp
and the ledger's proof in it, the sound (acoustic fingerprint) and, where that finds a recording, its very samples and
the manifest that was kept when the file's own was stripped. Only recordings of packaged releases are named; what is not
out yet is nobody's business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.db.models import Q, QuerySet

from provenance import audiofile, blobs, keys
from provenance.audiofile.reading import counted_blocks, open_audio
from provenance.errors import SystemFault
from provenance.services import Asset
from provenance.sniff import sniff
from provenance.soundalikes import soundalikes
from release import audiotags, credentials
from release.c2pa import LedgerProof, ManifestReport, Stamp, State, check_ledger
from release.evidence import Evidence, evidence_for
from release.models import Package, Recording, Release

#: Longer recordings are not compared sample by sample while somebody waits.
COMPARED_S = 20 * 60


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
    proof: LedgerProof | None = None


def identify(path: Path) -> Answer:
    """Look at a file in all ways. Never raises for what the file holds."""
    sha256 = _digest(path)
    exact = _by_digest(sha256)
    manifest, ours = credentials.read(path)
    proof = _proof(manifest)
    claimed = _by_manifest(manifest) if ours else None
    sounding, fingerprint_look = _by_sound(path)
    recording, same = exact or claimed or sounding, None
    if exact is None and claimed is None:
        recording, same = _by_samples(path, sounding)
    looks = [_digest_look(sha256, exact), _manifest_look(manifest, ours=ours)]
    if manifest.state in (State.TRUSTED, State.VALID):
        looks.append(_stamp_look(manifest))
    if proof is not None and manifest.signature_holds:
        looks.append(_proof_look(proof))
    looks.append(fingerprint_look)
    if recording is not None and exact is None and claimed is None:
        looks.append(_samples_look(same, recording))
    if manifest.state is State.ABSENT and recording is not None:
        looks += _kept_looks(path, recording, exact=exact is not None)
    if exact is not None:
        verdict, headline = "known", "Known, and intact"
    elif claimed is not None:
        verdict, headline = "known", "Known by its signed manifest"
    elif recording is not None:
        known = "Known by its samples" if same else "Known"
        verdict, headline = "altered", f"{known}, but not the file that left the house"
    else:
        verdict, headline = "unknown", "Not known here"
    release = None
    if recording is not None:
        track = recording.tracks.filter(active=True, release__packages__asset__isnull=False).first()
        release = track.release if track else None
    evidence = evidence_for(recording.master) if recording else None
    return Answer(sha256, verdict, headline, tuple(looks), recording, release, evidence, manifest, proof)


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


def _proof(manifest: ManifestReport) -> LedgerProof | None:
    """The ledger's proof that a manifest carries, against this log's own keys; None where it carries none."""
    if not manifest.ledger or "entries" not in manifest.ledger:
        return None
    chain, size = keys.key_chain(), manifest.ledger.get("size")
    known = chain.key_for(size) if isinstance(size, int) else chain.current
    revoked = isinstance(size, int) and chain.is_revoked(known, size)
    return check_ledger(manifest.ledger, log_keys=() if revoked else (str(known),))


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
    out = published()
    alike = soundalikes(mine, among=Asset.objects.filter(pk__in=out.order_by().values("master__wav")))
    if not alike:
        return None, Look(title, "none", "It sounds like nothing that was released here.")
    best = out.filter(master__wav=alike[0].asset).first()
    assert best is not None
    words = f"It sounds like “{best.title}” ({alike[0].similarity:.0%} alike)."
    return best, Look(title, "match", words)


def _by_samples(path: Path, sounding: Recording | None) -> tuple[Recording | None, bool | None]:
    """The recording that a file without a credential of ours holds, and whether its samples are the master's.

    One that sounds like it is one, whatever its samples; one that only names an ISRC (tags are anybody's) must have
    the very samples. None: they could not be compared.
    """
    if sounding is not None:
        return sounding, _same_samples(path, sounding)
    named = _by_isrc(path)
    same = _same_samples(path, named) if named else None
    return (named, True) if same else (None, None)


def _by_isrc(path: Path) -> Recording | None:
    try:
        isrc = audiotags.read_tags(path).isrc
    except Exception:  # the parser of tags raises whatever a stranger's bytes make it trip over
        return None
    return published().filter(isrc=isrc).first() if isrc else None


def _same_samples(path: Path, recording: Recording) -> bool | None:
    master = recording.master.wav
    assert master is not None
    try:
        mine = _samples_digest(path)
        with blobs.store().local_path(master.sha256) as stored:
            theirs = _samples_digest(stored)
    except (audiofile.BadAudio, SystemFault, OSError):
        return None
    return mine == theirs


def _samples_digest(path: Path) -> tuple[int, int, str]:
    """Rate, channels and a digest of all samples, in the memory of one block. Raises BadAudio."""
    too_long = audiofile.BadAudio("too_long", "This file is too long to be compared here.")
    digest = hashlib.sha256()
    with open_audio(path) as reader:
        rate = reader.header.sample_rate_hz
        for block in counted_blocks(reader, max_samples=COMPARED_S * max(rate, 0), too_long=too_long):
            digest.update(np.ascontiguousarray(block, dtype="<f4").tobytes())
        return rate, reader.header.channels, digest.hexdigest()


def _digest_look(sha256: str, recording: Recording | None) -> Look:
    title = "By its bytes"
    if recording is None:
        return Look(title, "none", "These exact bytes did not leave this house.")
    return Look(title, "match", f"Bit for bit a file of “{recording.title}” that left this house.")


def _manifest_look(manifest: ManifestReport, *, ours: bool) -> Look:
    title, signer = "By its credentials", manifest.signer or "somebody"
    match manifest.state:
        case State.ABSENT:
            return Look(
                title, "none", "The file carries no C2PA manifest. Many players and services strip it."
            )
        case State.TRUSTED if ours:
            return Look(title, "match", "Its C2PA manifest is intact and signed by this label.")
        case State.TRUSTED:
            return Look(
                title,
                "none",
                f"Its C2PA manifest is intact, of a signer who is trusted here, and not ours: {signer}.",
            )
        case State.VALID:
            return Look(
                title,
                "none",
                f"Its C2PA manifest is intact and not ours: {signer}. Nobody vouches for that name here.",
            )
        case State.BROKEN if ours and manifest.signature_holds:
            return Look(title, "mismatch", "This label signed the file, and it was changed since.")
        case State.INVALID | State.BROKEN:
            return Look(title, "mismatch", manifest.state.sentence)


def _stamp_look(manifest: ManifestReport) -> Look:
    """When it was signed, as far as somebody else says so."""
    title, when = "By its time stamp", manifest.signed_at[:19].replace("T", " ")
    match manifest.timestamp:
        case Stamp.TRUSTED:
            return Look(
                title,
                "match",
                f"A time authority that is trusted here saw the signature at {when} UTC. It is not younger.",
            )
        case Stamp.UNTRUSTED:
            return Look(
                title,
                "none",
                f"A time stamp says {when} UTC. Its authority is not trusted here, so it proves nothing.",
            )
        case Stamp.BROKEN:
            return Look(title, "mismatch", "The time stamp on the signature does not hold.")
        case Stamp.NONE:
            return Look(
                title,
                "none",
                "No time authority stamped the signature: when it was made, only the signer says.",
            )


def _proof_look(proof: LedgerProof) -> Look:
    title = "By its proof"
    if not proof.ok:
        return Look(title, "mismatch", proof.sentence)
    return Look(title, "match" if proof.ours else "none", proof.sentence)


def _samples_look(same: bool | None, recording: Recording) -> Look:
    title = "By its samples"
    if same is None:
        return Look(title, "unavailable", "Its samples could not be compared.")
    if not same:
        return Look(
            title, "none", "Its samples are not the master's: it was cut, converted, compressed or changed."
        )
    return Look(
        title,
        "match",
        f"Every sample is that of the master of “{recording.title}”. Only what stands around the sound was changed.",
    )


def _kept_looks(path: Path, recording: Recording, *, exact: bool) -> list[Look]:
    """What the label's kept copy of the manifest says about a file whose own is gone."""
    title = "By its kept credentials"
    package = (
        Package.objects.filter(parts__contains=[{"recording": str(recording.pk)}], asset__isnull=False)
        .order_by("-created_at")
        .first()
    )
    kind = "credential_flac" if sniff(path) == "flac" else "credential_wav"
    for part in package.parts if package else ():
        if part["role"] != kind or part.get("recording") != str(recording.pk):
            continue
        try:
            with blobs.store().open(part["sha256"]) as stream:
                sidecar = stream.read()
        except (SystemFault, OSError):
            break
        report, ours = credentials.read(path, sidecar=sidecar)
        if ours and report.state is State.TRUSTED:
            return [
                Look(
                    title,
                    "match",
                    "The manifest is not in the file. The copy kept here fits it, byte for byte.",
                )
            ]
        if ours and report.signature_holds:
            found = [
                Look(
                    title, "none",
                    "The manifest was stripped from the file. The copy kept here, found by the recording, is intact "
                    "and was signed by this label"
                    + (f" at {report.signed_at[:19].replace('T', ' ')} UTC" if report.signed_at else "")
                    + ". It covers the file that left the house, not these bytes"
                    + (": this is the master before it was tagged." if exact else "."),
                )
            ]  # fmt: skip
            if (proof := _proof(report)) is not None:
                found.append(_proof_look(proof))
            return found
        return [Look(title, "mismatch", "The copy of the manifest that was kept here is damaged.")]
    return [Look(title, "unavailable", "No copy of its manifest is kept here.")]
