"""Fetching is the permission check: 404 for strangers, 403 for readers who want to write."""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from artists.models import (
    STAFF_ROLES,
    Artist,
    ArtistDocument,
    ArtistMembership,
    Invitation,
    Person,
    PersonBehind,
    PersonKey,
    PersonSignature,
    Role,
    SavedFilter,
    SigningRequest,
    TeamMember,
    User,
)

ROSTER_WRITERS = (Role.OWNER, Role.ANR)
PEOPLE_WRITERS = (*ROSTER_WRITERS, Role.RELEASE, Role.RIGHTS)

M = TypeVar("M", bound=Model)


def require_role(user: User, *roles: str) -> None:
    """Raise PermissionDenied unless *user* holds one of *roles*."""
    if not user.has_role(*roles):
        raise PermissionDenied("Your role does not allow this.")


def visible_artists(user: User) -> QuerySet[Artist]:
    """Label staff see the roster, artists see themselves. Artists that were merged into others are left out."""
    artists = Artist.objects.filter(merged_into=None)
    if user.is_label_staff:
        return artists
    return artists.filter(pk__in=_acted_for(user))


def known_artists(user: User) -> QuerySet[Artist]:
    """The visible ones and whoever was merged into them: their history stays readable."""
    if user.is_label_staff:
        return Artist.objects.all()
    own = _acted_for(user)
    return Artist.objects.filter(Q(pk__in=own) | Q(merged_into__in=own) | Q(merged_into__merged_into__in=own))


def _acted_for(user: User) -> QuerySet[Any, Any]:
    return ArtistMembership.objects.filter(user=user, active=True).values("artist")


def may_edit_roster(user: User) -> bool:
    return user.has_role(*ROSTER_WRITERS)


def artist_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Artist:
    try:
        artist = (
            known_artists(user).select_related("alias_of", "picture", "merged_into").filter(pk=pk).first()
        )
    except ValidationError:  # the API's addresses take any text
        artist = None
    if artist is None:
        raise Http404("No such artist.")
    if write and not may_edit_roster(user):
        raise PermissionDenied("Only the owner and A&R change the roster.")
    return artist


def acts_for(user: User, artist: Artist) -> bool:
    """Whether *user* is one of the people who act as *artist*."""
    return artist.memberships.filter(user=user, active=True).exists()


def visible_people(user: User) -> QuerySet[Person]:
    """Contributors: all for label staff, their own artists' for artists."""
    if user.is_label_staff:
        return Person.objects.all()
    own = visible_artists(user).values("pk")
    further = PersonBehind.objects.filter(artist__in=own, active=True).values("person")
    return Person.objects.filter(Q(artist__in=own) | Q(pk__in=further))


def person_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Person:
    person = _row(visible_people(user), pk, "contributor")
    if write and not user.has_role(*PEOPLE_WRITERS):
        raise PermissionDenied("Contributors are kept by the label's staff.")
    return person


def team_member_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> TeamMember:
    rows = TeamMember.objects.filter(active=True, artist__in=visible_artists(user)).select_related(
        "artist", "user"
    )
    return _of_roster(user, _row(rows, pk, "colleague"), write=write)


def membership_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> ArtistMembership:
    rows = ArtistMembership.objects.filter(active=True, artist__in=visible_artists(user)).select_related(
        "artist"
    )
    return _of_roster(user, _row(rows, pk, "account that acts for them"), write=write)


def document_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> ArtistDocument:
    """A document of an artist that *user* may open: label staff and the artist's own people."""
    rows = ArtistDocument.objects.filter(active=True, artist__in=visible_artists(user))
    return _of_roster(user, _row(rows.select_related("artist", "asset"), pk, "document"), write=write)


def colleagues_of_the_house(user: User) -> QuerySet[User]:
    """Accounts that can be on a team: label staff. Names are for those who may assign them."""
    require_role(user, *ROSTER_WRITERS)
    return User.objects.filter(
        is_active=True, standing__active=True, standing__role__in=[str(role) for role in STAFF_ROLES]
    ).order_by("full_name")


def accounts_of_artists(user: User) -> QuerySet[User]:
    """Accounts that can act as an artist."""
    require_role(user, *ROSTER_WRITERS)
    return User.objects.filter(
        is_active=True, standing__active=True, standing__role=str(Role.ARTIST)
    ).order_by("full_name")


def saved_filters(user: User, page: str = "") -> QuerySet[SavedFilter]:
    """A person's own filters."""
    own = SavedFilter.objects.filter(user=user)
    return own.filter(page=page) if page else own


def saved_filter_for(user: User, pk: int | str) -> SavedFilter:
    found = saved_filters(user).filter(pk=pk).first() if str(pk).isdecimal() and len(str(pk)) < 18 else None
    if found is None:
        raise Http404("No such filter of yours.")
    return found


def _row(rows: QuerySet[M], pk: uuid.UUID | str, what: str) -> M:
    try:
        row = rows.filter(pk=pk).first()
    except (ValidationError, ValueError):
        row = None
    if row is None:
        raise Http404(f"No such {what}.")
    return row


def _of_roster(user: User, row: M, *, write: bool) -> M:
    if write and not may_edit_roster(user):
        raise PermissionDenied("Only the owner and A&R change the roster.")
    return row


def visible_accounts(user: User) -> QuerySet[User]:
    """Accounts are the owner's business."""
    require_role(user, Role.OWNER)
    return User.objects.order_by("full_name")


def account_for(user: User, pk: uuid.UUID | str) -> User:
    account = visible_accounts(user).filter(pk=pk).first()
    if account is None:
        raise Http404("No such account.")
    return account


def open_invitations(user: User) -> list[Invitation]:
    require_role(user, Role.OWNER)
    rows = (
        Invitation.objects.filter(accepted_by=None, withdrawn=False)
        .select_related("artist")
        .order_by("-entry_id")
    )
    return [row for row in rows if row.open]


def invitation_for(user: User, pk: uuid.UUID | str) -> Invitation:
    require_role(user, Role.OWNER)
    invitation = Invitation.objects.filter(pk=pk).first()
    if invitation is None:
        raise Http404("No such invitation.")
    return invitation


def member_by_email(email: str) -> User | None:
    """An active account by its address, for letting a collaborator in. Says nothing but whether it exists."""
    return User.objects.filter(email__iexact=email.strip(), is_active=True).first()


def own_keys(user: User) -> QuerySet[PersonKey]:
    """A person's keys for signing, the newest first."""
    return PersonKey.objects.filter(user=user).order_by("-created_at")


def keys_of_others(user: User) -> QuerySet[PersonKey]:
    """Everybody else's keys that are enrolled or in use: for owners, who read codes out and revoke."""
    if not user.has_role(Role.OWNER):
        return PersonKey.objects.none()
    others = PersonKey.objects.exclude(user=user).exclude(state=PersonKey.State.REVOKED)
    return others.select_related("user").order_by("user__full_name", "created_at")


def key_for(user: User, pk: uuid.UUID | str) -> PersonKey:
    """One's own key; an owner of the label reaches everybody's."""
    keys = PersonKey.objects.select_related("user")
    found = _by_id(keys if user.has_role(Role.OWNER) else keys.filter(user=user), pk)
    if found is None:
        raise Http404("No such key.")
    return found


def _by_id(keys: QuerySet[PersonKey], pk: uuid.UUID | str) -> PersonKey | None:
    try:
        return keys.filter(pk=pk).first()
    except ValidationError:  # the API's addresses take any text
        return None


def own_key_for(user: User, pk: uuid.UUID | str) -> PersonKey:
    found = _by_id(PersonKey.objects.filter(user=user), pk)
    if found is None:
        raise Http404("No such key of yours.")
    return found


def signing_request_for(user: User, nonce: str) -> SigningRequest:
    """A person's own request to sign."""
    found = SigningRequest.objects.filter(user=user, nonce=nonce).first()
    if found is None:
        raise Http404("No such request of yours.")
    return found


def open_signing_requests(user: User) -> QuerySet[SigningRequest]:
    """Those of a person that are neither used nor over."""
    return SigningRequest.objects.filter(user=user, used_at=None, expires_at__gt=timezone.now())


def signatures_of(user: User) -> QuerySet[PersonSignature]:
    """What a person signed, the newest first."""
    return PersonSignature.objects.filter(key__user=user).select_related("key", "entry")


#: Who may erase a person's private content.
ERASERS = (Role.OWNER, Role.RIGHTS)


def erasable_accounts(user: User) -> QuerySet[User]:
    """All accounts, open or closed, for whoever may erase private content; owners are erased by owners alone.

    An erasure closes the account and cannot be undone, so nobody below an owner does that to one.
    """
    require_role(user, *ERASERS)
    accounts = User.objects.order_by("full_name")
    return accounts if user.has_role(Role.OWNER) else accounts.exclude(standing__role=Role.OWNER)


def account_to_erase(user: User, pk: uuid.UUID | str) -> User:
    account = erasable_accounts(user).filter(pk=pk).first()
    if account is None:
        raise Http404("No such account.")
    return account
