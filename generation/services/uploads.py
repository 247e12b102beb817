"""What artists bring in: checked before anything is kept, declared by the artist, analysed afterwards."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction

from artists.models import User
from generation import attribution, events, queue
from generation.errors import BadValue
from generation.models import Project, ToolTerms, Upload
from generation.services.common import ref, text
from provenance import assets, audiofile, credential, trusted_roots
from provenance.blobs import Staged, TooLarge
from provenance.blobs.base import full
from provenance.credential import Credential
from provenance.elements import ROLES, elements_of
from provenance.events import AssetRef
from provenance.ledger import Actor, record

Declared = Upload.Declared
#: What every browser plays by itself; the rest gets a copy.
PLAYABLE = frozenset({"audio/wav", "audio/flac", "audio/mpeg", "audio/ogg"})
CHUNK_BYTES = 1 << 20
_DECLARED_WORDS = {
    Declared.OWN_PERFORMANCE: "own performance",
    Declared.THIRD_PARTY: "somebody else's, with a licence",
    Declared.EXTERNAL_TOOL: "made with an AI tool elsewhere",
}


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
    licence: str = "",
    may_be_sold: bool = True,
    prompt: str = "",
    actor: User,
) -> Upload:
    """Take a recording in. Raises `BadAudio`, `TooLarge`, `BadValue`, `StorageFull`; then nothing of it is kept.

    `elements`: what the declaration covers of what the role carries; None means all of it. `borrowed`: somebody
    else wrote it (a cover); `absent`: it is not there (a wordless vocal). The rest stays unknown.
    `upload.warnings` are sentences for the person who uploaded it.
    """
    filename = text(filename, field="file", what="file name", most=255)
    stem = Path(filename.replace("\\", "/")).stem
    name = text(name or stem[:120], field="name", what="name", most=120, required=True)
    licence = text(licence, field="licence", what="licence", most=200)
    prompt = text(prompt, field="prompt", what="prompt", most=4000)
    others, missing = _carried(role, borrowed), _carried(role, absent)
    covered = _carried(role, elements) - others - missing
    _check_declaration(declared, terms=terms, licence=licence)

    # 1. Look at the file before it is stored: what cannot be used never enters the store.
    with _on_disk(file) as path:
        probe = audiofile.check_upload(path, filename)
        found = credential.read(path, probe.media_type, trust=trusted_roots.believed())
        with path.open("rb") as checked:
            staged = assets.ingest(checked)
    # 2. What the sound is, element by element, and whether the ledger knew these bytes before.
    authorship = _authorship(staged.sha256, role, declared, (covered, others, missing), found)
    known_as = _known_as(staged.sha256)

    with transaction.atomic():
        upload = Upload(
            project=project,
            name=name,
            role=role,
            declared=declared,
            elements=sorted(covered),
            terms=terms,
            licence=licence,
            may_be_sold=bool(may_be_sold) if declared == Declared.THIRD_PARTY else True,
            c2pa=found.to_json() if found else {},
            already_known_as=known_as,
            uploaded_by=actor,
        )
        upload.entry = record(
            events.UploadImported(
                stream=project.stream,
                subjects=(ref("upload", upload), *((ref("terms", terms),) if terms else ())),
                outputs=(AssetRef(role=role, sha256=staged.sha256),),
                authorship=authorship,
                role=role,
                declared=declared,
                declared_words=_DECLARED_WORDS[Declared(declared)],
                elements=tuple(sorted(covered)),
                content="audio",
                captured=False,
                media_type=probe.media_type,
                duration_ms=probe.duration_ms,
                size_bytes=staged.size,
                may_be_sold=upload.may_be_sold,
                may_be_input=upload.may_be_input,
                tool=terms.tool.key if terms else "",
                terms_version=terms.version if terms else None,
                credential=upload.c2pa or None,
                already_known_as=known_as,
                name=name,
                filename=filename,
                licence=licence,
                prompt=prompt,
            ),
            actor=actor,
        )
        upload.asset = assets.register(
            staged, entry=upload.entry, media_type=probe.media_type, probe=probe.to_json()
        )
        upload.save(force_insert=True)
        queue.enqueue_analysis(project, upload_id=str(upload.pk), actor=actor)
    return upload


def needs_playback(upload: Upload) -> bool:
    """Whether browsers need a copy in another format."""
    return upload.playback_id is None and upload.asset.media_type not in PLAYABLE


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
                authorship=attribution.transcode(flac.sha256, row.asset.sha256, row.role),
                media_type="audio/flac",
                duration_ms=int(probe["duration_ms"]),
            ),
            actor=Actor.worker("intake"),
        )
        row.playback = assets.register(flac, entry=entry, media_type="audio/flac", probe=probe)
        row.entry = entry
        row.save()
    return row


def _carried(role: str, elements: Iterable[str] | None) -> frozenset[str]:
    if role not in ROLES:
        raise BadValue(f"Choose one of the roles: {', '.join(ROLES)}.", field="role")
    carried = elements_of(role)
    if elements is None:
        return frozenset(carried)
    chosen = frozenset(elements)
    if strange := sorted(str(name) for name in chosen - set(carried)):
        raise BadValue(
            f"A {role.replace('_', ' ')} carries {', '.join(carried)}; not {', '.join(strange)}.",
            field="elements",
        )
    return chosen


def _check_declaration(declared: str, *, terms: ToolTerms | None, licence: str) -> None:
    match declared:
        case Declared.OWN_PERFORMANCE:
            pass
        case Declared.THIRD_PARTY:
            if not licence:
                raise BadValue("Write which licence covers it, and from whom.", field="licence")
        case Declared.EXTERNAL_TOOL:
            if terms is None:
                raise BadValue("Choose the tool that made it, so that its terms are known.", field="terms")
        case _:
            raise BadValue(
                "Say what it is: your own performance, somebody else's, or an AI tool's.", field="declared"
            )


def _authorship(
    sha256: str, role: str, declared: str, stated: tuple[frozenset[str], ...], found: Credential | None
) -> attribution.Authorship:
    """The rules' row. An intact credential of a trained model counts more than what is declared."""
    covered, others, missing = stated
    if found is not None and found.generated:
        return attribution.external_tool(sha256, role, imported=True)
    if declared == Declared.OWN_PERFORMANCE:
        wrote = [name for name in covered if name in _composed(role)]
        return attribution.own_performance(sha256, role, wrote, third_party=others, absent=missing)
    if declared == Declared.THIRD_PARTY:
        return attribution.third_party(sha256, role, covered)
    return attribution.external_tool(sha256, role, covered)


def _composed(role: str) -> tuple[str, ...]:
    return tuple(
        name for name in elements_of(role) if not name.startswith("performance:") and name != "production"
    )


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
