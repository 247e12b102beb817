"""Accounts and their standing."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from artists import events
from artists.errors import AlreadyThere, ArtistsUserFault
from artists.models import Role, Standing, User
from provenance.ledger import Actor, HasActor, body_of, record
from provenance.models import Entry


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
