"""The job `release.package`.

1. Check: the release is approved as it stands, and every gate is open.
2. Wait until the masters' entries have their place in the log, so that what is signed can carry the proof.
3. Sign each track. Kept at once, in a commit of its own: a worker that dies loses one track's work at most.
4. Make the evidence bundle, the message, the dossiers, labels and label copy; any error ends the job with its reasons.
5. Pack, store, and write all of it in the last commit, where the release becomes packaged.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from provenance import assets, blobs, jobs
from provenance.blobs import Staged
from provenance.services import Entry
from release import credentials
from release.c2pa import Signer
from release.packaging import archive, audio, evidence, message, methods, papers
from release.packaging.archive import Part, part_of
from release.packaging.audio import SignedTrack
from release.packaging.facts import PackageFacts, TrackFacts, gather
from release.services import packages
from release.services.packages import MadePart

WORK_PREFIX = "package-"
LEFT_BEHIND_S = 24 * 3600
_MEDIA_TYPES = {
    ".html": "text/html",
    ".pdf": "application/pdf",
    ".json": "application/json",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".zip": "application/zip",
}


def build_package(claim: jobs.Claim) -> None:
    """Build the package that the claim names. A second run reuses signed audio and leaves a built package alone."""
    package = packages.package_to_build(claim.payload["package"])
    if package.asset_id is not None:
        return
    packages.check_gates(package.release)
    facts = gather(package)
    folder = Path(settings.DEADWAX_DATA) / "run"
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=WORK_PREFIX) as work:
        _Builder(claim=claim, facts=facts, folder=Path(work)).run()


def _sweep(folder: Path) -> None:
    """Remove what builds that were killed left behind; a build takes minutes, so a day is ample."""
    for left in folder.glob(f"{WORK_PREFIX}*"):
        if time.time() - left.stat().st_mtime > LEFT_BEHIND_S:
            shutil.rmtree(left, ignore_errors=True)


@dataclass(kw_only=True)
class _Builder:
    claim: jobs.Claim
    facts: PackageFacts
    folder: Path
    parts: list[Part] = field(default_factory=list)
    """What is neither audio nor its credentials, as it is made."""
    done: int = 0

    @property
    def total(self) -> int:
        return 2 * len(self.facts.tracks) + 5

    def step(self, note: str) -> None:
        self.claim.progress(self.done, self.total, note)
        self.done += 1

    def run(self) -> None:
        facts = self.facts
        self.step("waiting for the log")
        entries = {
            track.recording.isrc: evidence.master_entry(
                track.master, track.evidence.map.produced_by.get(track.evidence.map.target, "")
            )
            for track in facts.tracks
        }
        carried = {
            track.recording.isrc: evidence.key_entries(track, entries[track.recording.isrc])
            for track in facts.tracks
        }
        evidence.wait_for_places(entry for found in carried.values() for _, entry in found)

        cover = self.cover()
        signed = self.signed(carried, cover)

        self.step("gathering the evidence")
        found = evidence.entries_of(facts)
        evidence.wait_for_places(found)
        named: dict[str, str | Path] = {
            part.path: part.sha256 for item in signed.values() for part in (item.wav, item.flac)
        }
        named |= {part.path: self.folder / part.path for item in signed.values() for part in item.sidecars}
        named |= {
            f"masters/{track.recording.isrc}.wav": track.evidence.map.target for track in facts.tracks
        } | {cover.path: cover.sha256}
        report = evidence.write_bundle(self.place(papers.BUNDLE), facts, found, named=named)
        self.keep(papers.BUNDLE, role="evidence_bundle")

        self.step("writing and checking the message")
        checked = message.checked_message(self.folder, facts, signed, cover)
        self.write(f"{message.FOLDER}/{facts.release.gtin}.xml", checked.xml, role="ern")

        can_be_filed = {}
        for track in facts.tracks:
            self.step(f"dossier of {track.full_title}")
            rendered = papers.dossier(facts, track, report)
            self.write(f"dossiers/{track.recording.isrc}.pdf", rendered.pdf, role="dossier")
            self.write(f"dossiers/{track.recording.isrc}.json", rendered.data, role="dossier_data")
            can_be_filed[track.recording.isrc] = _filing(rendered.data)
            if (account := methods.page(track)) is not None:
                self.write(f"{methods.FOLDER}/{track.recording.isrc}.html", account, role="how_made")

        self.step("labels and label copy")
        told = papers.receivers(facts)
        for name, value in told.items():
            self.write(f"labels/{name}.json", papers.to_json(value), role="labels")
        copy = papers.label_copy(facts)
        self.write("label-copy.json", papers.to_json(copy), role="label_copy")
        self.write("label-copy.txt", papers.label_copy_text(copy).encode(), role="label_copy")

        self.step("packing")
        audio_parts = [part for item in signed.values() for part in item.parts]
        listed = [*audio_parts, cover, *self.parts]
        paths = {part.path for part in listed} | {"README.txt", archive.CHECKSUMS}
        listed.append(self.write("README.txt", papers.readme(facts, paths).encode(), role="readme"))
        self.write(archive.CHECKSUMS, archive.checksums(listed), role="checksums", media_type="text/plain")
        packed = self.folder / ".package.zip"
        archive.write_zip(packed, self.folder, sorted(paths))

        made = [self.staged(part) for part in [cover, *self.parts]]
        whole = self.stage(packed)
        checks = {
            "ern": checked.to_json(),
            "bundle": {
                "entries": report.entries, "disclosed": report.disclosed, "withheld": report.withheld,
                "size": report.size, "root": report.root, "origin": report.origin,
            },
            "tracks": [_track_checks(track, signed[track.recording.isrc], can_be_filed) for track in facts.tracks],
            "receivers": [_told(value) for value in told.values()],
        }  # fmt: skip
        with self.claim.commit(done=True):
            packages.check_gates(facts.release)
            packages.finish_package(
                facts.package,
                made=made,
                archive=whole,
                checks=checks,
                ern_verdict=checked.verdict,
                checkpoint_size=report.size,
            )

    # -- audio

    def cover(self) -> Part:
        facts = self.facts
        path = f"{message.FOLDER}/resources/{facts.release.gtin}.{facts.cover_extension}"
        self.fetch(facts.cover.asset.sha256, path)
        return part_of(self.folder, path, media_type=facts.cover.asset.media_type, role="artwork")

    def signed(
        self, carried: dict[str, tuple[tuple[str, Entry], ...]], cover: Part
    ) -> dict[str, SignedTrack]:
        """ISRC -> signed files, in the folder. What an earlier run kept is taken from the store."""
        facts = self.facts
        kept = {part["path"]: part for part in packages.signed_parts(facts.package)}
        picture = audio.embedded_cover((self.folder / cover.path).read_bytes())
        signer: Signer | None = None
        found = {}
        for track in facts.tracks:
            isrc = track.recording.isrc
            self.step(f"tagging and signing {track.full_title}")
            if set(audio.paths_of(track).values()) <= kept.keys():
                found[isrc] = self.reuse(track, kept)
                continue
            signer = signer or credentials.signer()
            ledger = evidence.ledger_assertion(
                carried[isrc],
                master_sha256=track.evidence.map.target,
                isrc=isrc,
                rules=track.evidence.map.rules,
            )
            item = audio.sign_track(
                self.folder, facts, track, entry=carried[isrc][0][1], ledger=ledger, cover=picture, signer=signer
            )  # fmt: skip
            assert track.master.wav is not None
            assert track.master.flac is not None
            probes = {"signed_wav": track.master.wav.probe, "signed_flac": track.master.flac.probe}
            made = [
                self.staged(part, probe=probes.get(part.role), recording=str(track.recording.pk))
                for part in item.parts
            ]
            with self.claim.commit():
                packages.keep_signed(facts.package, track.recording, made=made)
            found[isrc] = item
        return found

    def reuse(self, track: TrackFacts, kept: dict[str, dict[str, Any]]) -> SignedTrack:
        parts = {}
        for name, path in audio.paths_of(track).items():
            self.fetch(kept[path]["sha256"], path)
            parts[name] = Part(
                **{key: kept[path][key] for key in ("path", "sha256", "size", "media_type", "role")}
            )
        return SignedTrack(
            wav=parts["wav"],
            flac=parts["flac"],
            sidecars=(parts["wav_credential"], parts["flac_credential"]),
        )

    # -- files

    def place(self, path: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def fetch(self, sha256: str, path: str) -> None:
        with blobs.store().local_path(sha256) as stored:
            shutil.copyfile(stored, self.place(path))

    def write(self, path: str, data: bytes, *, role: str, media_type: str = "") -> Part:
        self.place(path).write_bytes(data)
        return self.keep(path, role=role, media_type=media_type)

    def keep(self, path: str, *, role: str, media_type: str = "") -> Part:
        part = part_of(self.folder, path, media_type=media_type or _MEDIA_TYPES[Path(path).suffix], role=role)
        self.parts.append(part)
        return part

    def staged(self, part: Part, *, probe: dict[str, Any] | None = None, recording: str = "") -> MadePart:
        return MadePart(
            path=part.path,
            staged=self.stage(self.folder / part.path),
            media_type=part.media_type,
            role=part.role,
            probe=probe or {},
            recording=recording,
        )

    def stage(self, path: Path) -> Staged:
        with path.open("rb") as stream:
            return assets.ingest(stream, limit_bytes=path.stat().st_size)


def _filing(data: bytes) -> list[dict[str, Any]]:
    """What the dossier says about filing: form, whether it can be filed, what is claimed and what is excluded."""
    return [
        {
            "form": item["form"],
            "can_be_filed": item["can_be_filed"],
            "created": item["created"],
            "excluded": item["excluded"],
            "problems": [f"{problem['sentence']} {problem['cure']}" for problem in item["problems"]],
        }
        for item in json.loads(data)["applications"]
    ]


def _track_checks(
    track: TrackFacts, signed: SignedTrack, filing: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    isrc = track.recording.isrc
    return {
        "isrc": isrc,
        "title": track.full_title,
        "contains_ai": track.contains_ai,
        "wav_sha256": signed.wav.sha256,
        "flac_sha256": signed.flac.sha256,
        "filing": filing[isrc],
    }


def _told(value: dict[str, Any]) -> dict[str, Any]:
    """What one receiver is told, short enough for a page."""
    return {
        "receiver": value["receiver"],
        "title": value["title"],
        "outcome": value["outcome"],
        "tracks": [
            {
                "title": track["title"],
                "fields": [
                    {"name": field["name"], "values": field["values"]}
                    for field in track["fields"]
                    if field["values"]
                ],
                "notices": [f"{notice['sentence']} {notice['cure']}".strip() for notice in track["notices"]],
                "questions": track["questions"],
            }
            for track in value["tracks"]
        ],
    }
