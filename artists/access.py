"""Fetching is the permission check: 404 for strangers, 403 for readers who want to write."""

from __future__ import annotations

import uuid

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from artists.models import Artist, Invitation, Person, PersonKey, PersonSignature, Role, SigningRequest, User

ROSTER_WRITERS = (Role.OWNER, Role.ANR)


def require_role(user: User, *roles: str) -> None:
    """Raise PermissionDenied unless *user* holds one of *roles*."""
    if not user.has_role(*roles):
        raise PermissionDenied("Your role does not allow this.")


def visible_artists(user: User) -> QuerySet[Artist]:
    """Label staff see the roster, artists see themselves."""
    artists = Artist.objects.all()
    if user.is_label_staff:
        return artists
    return artists.filter(memberships__user=user, memberships__active=True).distinct()


def may_edit_roster(user: User) -> bool:
    return user.has_role(*ROSTER_WRITERS)


def artist_for(user: User, pk: uuid.UUID | str, *, write: bool = False) -> Artist:
    artist = visible_artists(user).filter(pk=pk).first()
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
    return Person.objects.filter(artist__in=visible_artists(user))


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
    """All accounts, open or closed, for whoever may erase private content."""
    require_role(user, *ERASERS)
    return User.objects.order_by("full_name")


def account_to_erase(user: User, pk: uuid.UUID | str) -> User:
    account = erasable_accounts(user).filter(pk=pk).first()
    if account is None:
        raise Http404("No such account.")
    return account
