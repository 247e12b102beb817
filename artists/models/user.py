"""People who log in: the account for the session, and the recorded standing that decides what it may do."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone

from provenance.models import Recorded


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ANR = "anr", "A&R"
    RELEASE = "release", "Release coordinator"
    RIGHTS = "rights", "Rights"
    ARTIST = "artist", "Artist"


STAFF_ROLES = frozenset({Role.OWNER, Role.ANR, Role.RELEASE, Role.RIGHTS})


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> models.QuerySet[User]:
        return super().get_queryset().select_related("standing")

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser, PermissionsMixin):
    """An account. Its rights come from `standing`, a recorded row, so no role changes without an entry."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]
    objects = UserManager()

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def role(self) -> str:
        """The recorded role; an account without standing has none and may do nothing."""
        standing = getattr(self, "standing", None)
        return standing.role if standing and standing.active else ""

    @property
    def is_label_staff(self) -> bool:
        return self.role in STAFF_ROLES

    def has_role(self, *roles: str) -> bool:
        return self.role in roles

    def ledger_actor(self) -> Any:
        """How this person stands in the ledger: by id and by the commitment to their name."""
        from provenance.services import human

        return human(self.id, self.standing.name_commitment)


class Standing(Recorded):
    """A person's role in the house. Changing it writes an entry."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="standing")
    role = models.CharField(max_length=16, choices=Role.choices)
    active = models.BooleanField(default=True)
    name_commitment = models.CharField(
        max_length=64, help_text="Salted commitment to the name, from the enrolment."
    )

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"


class Invitation(Recorded):
    """An invitation by mail or link. The secret itself is never stored, only its SHA-256."""

    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices)
    artist = models.ForeignKey(
        "artists.Artist", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    secret_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"invitation as {self.role}"

    @property
    def open(self) -> bool:
        return not self.accepted_by_id and not self.withdrawn and self.expires_at > timezone.now()
