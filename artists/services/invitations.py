"""Invitations: by a link that is shown once."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction
from django.utils import timezone

from artists import events
from artists.errors import AlreadyThere, ArtistsUserFault, InvitationOver
from artists.models import Artist, Invitation, Role, User
from artists.services.roster import add_artist_member
from artists.services.users import create_user
from provenance.ledger import record

INVITATION_DAYS = 14


def invite_user(
    *, email: str, role: str, artist: Artist | None = None, actor: User
) -> tuple[Invitation, str]:
    """Invite by link. Returns the invitation and the secret of its link, which is shown once and not stored."""
    email = email.strip().lower()
    if role not in Role.values:
        raise ArtistsUserFault(f"{role} is not a role. Use one of: {', '.join(Role.values)}.")
    if role == Role.ARTIST and artist is None:
        raise ArtistsUserFault("Say which artist this account acts for.")
    if User.objects.filter(email__iexact=email).exists():
        raise AlreadyThere("There is an account with this address already.")
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        entry = record(
            events.UserInvited(
                stream=events.LABEL_STREAM,
                subjects=(f"artist:{artist.pk}",) if artist else (),
                role=role,
                artist=str(artist.pk) if artist else None,
                email=email,
            ),
            actor=actor,
        )
        invitation = Invitation.objects.create(
            email=email,
            role=role,
            artist=artist,
            secret_sha256=_digest(secret),
            expires_at=timezone.now() + dt.timedelta(days=INVITATION_DAYS),
            entry=entry,
        )
    return invitation, secret


def invitation_by_secret(secret: str) -> Invitation:
    """The open invitation behind a link; raises `InvitationOver` with what to do."""
    invitation = Invitation.objects.select_related("artist").filter(secret_sha256=_digest(secret)).first()
    if invitation is None or not invitation.open:
        raise InvitationOver("This invitation is used, withdrawn or too old. Ask the label for a new one.")
    return invitation


def accept_invitation(*, secret: str, full_name: str, password: str) -> User:
    """Make the invited account, with its artist where the invitation names one."""
    with transaction.atomic():
        found = invitation_by_secret(secret)
        invitation = Invitation.objects.select_for_update().get(pk=found.pk)
        if not invitation.open:  # somebody used the link in another window meanwhile
            raise InvitationOver("This invitation is used already. Log in with the account it made.")
        user = create_user(
            email=invitation.email, full_name=full_name, password=password, role=invitation.role
        )
        invitation.entry = record(
            events.InvitationAccepted(
                stream=events.LABEL_STREAM,
                subjects=(f"user:{user.pk}",),
                user=str(user.pk),
                role=invitation.role,
            ),
            actor=user,
        )
        invitation.accepted_by = user
        invitation.save()
        if invitation.artist is not None:
            add_artist_member(invitation.artist, user=user, actor=user)
    return user


def withdraw_invitation(invitation: Invitation, *, actor: User) -> None:
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if not invitation.open:
            raise InvitationOver("This invitation is over already.")
        invitation.entry = record(
            events.InvitationWithdrawn(stream=events.LABEL_STREAM, role=invitation.role), actor=actor
        )
        invitation.withdrawn = True
        invitation.save()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
