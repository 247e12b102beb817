"""Submissions and what the team makes of them. Rows hold no words of people: those lie in the vault alone."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from artists.models.artist import Artist
from artists.models.user import User
from provenance.models import Asset, Entry, Recorded


class UploadLink(Recorded):
    """A private way in for people without an account. Only the secret's SHA-256 is kept."""

    secret_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    revoked = models.BooleanField(default=False)
    max_submissions = models.PositiveIntegerField()
    max_bytes = models.BigIntegerField(help_text="All files of all submissions together.")
    promise_days = models.PositiveSmallIntegerField(help_text="So soon somebody who submits gets an answer.")
    made_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"upload link {self.pk}"

    @property
    def open(self) -> bool:
        return not self.revoked and self.expires_at > timezone.now()

    @property
    def stream(self) -> str:
        return f"upload-link:{self.pk}"


class Incoming(models.Model):
    """A file on its way in. Nothing of it is kept unless it is submitted; the sweep removes the rest."""

    class State(models.TextChoices):
        OPEN = "open", "On its way"
        WHOLE = "whole", "All there"
        REFUSED = "refused", "Refused"
        TAKEN = "taken", "Submitted"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    link = models.ForeignKey(UploadLink, on_delete=models.CASCADE, related_name="incoming")
    secret_sha256 = models.CharField(max_length=64, unique=True)
    filename = models.CharField(max_length=255)
    length = models.BigIntegerField()
    sender = models.CharField(
        max_length=32, help_text="Keyed digest of the sender's address, for the limits."
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    says = models.CharField(max_length=400, blank=True, help_text="Why it was refused.")
    probe = models.JSONField(default=dict)
    scan = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["sender", "created_at"], name="incoming_sender"),
            models.Index(fields=["link", "state"], name="incoming_link"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Submission(Recorded):
    class Stage(models.TextChoices):
        UNHEARD = "unheard", "Unheard"
        HEARD = "heard", "Heard"
        MORE = "more", "Hear more"
        MEET = "meet", "Meet"
        OFFER = "offer", "Offer"
        SIGNED = "signed", "Signed"
        DECLINED = "declined", "Kind no"

    class Cleared(models.TextChoices):
        ASKED = "asked", "as its sender asked"
        TIME = "time", "its time was over"

    #: From heard to signed. A no can be taken back; what is signed stays.
    NEXT: ClassVar[dict[str, tuple[str, ...]]] = {
        Stage.UNHEARD: (Stage.HEARD, Stage.MORE, Stage.MEET, Stage.DECLINED),
        Stage.HEARD: (Stage.MORE, Stage.MEET, Stage.DECLINED),
        Stage.MORE: (Stage.MEET, Stage.OFFER, Stage.DECLINED),
        Stage.MEET: (Stage.MORE, Stage.OFFER, Stage.DECLINED),
        Stage.OFFER: (Stage.MEET, Stage.SIGNED, Stage.DECLINED),
        Stage.SIGNED: (),
        Stage.DECLINED: (Stage.HEARD,),
    }
    #: Somebody waits for an answer.
    WAITING: ClassVar[tuple[str, ...]] = (Stage.UNHEARD, Stage.HEARD, Stage.DECLINED, Stage.MORE, Stage.MEET)
    #: In the inbox.
    OPEN: ClassVar[tuple[str, ...]] = (Stage.UNHEARD, Stage.HEARD, Stage.MORE, Stage.MEET, Stage.OFFER)

    number = models.PositiveIntegerField(unique=True)
    link = models.ForeignKey(UploadLink, on_delete=models.PROTECT, related_name="submissions")
    secret_sha256 = models.CharField(max_length=64, unique=True, help_text="Of the sender's own page.")
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.UNHEARD)
    ai = models.JSONField(default=dict, help_text="Element -> yes, partly or no, as the sender says.")
    rights = models.CharField(max_length=8)
    sent_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now)
    promised_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    snoozed_until = models.DateField(null=True)
    duplicate_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="duplicates")
    artist = models.ForeignKey(Artist, null=True, on_delete=models.PROTECT, related_name="submissions")
    declined_at = models.DateTimeField(null=True)
    keep_days = models.PositiveSmallIntegerField(
        null=True, help_text="So long, its sender was told, it is kept when it is declined; 0: until asked."
    )
    erasure_asked_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)
    cleared_why = models.CharField(max_length=5, blank=True, choices=Cleared.choices)
    file_count = models.PositiveSmallIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["promised_by", "number"]
        indexes: ClassVar = [
            models.Index(fields=["stage", "promised_by", "number"], name="submission_inbox"),
            models.Index(
                fields=["promised_by", "number"],
                name="submission_open",
                condition=models.Q(
                    duplicate_of=None, stage__in=["unheard", "heard", "more", "meet", "offer"]
                ),
            ),
            models.Index(
                fields=["erasure_asked_at"],
                name="submission_asked",
                condition=models.Q(erasure_asked_at__isnull=False),
            ),
            models.Index(fields=["promised_by"], name="submission_due", condition=models.Q(answered_at=None)),
            models.Index(
                fields=["declined_at"],
                name="submission_kept",
                condition=models.Q(stage="declined", cleared_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"Submission {self.number}"

    @property
    def stream(self) -> str:
        return f"submission:{self.pk}"

    @property
    def late(self) -> bool:
        return self.answered_at is None and self.cleared_at is None and self.promised_by < timezone.now()

    @property
    def days_left(self) -> int:
        return (self.promised_by.date() - timezone.now().date()).days


class SubmissionFile(Recorded):
    class State(models.TextChoices):
        WAITING = "waiting", "Being looked at"
        READY = "ready", "Looked at"
        REFUSED = "refused", "Taken out"
        REMOVED = "removed", "Removed"

    #: Rows that no longer hold on to the stored bytes (provenance/removal.py).
    LETS_GO: ClassVar = models.Q(state__in=[State.REFUSED, State.REMOVED])

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveSmallIntegerField()
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    playback = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    scan = models.CharField(max_length=12, help_text="clean, infected, none (no scanner) or waiting.")
    c2pa = models.JSONField(default=dict)
    matches = models.JSONField(default=list)
    report = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "position"], name="submission_file_place")
        ]

    def __str__(self) -> str:
        return f"file {self.position}"

    @property
    def audible(self) -> Asset:
        return self.playback or self.asset


class Criterion(Recorded):
    """One of the label's own, beside the five that everybody scores (artists/data/criteria.toml)."""

    title = models.CharField(max_length=60)
    hint = models.CharField(max_length=160, blank=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["entry_id"]
        verbose_name_plural = "criteria"

    def __str__(self) -> str:
        return self.title


class Score(Recorded):
    """One person's ears: criterion -> 1 to 5. No values yet: they looked at the name before scoring."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="scores")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    values = models.JSONField(default=dict)
    blind = models.BooleanField(default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "author"], name="submission_score_once")
        ]

    def __str__(self) -> str:
        return f"score of {self.submission_id}"


class SubmissionNote(Recorded):
    """A word at a moment (or about a range). The text lies in the entry's vault."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="notes")
    file = models.ForeignKey(SubmissionFile, null=True, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    from_ms = models.PositiveIntegerField(null=True)
    to_ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["from_ms", "created_at"]

    def __str__(self) -> str:
        return f"note on {self.submission_id}"


class SubmissionVote(Recorded):
    class Vote(models.TextChoices):
        YES = "yes", "Yes"
        MAYBE = "maybe", "Maybe"
        NO = "no", "No"

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="votes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    vote = models.CharField(max_length=5, choices=Vote.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "author"], name="submission_vote_once")
        ]

    def __str__(self) -> str:
        return f"{self.vote} on {self.submission_id}"


class SubmissionAnswer(Recorded):
    class State(models.TextChoices):
        QUEUED = "queued", "On its way"
        SENT = "sent", "Sent"
        FAILED = "failed", "Not sent"

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="answers")
    template = models.CharField(max_length=32)
    state = models.CharField(max_length=6, choices=State.choices, default=State.QUEUED)
    words_entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"answer to {self.submission_id}"
