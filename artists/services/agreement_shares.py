"""Shares by agreement: checked when terms are written, and handed to release as the first values of credits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from artists.errors import ArtistsUserFault
from artists.models import Agreement, Artist, Person
from artists.services.people import people_behind
from artists.share_roles import SHARE_ROLES
from provenance.words import join

WHOLE_BP: Final = 10_000
MAX_SHARES: Final = 100
SCOPES: Final = ("work", "recording")
#: What is shared, how it is called, and the kinds of agreements that are about it even without shares.
_SUBJECTS: Final = (
    ("work", "composition", (Agreement.Kind.PUBLISHING,)),
    ("recording", "recording", (Agreement.Kind.RECORDING, Agreement.Kind.LICENCE)),
)
_ONCE_SIGNED: Final = (Agreement.Status.SIGNED, Agreement.Status.ENDED, Agreement.Status.TERMINATED)
#: What passes no shares on: nobody's credits follow from who manages or distributes.
_SILENT: Final = (Agreement.Kind.MANAGEMENT, Agreement.Kind.DISTRIBUTION)


@dataclass(frozen=True)
class AgreedShare:
    """A person's share by agreement: `role` as in artists/share_roles.py, basis points of its scope."""

    agreement: Agreement
    person: Person
    role: str
    scope: str
    share_bp: int


def checked_shares(artist: Artist, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Shares as they are kept. Raises `ArtistsUserFault`: each is of a contributor of this artist, once a role, and
    those of the work, and of the recording, total 100 % at most (what is left is the label's, or others')."""
    if len(given) > MAX_SHARES:
        raise ArtistsUserFault(f"At most {MAX_SHARES} shares can be written.")
    people = {str(person.pk): person for person in people_behind(artist)}
    checked: list[dict[str, Any]] = []
    seen: set[tuple[str, str]] = set()
    for one in given:
        person, role = str(one["person"]), str(one["role"])
        if person not in people:
            raise ArtistsUserFault(
                f"A share belongs to somebody behind {artist.name}. Add the person on the artist's page first."
            )
        if role not in SHARE_ROLES:
            raise ArtistsUserFault(f"{role} is not a role that has shares.")
        share = int(one["share_bp"])
        if not 0 < share <= WHOLE_BP:
            raise ArtistsUserFault("A share is more than 0 and at most 100 %.")
        if (person, role) in seen:
            raise ArtistsUserFault(
                f"{people[person].credit_name} is there twice as {SHARE_ROLES[role].title}."
            )
        seen.add((person, role))
        scope = SHARE_ROLES[role].scope
        checked.append({"person": person, "role": role, "scope": scope, "share_bp": share})
    for scope, title in (("work", "composition"), ("recording", "recording")):
        total = sum(one["share_bp"] for one in checked if one["scope"] == scope)
        if total > WHOLE_BP:
            raise ArtistsUserFault(
                f"The shares of the {title} total {total / 100:g} %; at most 100 % can be given."
            )
    return checked


def speaking(artists: Iterable[Artist]) -> dict[object, list[Agreement]]:
    """Artist id -> agreements that were signed once and that something on releases follows from, the newest first."""
    rows = (
        Agreement.objects.filter(artist__in=list(artists), status__in=_ONCE_SIGNED)
        .exclude(kind__in=_SILENT)
        .order_by("-created_at")
    )
    found: dict[object, list[Agreement]] = {}
    for row in rows:
        found.setdefault(row.artist_id, []).append(row)
    return found


def holds(row: Agreement, day: dt.date) -> bool:
    """Whether it is signed and its term covers a day."""
    begun, open_still = row.starts is None or row.starts <= day, row.ends is None or row.ends >= day
    return row.status == Agreement.Status.SIGNED and begun and open_still


def agreed_shares(artist: Artist, *, on: dt.date | None = None) -> tuple[AgreedShare, ...]:
    """For release: the first values of a new recording's credits, which people confirm or change there.

    Of the work and of the recording separately, the newest agreement in force on a day (today) that says something
    about it; so a publishing and a recording agreement stand side by side. Nothing where nothing is agreed.
    """
    day = on or timezone.now().date()
    rows = [row for row in speaking([artist]).get(artist.pk, ()) if holds(row, day)]
    chosen = [(scope, row) for scope in SCOPES if (row := next((r for r in rows if _of(r, scope)), None))]
    wanted = {one["person"] for scope, row in chosen for one in _of(row, scope)}
    people = {str(person.pk): person for person in Person.objects.filter(pk__in=wanted)}
    return tuple(
        AgreedShare(row, people[one["person"]], one["role"], scope, int(one["share_bp"]))
        for scope, row in chosen
        for one in _of(row, scope)
        if one["person"] in people
    )


@dataclass(frozen=True)
class Remark:
    """Something that agreements and a release do not say alike. `code`: two, over, ended, terminated, not_begun,
    territory."""

    code: str
    sentence: str
    agreement: Agreement


def remarks(
    artist: Artist, rows: Sequence[Agreement], *, on: dt.date, territories: Sequence[str] = ()
) -> list[Remark]:
    """What somebody who releases this artist on a day, in these territories, should look at.

    `rows`: those of `speaking`, `territories`: as of a release, empty where they are not known yet. Nothing where
    nothing was ever agreed: a label may release without.
    """
    found: list[Remark] = []
    for scope, title, kinds in _SUBJECTS:
        about = [row for row in rows if row.kind in kinds or _of(row, scope)]
        current = [row for row in about if holds(row, on)]
        if about and not current:
            found.append(_not_in_force(artist, about[0], on))
            continue
        sharing = [row for row in current if _of(row, scope)]
        if len(sharing) > 1:
            found.append(_several(artist, sharing, scope, title))
        for row in (sharing or current)[:1]:
            if beyond := _beyond(row, territories):
                covers = join(row.territories)
                found.append(
                    Remark(
                        "territory", f"{_named(row)} with {artist.name} covers {covers}, not {beyond}.", row
                    )
                )
    return list({one.sentence: one for one in found}.values())


def _several(artist: Artist, sharing: Sequence[Agreement], scope: str, title: str) -> Remark:
    both = join(_named(row, lower=bool(number)) for number, row in enumerate(sharing))
    total = sum(int(one["share_bp"]) for row in sharing for one in _of(row, scope))
    over = total > WHOLE_BP
    more = f" Together they give away {total / 100:g} %." if over else ""
    return Remark(
        "over" if over else "two",
        f"{both} with {artist.name} both say how the {title} is shared.{more} The newer one's shares are filled in: "
        "amend or end the other.",
        sharing[0],
    )


def _not_in_force(artist: Artist, row: Agreement, on: dt.date) -> Remark:
    start = f"{_named(row)} with {artist.name}"
    end = "its shares are not filled in" if row.shares else "nothing else is in force"
    match row.status:
        case Agreement.Status.TERMINATED:
            return Remark("terminated", f"{start} was terminated: {end}.", row)
        case Agreement.Status.SIGNED if row.starts and row.starts > on:
            return Remark("not_begun", f"{start} begins on {_day(row.starts)} only: till then {end}.", row)
    day = f" on {_day(row.ends)}" if row.ends and row.ends < on else ""
    return Remark(
        "ended", f"{start} ends{day} before {_day(on)}: {end}." if day else f"{start} has ended: {end}.", row
    )


def _beyond(row: Agreement, territories: Sequence[str]) -> str:
    """Where a release goes and an agreement does not reach, in words."""
    if not territories or "World" in row.territories:
        return ""
    if any(one.lower() in ("world", "worldwide") for one in territories):
        return "the rest of the world"
    return join(sorted({one.upper() for one in territories} - set(row.territories)), limit=6)


def _of(row: Agreement, scope: str) -> list[Any]:
    return [one for one in row.shares if one["scope"] == scope and one["role"] in SHARE_ROLES]


def _named(row: Agreement, *, lower: bool = False) -> str:
    signed = max(filter(None, (row.signed_by_artist, row.signed_by_label)), default=row.created_at)
    return f"{'t' if lower else 'T'}he {row.get_kind_display().lower()} agreement of {_day(signed.date())}"


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"
