"""Consents: asked for, given, revoked; and the one question that modes and datasets ask before they start."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, BinaryIO, Final, cast

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from artists.errors import ArtistsUserFault
from artists.events import practice as events
from artists.models import Artist, Consent, ConsentUse, User
from provenance import assets
from provenance.ledger import HasActor, record
from provenance.signatures import signed_entries

State, Kind = Consent.State, Consent.Kind
#: From where a consent may go where.
NEXT: Final[Mapping[str, frozenset[str]]] = {
    State.PROPOSED: frozenset({State.GIVEN, State.DECLINED}),
    State.GIVEN: frozenset({State.REVOKED}),
    State.DECLINED: frozenset(),
    State.REVOKED: frozenset(),
}
#: What a mode of an engine, a kind of material or a dataset needs, by name. Others need none.
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "fine_tune": (Kind.TRAINING,),
    "training": (Kind.TRAINING,),
    "voice_clone": (Kind.VOICE,),
    "voice_conversion": (Kind.VOICE,),
    "singing_voice": (Kind.VOICE,),
    "voice_reference": (Kind.VOICE,),
    "likeness_reference": (Kind.LIKENESS,),
    "sample": (Kind.SAMPLING,),
}
DOCUMENT_TYPES: Final = {b"%PDF-": "application/pdf", b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}
DOCUMENT_LIMIT: Final = 20_000_000
MOST_DAYS: Final = 3650


class ConsentMissing(ArtistsUserFault):
    """Something needs an agreement that is not there; the message says which and how to get it."""

    code = "consent_missing"
    field = ""

    def __init__(self, message: str, *, artist: Artist | None = None, kind: str = "") -> None:
        super().__init__(message)
        self.artist, self.kind = artist, kind


class BadConsent(ArtistsUserFault):
    code = "bad_consent"

    def __init__(self, message: str, *, field: str = "", code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


def propose_consent(
    artist: Artist,
    *,
    kind: str,
    giver_name: str,
    words: str,
    giver: User | None = None,
    fee: str = "",
    engines: Iterable[str] = (),
    projects: Iterable[str] = (),
    territories: Iterable[str] = ("Worldwide",),
    starts_on: dt.date,
    ends_on: dt.date | None = None,
    after: str = Consent.After.STOP,
    sell_off_days: int = 0,
    whose: str = Consent.Whose.ARTIST,
    captions: bool = False,
    actor: User,
) -> Consent:
    """Write an agreement down and ask for it. Nothing is allowed by it until it is given.

    `whose`: for training, whose catalogue it is; the artist's own is given by one of their people, or on a document.
    """
    giver_name, words = _text(giver_name, "giver_name", 120), _text(words, "words", 4000)
    fee = _text(fee, "fee", 200)
    if not giver_name and giver is not None:
        giver_name = giver.full_name
    if not giver_name:
        raise BadConsent("Write who agrees.", field="giver_name")
    if not words:
        raise BadConsent(
            "Write in words what is agreed to: the work or the voice, and for what.", field="words"
        )
    if kind not in Kind.values:
        raise BadConsent("Choose what is agreed to.", field="kind")
    if after not in Consent.After.values:
        raise BadConsent("Choose what a revocation does.", field="after")
    if ends_on is not None and ends_on < starts_on:
        raise BadConsent("The term ends before it starts.", field="ends_on")
    if not 0 <= sell_off_days <= MOST_DAYS or (after == Consent.After.SELL_OFF) != bool(sell_off_days):
        raise BadConsent(
            "Give the days for which it may still be sold (1 to 3650), and only where a sell-off is agreed.",
            field="sell_off_days",
        )
    if whose not in Consent.Whose.values:
        raise BadConsent("Say whose it is: the artist's own, or somebody else's.", field="whose")
    own = kind == Kind.TRAINING and whose == Consent.Whose.ARTIST
    if own and giver is not None and not artist.memberships.filter(user=giver, active=True).exists():
        raise BadConsent(
            f"Training on the catalogue of {artist.name} is agreed to by their own people, with their account or on a "
            "signed document.",
            field="giver",
        )
    consent = Consent(
        artist=artist,
        whose=whose,
        captions=bool(captions) and kind == Kind.TRAINING,
        giver=giver,
        kind=kind,
        engines=_names(engines, "engines"),
        projects=_names((str(one) for one in projects), "projects"),
        territories=_territories(territories),
        starts_on=starts_on,
        ends_on=ends_on,
        after=after,
        sell_off_days=sell_off_days,
    )
    with transaction.atomic():
        consent.entry = consent.made_by = record(
            events.ConsentProposed(
                stream=f"artist:{artist.pk}",
                subjects=(_ref(consent), *((f"user:{giver.pk}",) if giver else ())),
                consent=str(consent.pk),
                consent_kind=kind,
                kind_words=consent.get_kind_display().lower(),
                giver_user=str(giver.pk) if giver else "",
                engines=tuple(consent.engines),
                projects=tuple(consent.projects),
                territories=tuple(consent.territories),
                starts_on=starts_on.isoformat(),
                ends_on=ends_on.isoformat() if ends_on else "no end",
                after=after,
                sell_off_days=sell_off_days,
                whose=whose,
                captions=consent.captions,
                giver=giver_name,
                words=words,
                fee=fee,
            ),
            actor=actor,
        )
        consent.save(force_insert=True)
    return consent


def give_consent(consent: Consent, *, document: BinaryIO | File[Any] | None = None, actor: User) -> Consent:
    """The giver says yes with their own account, or somebody keeps the signed document.

    With an account the consent counts once the giver signed this entry with a key of their own.
    """
    staged, media_type = None, ""
    if document is not None:
        head = document.read(8)
        media_type = next((kind for magic, kind in DOCUMENT_TYPES.items() if head.startswith(magic)), "")
        if not media_type:
            raise BadConsent("Give the signed paper as PDF, PNG or JPEG.", field="document")
        document.seek(0)
        staged = assets.ingest(cast(BinaryIO, document), limit_bytes=DOCUMENT_LIMIT)
    elif consent.giver_id is None:
        raise BadConsent("Who gives it has no account here: upload the signed document.", field="document")
    elif consent.giver_id != actor.pk:
        raise BadConsent(
            "Only who gives a consent can give it here. Or upload the signed document.", field="document"
        )
    with transaction.atomic():
        row = _locked(consent, State.GIVEN)
        row.entry = record(
            events.ConsentGiven(
                stream=f"artist:{row.artist_id}",
                subjects=(_ref(row), *((f"asset:{staged.sha256}",) if staged else ())),
                consent=str(row.pk),
                consent_kind=row.kind,
                kind_words=row.get_kind_display().lower(),
                terms_leaf=bytes(row.made_by.leaf_hash).hex(),
                how="on a document" if staged else "with their own account",
            ),
            actor=actor,
        )
        if staged is not None:
            row.document = assets.register(staged, entry=row.entry, media_type=media_type)
        row.state = State.GIVEN
        row.save()
    return row


def decline_consent(consent: Consent, *, reason: str = "", actor: User) -> Consent:
    with transaction.atomic():
        row = _locked(consent, State.DECLINED)
        row.entry = record(
            events.ConsentDeclined(
                stream=f"artist:{row.artist_id}",
                subjects=(_ref(row),),
                consent=str(row.pk),
                kind_words=row.get_kind_display().lower(),
                reason=_text(reason, "reason", 1000),
            ),
            actor=actor,
        )
        row.state = State.DECLINED
        row.save()
    return row


def revoke_consent(
    consent: Consent, *, reason: str = "", revoked_on: dt.date | None = None, actor: User
) -> Consent:
    """End a consent, from a day on. What that means for what was made follows from its terms."""
    day = revoked_on or timezone.now().date()
    if day < consent.starts_on:
        raise BadConsent("A consent cannot end before it started.", field="revoked_on")
    with transaction.atomic():
        row = _locked(consent, State.REVOKED)
        row.entry = record(
            events.ConsentRevoked(
                stream=f"artist:{row.artist_id}",
                subjects=(_ref(row),),
                consent=str(row.pk),
                kind_words=row.get_kind_display().lower(),
                revoked_on=day.isoformat(),
                reason=_text(reason, "reason", 1000),
            ),
            actor=actor,
        )
        row.state, row.revoked_on = State.REVOKED, day
        row.save()
    return row


# -- the question that others ask --------------------------------------------------------------------------------------


def required_for(*names: str) -> tuple[str, ...]:
    """The kinds of consent that modes, materials or datasets of these names need; empty for those that need none."""
    return tuple(dict.fromkeys(kind for name in names for kind in NEEDED.get(name, ())))


def is_backed(consent: Consent) -> bool:
    """Whether there is a document, or the giver's own signature over the entry by which they gave it."""
    if consent.state != State.GIVEN:
        return False
    return consent.document_id is not None or bool(signed_entries([consent.entry_id]))


def in_force(consent: Consent, day: dt.date | None = None) -> bool:
    """Whether something new may be made under it on a day."""
    day = day or timezone.now().date()
    until_revoked = (
        consent.state == State.REVOKED and consent.revoked_on is not None and day < consent.revoked_on
    )
    if until_revoked:
        return consent.within(day) and day >= timezone.now().date()
    return consent.within(day) and is_backed(consent)


def covering(
    artist: Artist,
    kind: str,
    *,
    engine: str | Collection[str] = "",
    project: object = None,
    territories: Collection[str] = (),
    upload: object = None,
    day: dt.date | None = None,
) -> Consent | None:
    """A consent in force for this kind, tool, project and places; None where there is none.

    `engine`: one tool under any of its names. `upload`: only one that this upload is said to stand on; without it, for
    training, only one for the artist's own catalogue.
    """
    rows = Consent.objects.filter(artist=artist, kind=kind, state__in=(State.GIVEN, State.REVOKED))
    if upload is not None:
        rows = rows.filter(uses__ref=f"upload:{upload}")
    elif kind == Kind.TRAINING:
        rows = rows.filter(whose=Consent.Whose.ARTIST)
    for row in rows.select_related("artist", "entry").order_by("created_at"):
        if reaches(row, engine=engine, project=project, territories=territories) and in_force(row, day):
            return row
    return None


def reaches(
    consent: Consent,
    *,
    engine: str | Collection[str] = "",
    project: object = None,
    territories: Collection[str] = (),
) -> bool:
    """Whether its terms cover a tool, a project and places, whatever the day."""
    names = {engine} - {""} if isinstance(engine, str) else set(engine)
    if names and consent.engines and not names & set(consent.engines):
        return False
    if project is not None and consent.projects and str(project) not in consent.projects:
        return False
    return covers_places(consent, territories)


def stands_in(consent: Consent) -> Consent | None:
    """An agreement in force that was given anew in the place of one that ended: at least as wide, by the same giver.

    An artist's own catalogue is given by the artist, whoever signs for them; anything else needs the same account.
    """
    rows = Consent.objects.filter(artist=consent.artist_id, kind=consent.kind, whose=consent.whose)
    if consent.kind != Kind.TRAINING or consent.whose != Consent.Whose.ARTIST:
        if consent.giver_id is None:
            return None
        rows = rows.filter(giver=consent.giver_id)
    for row in rows.exclude(pk=consent.pk).select_related("entry").order_by("created_at"):
        wide = all(
            not now or (before and set(before) <= set(now))
            for before, now in ((consent.engines, row.engines), (consent.projects, row.projects))
        )
        if wide and covers_places(row, consent.territories) and in_force(row):
            return row
    return None


def covers_places(consent: Consent, territories: Collection[str]) -> bool:
    return "Worldwide" in consent.territories or set(territories) <= set(consent.territories)


def require(
    artist: Artist,
    *names: str,
    engine: str | Collection[str] = "",
    project: object = None,
    territories: Collection[str] = (),
) -> tuple[Consent, ...]:
    """The consents under which a mode, a material or a dataset may be used. Raises `ConsentMissing`."""
    found = []
    for kind in required_for(*names):
        consent = covering(artist, kind, engine=engine, project=project, territories=territories)
        if consent is None:
            what = Kind(kind).label.lower()
            raise ConsentMissing(
                f"This needs a consent for {what}, given, signed and in its term. Ask for it on {artist.name}'s "
                "page of consents.",
                artist=artist,
                kind=kind,
            )
        found.append(consent)
    return tuple(found)


def note_use(consents: Iterable[Consent], *, ref: str, stream: str, actor: HasActor) -> None:
    """Keep which consent something was made under, in the caller's transaction; what is kept already stays as it is."""
    rows = {consent.pk: consent for consent in consents}
    known = ConsentUse.objects.filter(ref=ref, consent__in=rows).values_list("consent_id", flat=True)
    for pk in known:
        rows.pop(pk)
    for consent in rows.values():
        entry = record(
            events.ConsentUsed(
                stream=stream,
                subjects=(_ref(consent), ref),
                consent=str(consent.pk),
                kind_words=consent.get_kind_display().lower(),
                used_by=ref,
            ),
            actor=actor,
        )
        ConsentUse.objects.create(consent=consent, ref=ref, entry=entry)


def _locked(consent: Consent, to: str) -> Consent:
    row = (
        Consent.objects.select_for_update(of=("self",)).select_related("made_by", "entry").get(pk=consent.pk)
    )
    if to not in NEXT[row.state]:
        raise BadConsent(
            f"A consent that is {State(row.state).label.lower()} cannot become {State(to).label.lower()}."
        )
    return row


def _ref(consent: Consent) -> str:
    return f"consent:{consent.pk}"


def _text(value: Any, field: str, most: int) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise BadConsent("This must be text without NUL characters.", field=field)
    stripped: str = value.strip()
    if len(stripped) > most:
        raise BadConsent(f"Keep it below {most} characters; it has {len(stripped)}.", field=field)
    return stripped


def _names(values: Iterable[str], field: str) -> list[str]:
    found = [one for value in values if (one := _text(value, field, 64))]
    if len(found) > 50:
        raise BadConsent("Name at most 50.", field=field)
    return list(dict.fromkeys(found))


def _territories(values: Iterable[str]) -> list[str]:
    found = [value.strip() for value in values if value.strip()]
    if not found or any(one != "Worldwide" and not re.fullmatch("[A-Z]{2}", one) for one in found):
        raise BadConsent("Give territories as two-letter codes, or Worldwide.", field="territories")
    return list(dict.fromkeys(found))
