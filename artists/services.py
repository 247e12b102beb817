"""Actions on people and the roster. Each writes its row and its entry in one transaction."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from artists import events
from artists.errors import AlreadyThere, ArtistsUserFault, InvitationOver
from artists.identifiers import check_ipi_name, check_isni
from artists.models import Artist, ArtistMembership, Invitation, Person, Role, Standing, User
from provenance.ledger import Actor, HasActor, body_of, record
from provenance.models import Entry

INVITATION_DAYS = 14


def create_user(
    *, email: str, full_name: str, password: str, role: str, actor: HasActor | None = None
) -> User:
    """Make an account with its standing. Without *actor* the installation itself enrols (first start)."""
    email, full_name = email.strip().lower(), full_name.strip()
    if role not in Role.values:
        raise ArtistsUserFault(f"{role} is not a role. Use one of: {', '.join(Role.values)}.")
    if not full_name:
        raise ArtistsUserFault("Write the person's name.")
    with transaction.atomic():
        if User.objects.filter(email__iexact=email).exists():
            raise AlreadyThere(
                "There is an account with this address already. Log in, or ask the owner for help."
            )
        user = User(email=email, full_name=full_name)
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise ArtistsUserFault(" ".join(error.messages), code="weak_password") from error
        user.set_password(password)
        user.save()
        entry = record(
            events.UserEnrolled(
                stream=events.LABEL_STREAM,
                subjects=(f"user:{user.pk}",),
                user=str(user.pk),
                role=role,
                name=full_name,
            ),
            actor=actor or Actor.system("enrolment"),
        )
        Standing.objects.create(user=user, role=role, entry=entry, name_commitment=_name_commitment(entry))
    return user


def _name_commitment(entry: Entry) -> str:
    commitment: str = body_of(entry)["private"]["name"]
    return commitment


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


def change_role(user: User, *, role: str, actor: User) -> None:
    if role not in Role.values:
        raise ArtistsUserFault(f"{role} is not a role. Use one of: {', '.join(Role.values)}.")
    with transaction.atomic():
        standing = Standing.objects.select_for_update().get(user=user)
        if standing.role == role:
            return
        _keep_an_owner(standing)
        standing.entry = record(
            events.RoleChanged(
                stream=events.LABEL_STREAM,
                subjects=(f"user:{user.pk}",),
                user=str(user.pk),
                before=standing.role,
                after=role,
            ),
            actor=actor,
        )
        standing.role = role
        standing.save()


def deactivate_user(user: User, *, actor: User) -> None:
    with transaction.atomic():
        standing = Standing.objects.select_for_update().get(user=user)
        _keep_an_owner(standing)
        standing.entry = record(
            events.UserDeactivated(
                stream=events.LABEL_STREAM, subjects=(f"user:{user.pk}",), user=str(user.pk)
            ),
            actor=actor,
        )
        standing.active = False
        standing.save()
        user.is_active = False
        user.save(update_fields=["is_active"])


def _keep_an_owner(standing: Standing) -> None:
    if standing.role != Role.OWNER:
        return
    others = Standing.objects.select_for_update().filter(role=Role.OWNER, active=True).exclude(pk=standing.pk)
    if not list(others):
        raise ArtistsUserFault(
            "This is the last owner. Make somebody else an owner first.", code="last_owner"
        )


def create_artist(
    *,
    name: str,
    kind: str = Artist.Kind.PERSON,
    status: str = Artist.Status.SIGNED,
    isni: str = "",
    is_ai_persona: bool = False,
    method: str = "",
    sort_name: str = "",
    actor: HasActor,
) -> Artist:
    name, isni = name.strip(), check_isni(isni) if isni.strip() else ""
    if not name:
        raise ArtistsUserFault("Write the artist's name.")
    with transaction.atomic():
        artist = Artist(
            name=name,
            sort_name=sort_name.strip(),
            kind=kind,
            status=status,
            isni=isni,
            is_ai_persona=is_ai_persona,
            method=method.strip(),
        )
        artist.entry = record(
            events.ArtistCreated(
                stream=f"artist:{artist.pk}",
                artist=str(artist.pk),
                name=name,
                artist_kind=kind,
                status=status,
                is_ai_persona=is_ai_persona,
            ),
            actor=actor,
        )
        artist.save(force_insert=True)
    return artist


def change_artist(artist: Artist, *, actor: User, **values: Any) -> Artist:
    """Change fields of an artist; nothing is written when nothing differs."""
    with transaction.atomic():
        artist = Artist.objects.select_for_update().get(pk=artist.pk)
        if "isni" in values:
            values["isni"] = check_isni(values["isni"]) if values["isni"].strip() else ""
        changed = tuple(sorted(name for name, value in values.items() if getattr(artist, name) != value))
        if not changed:
            return artist
        for name in changed:
            setattr(artist, name, values[name])
        artist.entry = record(
            events.ArtistChanged(
                stream=f"artist:{artist.pk}",
                artist=str(artist.pk),
                name=artist.name,
                fields=changed,
                status=artist.status,
            ),
            actor=actor,
        )
        artist.save()
    return artist


def add_artist_member(artist: Artist, *, user: User, actor: HasActor) -> ArtistMembership:
    with transaction.atomic():
        existing = ArtistMembership.objects.filter(artist=artist, user=user).first()
        if existing is not None and existing.active:
            return existing
        entry = record(
            events.ArtistMemberAdded(
                stream=f"artist:{artist.pk}",
                subjects=(f"user:{user.pk}",),
                artist=str(artist.pk),
                artist_name=artist.name,
                user=str(user.pk),
            ),
            actor=actor,
        )
        if existing is None:
            return ArtistMembership.objects.create(artist=artist, user=user, entry=entry)
        existing.active, existing.entry = True, entry
        existing.save()
        return existing


def create_person(
    *,
    credit_name: str,
    legal_name: str = "",
    ipi: str = "",
    isni: str = "",
    society: str = "",
    country: str = "",
    artist: Artist | None = None,
    actor: HasActor,
) -> Person:
    """A contributor. The legal name goes to the vault only."""
    credit_name = credit_name.strip()
    if not credit_name:
        raise ArtistsUserFault("Write the name that is credited.")
    with transaction.atomic():
        person = Person(
            credit_name=credit_name,
            ipi=check_ipi_name(ipi) if ipi.strip() else "",
            isni=check_isni(isni) if isni.strip() else "",
            society=society.strip(),
            country=country.strip().upper(),
            artist=artist,
        )
        person.entry = record(
            events.PersonCreated(
                stream=f"artist:{artist.pk}" if artist else events.LABEL_STREAM,
                subjects=(f"person:{person.pk}",),
                person=str(person.pk),
                credit_name=credit_name,
                ipi=person.ipi,
                isni=person.isni,
                society=person.society,
                country=person.country,
                legal_name=legal_name.strip(),
            ),
            actor=actor,
        )
        person.save(force_insert=True)
    return person


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
