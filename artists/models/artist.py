"""The roster: artists, the people behind them, and who acts or works for whom."""

from __future__ import annotations

import json
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from artists.models.user import User
from provenance.models import Asset, Entry, Recorded


class Artist(Recorded):
    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        DUO = "duo", "Duo"
        GROUP = "group", "Group"
        ALIAS = "alias", "Alias"

    class Status(models.TextChoices):
        PROSPECT = "prospect", "Prospect"
        SIGNED = "signed", "Signed"
        ALUMNI = "alumni", "Alumni"

    #: A prospect may pass by, and whoever left may come back.
    NEXT: ClassVar[dict[str, tuple[str, ...]]] = {
        Status.PROSPECT: (Status.SIGNED, Status.ALUMNI),
        Status.SIGNED: (Status.ALUMNI,),
        Status.ALUMNI: (Status.PROSPECT, Status.SIGNED),
    }

    name = models.CharField(max_length=120)
    sort_name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON)
    alias_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="aliases"
    )
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.SIGNED)
    status_since = models.DateField(null=True, blank=True)
    isni = models.CharField(max_length=16, blank=True, db_index=True)
    is_ai_persona = models.BooleanField(
        default=False, help_text="An invented artist that looks or sounds like a person."
    )
    # The column keeps its first name, so that processes of the release before go on working while this one arrives.
    about = models.TextField(
        blank=True,
        db_column="method",
        help_text="Who they are, in public words. How they work is a Method, in versions of its own.",
    )
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    picture = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def stream(self) -> str:
        return f"artist:{self.pk}"

    @property
    def next_states(self) -> tuple[str, ...]:
        return self.NEXT[self.status]


class StatusChange(Recorded):
    """That an artist's status changed, from which day on. The reason is sealed in the entry."""

    #: The history of that very artist.
    stays_when_merged = True

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="status_changes")
    before = models.CharField(max_length=8, choices=Artist.Status.choices)
    after = models.CharField(max_length=8, choices=Artist.Status.choices)
    since = models.DateField()

    class Meta:
        ordering: ClassVar = ["-entry_id"]

    def __str__(self) -> str:
        return f"{self.before} to {self.after}"

    @property
    def leaf(self) -> str:
        return bytes(self.entry.leaf_hash).hex()

    @property
    def reason(self) -> str:
        """Why, while the vault holds it."""
        return next(
            (json.loads(bytes(item.content)) for item in self.entry.vault.all() if item.name == "reason"), ""
        )


class ArtistMembership(Recorded):
    """A user who acts as an artist."""

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["artist", "user"], name="artist_member_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.artist_id}"


class TeamMember(Recorded):
    """Somebody who works for an artist: an account, or a named outsider whose name and contact are sealed.

    It gives no rights: who acts as an artist is a membership.
    """

    class Role(models.TextChoices):
        MANAGER = "manager", "Manager"
        ANR = "anr", "A&R"
        BOOKING = "booking", "Booking"
        PRESS = "press", "Press"
        PUBLISHER = "publisher", "Publisher"
        LAWYER = "lawyer", "Lawyer"
        PRODUCER = "producer", "Producer"
        OTHER = "other", "Other"

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="team")
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="team_memberships"
    )
    role = models.CharField(max_length=10, choices=Role.choices)
    active = models.BooleanField(default=True)
    added_entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="+", help_text="Holds an outsider's name and contact."
    )

    class Meta:
        ordering: ClassVar = ["role", "added_entry_id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["artist", "user", "role"],
                condition=models.Q(active=True, user__isnull=False),
                name="team_member_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.artist_id}"


class Person(Recorded):
    """Somebody who contributes to a work or a recording. The legal name is sealed in the vault."""

    credit_name = models.CharField(max_length=120)
    ipi = models.CharField(max_length=11, blank=True)
    isni = models.CharField(max_length=16, blank=True)
    society = models.CharField(max_length=32, blank=True)
    country = models.CharField(max_length=2, blank=True)
    #: Whom they were added for. Further artists are rows of PersonBehind.
    artist = models.ForeignKey(Artist, null=True, blank=True, on_delete=models.PROTECT, related_name="people")

    class Meta:
        ordering: ClassVar = ["credit_name"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.credit_name


class PersonBehind(Recorded):
    """That a person stands behind one more artist than the one they were added for."""

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="people_behind")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="behind")
    active = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["artist", "person"], name="person_behind_once")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} behind {self.artist_id}"


class ArtistDocument(Recorded):
    """A file that belongs to an artist. Its name and note are sealed; the bytes are an asset that is never listed."""

    class Kind(models.TextChoices):
        CONTRACT = "contract", "Contract"
        RIDER = "rider", "Rider"
        PRESS = "press", "Press kit"
        IDENTITY = "identity", "Proof of identity"
        REGISTRATION = "registration", "Registration"
        OTHER = "other", "Other"

    artist = models.ForeignKey(Artist, on_delete=models.PROTECT, related_name="documents")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    dated = models.DateField(null=True, blank=True)
    active = models.BooleanField(default=True)
    added_entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="+", help_text="Holds the file's name and the note."
    )
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["-added_entry_id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.artist_id}"


class SavedFilter(models.Model):
    """A filter that one person keeps under a name: the query string of one list."""

    class Page(models.TextChoices):
        ROSTER = "roster", "Roster"
        BOARD = "board", "Board"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_filters")
    page = models.CharField(max_length=8, choices=Page.choices)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=400)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "page", "name"], name="saved_filter_once")
        ]

    def __str__(self) -> str:
        return self.name
