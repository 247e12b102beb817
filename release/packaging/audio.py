"""Masters as they leave the house: a copy of the samples, tagged, then signed, then read back."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from PIL import Image

from generation.models import Render, Upload
from provenance import blobs, canonical
from provenance.elements import role_label
from provenance.services import Asset, Entry
from release import audiotags, c2pa
from release.audiotags import Tags
from release.c2pa import Ingredient, Manifest, Signer
from release.errors import SystemFault
from release.packaging.archive import Part, part_of
from release.packaging.facts import GENERATOR, PackageFacts, TrackFacts, generator_version
from release.training import training_answers

EMBEDDED_COVER_PX = 1400
"""A player needs no more, and every track carries it."""

MediaType = Literal["audio/wav", "audio/flac"]
FOLDERS: dict[MediaType, str] = {"audio/wav": "ern/resources", "audio/flac": "flac"}


class CredentialWrong(SystemFault):
    """A file that was just signed does not read back as signed."""

    code = "credential_wrong"


@dataclass(frozen=True, kw_only=True)
class SignedTrack:
    """The four files of one track: WAV and FLAC, and for each the credential beside it, in case a tool strips it."""

    wav: Part
    flac: Part
    sidecars: tuple[Part, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.wav, self.flac, *self.sidecars)


def paths_of(track: TrackFacts) -> dict[str, str]:
    """Where a track's files lie in the package, by what they are."""
    isrc = track.recording.isrc
    return {
        "wav": f"{FOLDERS['audio/wav']}/{isrc}.wav",
        "flac": f"{FOLDERS['audio/flac']}/{isrc}.flac",
        "wav_credential": f"c2pa/{isrc}.wav.c2pa",
        "flac_credential": f"c2pa/{isrc}.flac.c2pa",
    }


def embedded_cover(data: bytes) -> bytes:
    """The cover as it goes into the audio files: a JPEG that players can hold."""
    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as image:
        small = image.convert("RGB").resize((EMBEDDED_COVER_PX, EMBEDDED_COVER_PX), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, format="JPEG", quality=88, optimize=True)
    return out.getvalue()


def tags_of(facts: PackageFacts, track: TrackFacts, cover: bytes) -> Tags:
    """What is written into both files of a track."""
    release, recording = facts.release, track.recording
    return Tags(
        title=track.full_title,
        artists=(recording.artist.name,),
        album=release.title,
        album_artist=release.artist.name,
        isrc=recording.isrc,
        barcode=release.gtin,
        catalogue_number=release.catalogue_number,
        label=release.imprint.name,
        p_line=f"\u2117 {recording.p_line_year} {recording.p_line_owner}",
        c_line=f"\u00a9 {release.c_line_year} {release.c_line_owner}",
        date=release.release_date.isoformat() if release.release_date else "",
        track_number=track.number,
        track_total=len(facts.tracks),
        disc_number=1,
        disc_total=1,
        genre=release.genre,
        composers=track.named("composer"),
        lyricists=track.named("lyricist"),
        explicit=recording.explicit,
        ai_involvement=track.contains_ai,
        cover=cover,
    )


def sign_track(
    folder: Path, facts: PackageFacts, track: TrackFacts, *, entry: Entry, ledger: dict[str, object], cover: bytes,
    signer: Signer,
) -> SignedTrack:  # fmt: skip
    """Make the four files below `folder`. Tags first, signature last: tagging a signed file would break it.

    Raises what `c2pa.sign` raises, and `CredentialWrong`.
    """
    assert track.master.wav is not None
    assert track.master.flac is not None
    tags, where = tags_of(facts, track, cover), paths_of(track)
    manifest = Manifest(
        title=f"{track.recording.artist.name}: {track.full_title}",
        media_type="audio/wav",
        actions=(),
        ledger=ledger,
        training=training_answers(facts.release).answers,
        generator=GENERATOR,
        generator_version=generator_version(),
    )
    made: dict[str, Part] = {}
    sidecars: list[Part] = []
    with _ingredients(track) as ingredients:
        manifest = replace(
            manifest,
            ingredients=ingredients,
            actions=c2pa.actions_for(
                track.findings,
                when=canonical.timestamp(entry.at),
                ingredients=ingredients,
                tool=GENERATOR,
                tool_version=generator_version(),
            ),
        )
        masters: tuple[tuple[str, MediaType, Asset], ...] = (
            ("wav", "audio/wav", track.master.wav),
            ("flac", "audio/flac", track.master.flac),
        )
        for kind, media_type, master in masters:
            target, sidecar = folder / where[kind], folder / where[f"{kind}_credential"]
            for path in (target, sidecar):
                path.parent.mkdir(parents=True, exist_ok=True)
            tagged = target.with_name(f".tagged-{target.name}")
            with blobs.store().local_path(master.sha256) as stored:
                shutil.copyfile(stored, tagged)
            audiotags.write_tags(tagged, tags)
            signed = c2pa.sign(tagged, target, replace(manifest, media_type=media_type), signer)
            tagged.unlink()
            sidecar.write_bytes(signed.sidecar)
            read_back(target, tags=tags, signer=signer, ledger=ledger)
            made[kind] = part_of(folder, where[kind], media_type=media_type, role=f"signed_{kind}")
            sidecars.append(
                part_of(
                    folder,
                    where[f"{kind}_credential"],
                    media_type="application/c2pa",
                    role=f"credential_{kind}",
                )
            )
    return SignedTrack(wav=made["wav"], flac=made["flac"], sidecars=tuple(sidecars))


def read_back(path: Path, *, tags: Tags, signer: Signer, ledger: dict[str, object]) -> None:
    """Return when the file says what it should, to somebody who has only the file. Raises `CredentialWrong`,
    `TagsDiffer`."""
    if audiotags.read_tags(path) != tags:
        raise CredentialWrong(f"{path.name} lost its tags while it was signed.")
    report = c2pa.read_manifest(
        path, anchors_pem=signer.anchors_pem, timestamp_roots_pem=signer.timestamp_roots_pem
    )
    if report.state is not c2pa.State.TRUSTED or report.ledger is None:
        raise CredentialWrong(f"{path.name}: {report.state.sentence} {', '.join(report.problems)}")
    if signer.timestamps and report.timestamp is not c2pa.Stamp.TRUSTED:
        raise CredentialWrong(
            f"{path.name}: the time stamp on its signature is {report.timestamp.value}. The authority's certificate "
            "does not lead to the roots that the outside places name for it: correct its roots file."
        )
    if report.ledger.get("entry") != ledger["entry"]:
        raise CredentialWrong(f"{path.name} names another entry of the ledger than the master's.")
    proof = c2pa.check_ledger(report.ledger, log_keys=(str(ledger["log_key"]),))
    if not (proof.ok and proof.ours):
        raise CredentialWrong(f"{path.name}: {proof.sentence}")


@contextlib.contextmanager
def _ingredients(track: TrackFacts) -> Iterator[tuple[Ingredient, ...]]:
    """Every source in the lineage. What brought a credential of its own is handed in whole, so that it is kept.

    Names are the public ones: track names of the arrangement, else the role. What people called their uploads
    is sealed.
    """
    found = track.evidence.map
    assert track.master.wav is not None
    assert track.master.flac is not None
    own = {track.master.wav.sha256, track.master.flac.sha256}
    own |= set(Render.objects.filter(asset__sha256__in=found.assets).values_list("asset__sha256", flat=True))
    names = {region.asset: region.track or role_label(region.role) for region in found.regions}
    sources = Asset.objects.filter(sha256__in=[*found.assets, *names]).exclude(sha256__in=own)
    rows = {asset.sha256: asset for asset in sources}
    carrying = set(
        Upload.objects.filter(asset__sha256__in=rows).exclude(c2pa={}).values_list("asset__sha256", flat=True)
    )
    heard = [sha256 for sha256 in rows if sha256 in names]
    # a finished recording that was brought in and mastered is opened, not composed
    parent = heard[0] if len(heard) == 1 and Upload.objects.filter(asset__sha256=heard[0]).exists() else ""
    with contextlib.ExitStack() as stack:
        yield tuple(
            Ingredient(
                title=names.get(sha256) or role_label(found.roles.get(sha256, "other")),
                sha256=sha256,
                media_type=rows[sha256].media_type,
                relationship="parentOf"
                if sha256 == parent
                else "componentOf"
                if sha256 in names
                else "inputTo",
                origins=frozenset(found.asset_origins.get(sha256, frozenset())),
                path=stack.enter_context(blobs.store().local_path(sha256)) if sha256 in carrying else None,
            )
            for sha256 in sorted(rows, key=lambda key: (key not in names, names.get(key, ""), key))
        )
