"""What artists bring in: checked before anything is kept, declared by the artist, analysed afterwards."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from artists.models import User
from generation import attribution as rules
from generation import events, queue
from generation.errors import BadValue, NotPossible
from generation.models import Project, ToolTerms, Upload
from generation.services import declaring, notes_file
from generation.services.common import ref, text
from generation.services.papers import take_paper
from provenance import assets, audiofile, credential, trusted_roots
from provenance.blobs import Staged, TooLarge
from provenance.blobs.base import full
from provenance.credential import Credential
from provenance.events import AssetRef
from provenance.ledger import Actor, record

Declared = Upload.Declared
#: What every browser plays by itself; the rest gets a copy.
PLAYABLE = frozenset({"audio/wav", "audio/flac", "audio/mpeg", "audio/ogg"})
CHUNK_BYTES = 1 << 20


def import_upload(
    project: Project,
    *,
    file: BinaryIO,
    filename: str,
    name: str,
    role: str,
    declared: str,
    elements: Iterable[str] | None = None,
    borrowed: Iterable[str] = (),
    absent: Iterable[str] = (),
    terms: ToolTerms | None = None,
    tool_name: str = "",
    plan: str = "",
    made_on: dt.date | None = None,
    terms_snapshot: BinaryIO | None = None,
    receipt: BinaryIO | None = None,
    licence: str = "",
    attribution: str = "",
    may_be_sold: bool = True,
    may_be_input: bool = False,
    captured: bool = False,
    prompt: str = "",
    actor: User,
) -> Upload:
    """Take a recording or a file of notes in. Raises `BadAudio`, `BadNotes`, `TooLarge`, `BadValue`, `StorageFull`;
    then nothing of it is kept.

    `elements`: what the declaration covers of what the role carries; None means all of it. `borrowed`: somebody
    else wrote it (a cover); `absent`: it is not there (a wordless vocal). The rest stays unknown. `captured`: the
    browser recorded it on a page of this site, so that its making is observed. An AI tool without terms comes in as
    unknown and is not sold until `state_terms`. `upload.warnings` are sentences for the person who uploaded it.
    """
    filename = text(filename, field="file", what="file name", most=255)
    stem = Path(filename.replace("\\", "/")).stem
    name = text(name or stem[:120], field="name", what="name", most=120, required=True)
    stated = declaring.checked(
        role=role, declared=declared, elements=elements, borrowed=borrowed, absent=absent, terms=terms,
        tool_name=tool_name, plan=plan, made_on=made_on, licence=licence, attribution=attribution,
        may_be_sold=may_be_sold, may_be_input=may_be_input, captured=captured, prompt=prompt,
    )  # fmt: skip

    # 1. Look at the file before it is stored: what cannot be used never enters the store.
    with _on_disk(file) as path:
        taken = _taken(path, filename)
    papers = {
        "terms_snapshot": take_paper(terms_snapshot, field="terms_snapshot", what="snapshot of the terms"),
        "receipt": take_paper(receipt, field="receipt", what="receipt"),
    }
    # 2. Bytes that the ledger knew before cannot have been recorded just now.
    known_as = _known_as(taken.sound.sha256)
    if captured and (known_as or taken.found is not None):
        raise BadValue(
            "This is not a recording of just now: the platform knows it, or it carries a credential. Upload it as a "
            "file.",
            field="file",
        )
    # 3. What the sound is, element by element.
    midi = taken.midi.sha256 if taken.midi else ""
    authorship = declaring.authorship_of(taken.sound.sha256, stated, taken.found, midi=midi)

    with transaction.atomic():
        upload = Upload(
            project=project,
            name=name,
            role=role,
            declared=declared,
            elements=sorted(stated.covered),
            terms=stated.terms,
            tool_name=stated.tool_name,
            plan=stated.plan,
            made_on=stated.made_on,
            licence=stated.licence,
            attribution=stated.attribution,
            may_be_sold=stated.may_be_sold,
            may_be_input=stated.may_be_input,
            captured=stated.captured,
            c2pa=taken.found.to_json() if taken.found else {},
            already_known_as=known_as,
            uploaded_by=actor,
        )
        upload.entry = record(
            events.UploadImported(
                stream=project.stream,
                subjects=(
                    ref("upload", upload),
                    *((ref("terms", stated.terms),) if stated.terms else ()),
                    *(f"asset:{paper.sha256}" for paper in papers.values() if paper),
                ),
                outputs=tuple(AssetRef(role=role, sha256=sha256) for sha256 in authorship["outputs"]),
                authorship=authorship,
                role=role,
                declared=declared,
                declared_words=stated.words,
                content="notes" if midi else "audio",
                captured=stated.captured,
                elements=tuple(sorted(stated.covered)),
                media_type=taken.media_type,
                duration_ms=taken.duration_ms,
                size_bytes=taken.sound.size,
                may_be_sold=upload.may_be_sold,
                may_be_input=upload.may_be_input,
                tool=stated.terms.tool.key if stated.terms else "",
                tool_name=stated.tool_name,
                terms_version=stated.terms.version if stated.terms else None,
                terms_words=stated.terms_words,
                plan=stated.plan,
                made_on=stated.made_on.isoformat() if stated.made_on else "",
                terms_snapshot=papers["terms_snapshot"].sha256 if papers["terms_snapshot"] else "",
                receipt=papers["receipt"].sha256 if papers["receipt"] else "",
                credential=upload.c2pa or None,
                already_known_as=known_as,
                name=name,
                filename=filename,
                licence=stated.licence,
                credit=stated.attribution,
                prompt=stated.prompt,
            ),
            actor=actor,
        )
        upload.asset = assets.register(
            taken.sound, entry=upload.entry, media_type=taken.media_type, probe=taken.probe
        )
        if taken.midi is not None:
            upload.midi = assets.register(
                taken.midi, entry=upload.entry, media_type="audio/midi", probe=taken.probe
            )
        for field, paper in papers.items():
            setattr(upload, field, paper.register(upload.entry) if paper else None)
        upload.save(force_insert=True)
        if taken.midi is None:
            queue.enqueue_analysis(project, upload_id=str(upload.pk), actor=actor)
    return upload


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """A file that passed: its stored bytes, and for notes the same as MIDI."""

    sound: Staged
    media_type: str
    duration_ms: int
    probe: dict[str, Any]
    found: Credential | None = None
    midi: Staged | None = None


def _taken(path: Path, filename: str) -> _Taken:
    if notes_file.is_notes(path, filename):
        read = notes_file.read(path, filename)
        original = assets.ingest(path.read_bytes())
        return _Taken(
            sound=original,
            media_type=read.media_type,
            duration_ms=read.duration_ms,
            probe=read.probe,
            # Never the file as it came: what was read of it, written anew.
            midi=assets.ingest(read.midi),
        )
    probe = audiofile.check_upload(path, filename)
    found = credential.read(path, probe.media_type, trust=trusted_roots.believed())
    with path.open("rb") as checked:
        staged = assets.ingest(checked)
    return _Taken(
        sound=staged,
        media_type=probe.media_type,
        duration_ms=probe.duration_ms,
        probe=probe.to_json(),
        found=found,
    )


def state_terms(
    upload: Upload,
    *,
    terms: ToolTerms,
    plan: str = "",
    made_on: dt.date | None = None,
    terms_snapshot: BinaryIO | None = None,
    receipt: BinaryIO | None = None,
    actor: User,
) -> Upload:
    """Say later under which terms something came that an AI tool made. What was said at the import stays in its entry.

    Raises `NotPossible` for anything else, and where terms are stated already and this brings no paper: then it would
    be one word against another.
    """
    if upload.declared != Declared.EXTERNAL_TOOL and not upload.c2pa.get("generated"):
        raise NotPossible("Only what an AI tool made comes under a tool's terms.")
    plan = text(plan, field="plan", what="plan", most=60)
    day = declaring.day_made(made_on)
    snapshot = take_paper(terms_snapshot, field="terms_snapshot", what="snapshot of the terms")
    proof = take_paper(receipt, field="receipt", what="receipt")
    if upload.terms_id is not None and snapshot is None and proof is None:
        raise NotPossible(
            f"Its terms are stated already: {upload.terms}. Bring the terms of that day or a receipt to state others."
        )
    with transaction.atomic():
        row = (
            Upload.objects.select_for_update(of=("self",))
            .select_related("project", "terms__tool")
            .get(pk=upload.pk)
        )
        before = row.terms
        row.entry = record(
            events.UploadTermsStated(
                stream=row.project.stream,
                subjects=(
                    ref("upload", row),
                    ref("terms", terms),
                    *(f"asset:{paper.sha256}" for paper in (snapshot, proof) if paper),
                ),
                tool=terms.tool.key,
                terms_version=terms.version,
                tool_before=before.tool.key if before else row.tool_name,
                terms_version_before=before.version if before else None,
                plan=plan,
                made_on=day.isoformat() if day else "",
                terms_snapshot=snapshot.sha256 if snapshot else "",
                receipt=proof.sha256 if proof else "",
                name=row.name,
            ),
            actor=actor,
        )
        row.terms, row.plan, row.made_on = terms, plan or row.plan, day or row.made_on
        row.terms_snapshot = snapshot.register(row.entry) if snapshot else row.terms_snapshot
        row.receipt = proof.register(row.entry) if proof else row.receipt
        row.save()
    return row


def needs_playback(upload: Upload) -> bool:
    """Whether browsers need a copy in another format."""
    return upload.kind == "audio" and upload.playback_id is None and upload.asset.media_type not in PLAYABLE


def add_playback(upload: Upload, *, flac: Staged, probe: dict[str, Any]) -> Upload:
    """Keep a playable copy; it inherits all from the original, which stays the upload's asset."""
    with transaction.atomic():
        row = (
            Upload.objects.select_for_update(of=("self",))
            .select_related("project", "asset")
            .get(pk=upload.pk)
        )
        if row.playback_id is not None:
            return row
        entry = record(
            events.UploadPrepared(
                stream=row.project.stream,
                subjects=(ref("upload", row),),
                inputs=(AssetRef(role=row.role, sha256=row.asset.sha256),),
                outputs=(AssetRef(role=row.role, sha256=flac.sha256),),
                authorship=rules.transcode(flac.sha256, row.asset.sha256, row.role),
                media_type="audio/flac",
                duration_ms=int(probe["duration_ms"]),
            ),
            actor=Actor.worker("intake"),
        )
        row.playback = assets.register(flac, entry=entry, media_type="audio/flac", probe=probe)
        row.entry = entry
        row.save()
    return row


def _known_as(sha256: str) -> str:
    """The kind of the entry that made these bytes before, empty for new ones."""
    asset = assets.by_digest(sha256)
    return asset.entry.kind if asset else ""


@contextlib.contextmanager
def _on_disk(file: BinaryIO) -> Iterator[Path]:
    """The upload as a file: its own where it has one, else a temporary copy within the limit."""
    own = getattr(file, "temporary_file_path", None)
    if own is not None:
        yield Path(own())
        return
    limit = settings.DEADWAX_UPLOAD_LIMIT_BYTES
    with tempfile.NamedTemporaryFile(prefix="deadwax-upload-") as copy:
        size = 0
        try:
            file.seek(0)
            while chunk := file.read(CHUNK_BYTES):
                size += len(chunk)
                if size > limit:
                    raise TooLarge(
                        f"This file is larger than the {limit // 10**6} MB that are accepted here."
                    )
                copy.write(chunk)
            copy.flush()
        except OSError as error:
            raise full() from error
        yield Path(copy.name)
