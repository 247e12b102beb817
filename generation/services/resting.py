"""Somebody else's recording may stand on an agreement: for sampling it, or for training on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import transaction

from artists.models import Consent, ConsentUse, User
from artists.services import consents
from generation.errors import BadValue, NotPossible
from generation.models import Upload
from generation.services.common import ref

KINDS = (Consent.Kind.SAMPLING, Consent.Kind.TRAINING)


def rest_upload(upload: Upload, *, consent: Consent, actor: User) -> None:
    """Say that somebody else's recording stands on their agreement: then it is as good as a licence, while it holds.

    Raises `NotPossible`, `BadValue`, and `ConsentMissing` where the agreement does not hold.
    """
    if upload.declared != Upload.Declared.THIRD_PARTY:
        raise NotPossible("Only what is somebody else's stands on somebody's agreement.")
    if consent not in possible_for(upload):
        raise BadValue(
            "Choose an agreement for sampling, or for training on somebody else's catalogue, that covers this project.",
            field="consent",
        )
    if not consents.in_force(consent):
        raise consents.ConsentMissing(
            "That agreement does not hold: it has to be given, signed or on a document, and in its term.",
            artist=consent.artist,
            kind=consent.kind,
        )
    with transaction.atomic():
        consents.note_use([consent], ref=ref("upload", upload), stream=upload.project.stream, actor=actor)


def possible_for(upload: Upload) -> list[Consent]:
    """The agreements on the artist's page that an upload may stand on, the newest first."""
    rows = Consent.objects.filter(artist=upload.project.artist_id, kind__in=KINDS, state=Consent.State.GIVEN)
    return [
        row
        for row in rows.select_related("artist", "entry", "made_by")
        if (row.kind == Consent.Kind.SAMPLING or row.whose == Consent.Whose.OTHER)
        and consents.reaches(row, project=upload.project_id)
    ]


def grounds_of(upload: Upload) -> list[Consent]:
    """What an upload is said to stand on, whether or not it holds."""
    uses = ConsentUse.objects.filter(ref=ref("upload", upload), consent__kind__in=KINDS)
    return [use.consent for use in uses.select_related("consent__entry", "consent__artist")]


def sampled(uploads: Iterable[Upload], *, engines: Collection[str] = ()) -> dict[object, Consent]:
    """Upload id -> a consent for sampling that it stands on and that holds, in two queries for any number."""
    names = {ref("upload", upload): upload for upload in uploads}
    uses = ConsentUse.objects.filter(ref__in=names, consent__kind=Consent.Kind.SAMPLING)
    found: dict[object, Consent] = {}
    for use in uses.select_related("consent__entry"):
        upload = names[use.ref]
        if upload.pk in found or not consents.in_force(use.consent):
            continue
        if consents.reaches(use.consent, engine=engines, project=upload.project_id):
            found[upload.pk] = use.consent
    return found
