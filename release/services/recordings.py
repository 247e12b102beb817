"""Works, recordings and who contributed to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from artists.models import Person, User
from generation.models import Master
from provenance.ledger import record
from release import identifiers
from release.credits import CREDIT_ROLES
from release.errors import BadField
from release.events import ContributionsSet, RecordingChanged, RecordingCreated, WorkCreated
from release.models import Contribution, Imprint, Recording, Work
from release.services.numbers import allocate_isrc
from release.services.states import lapse_all_with

WHOLE_BP = 10_000


@dataclass(frozen=True, kw_only=True)
class ContributionRow:
    """One credit. `share_bp` are basis points of the scope (work or recording); 0 for a credit without a share."""

    person: Person
    role: str
    share_bp: int = 0


def create_recording(
    master: Master,
    *,
    imprint: Imprint,
    title: str,
    work: Work | None = None,
    iswc: str = "",
    language: str = "zxx",
    version_title: str = "",
    explicit: bool = False,
    actor: User,
) -> Recording:
    """Make a finished master a recording with its own ISRC, and the work it records where that is new."""
    title = title.strip()
    if not title:
        raise BadField("Write the title.", field="title")
    if master.wav is None:
        raise BadField("The master is not made yet. Wait for it.")
    if Recording.objects.filter(master=master).exists():
        raise BadField("This master is a recording already. A new master gets a recording of its own.")
    year = timezone.now().year
    with transaction.atomic():
        if work is None:
            work = _create_work(title=title, iswc=iswc, language=language, actor=actor)
        isrc = allocate_isrc(imprint, year=year, actor=actor)
        recording = Recording(
            imprint=imprint,
            work=work,
            master=master,
            title=title,
            version_title=version_title.strip(),
            artist=master.project.artist,
            isrc=isrc,
            explicit=explicit,
            p_line_year=year,
            p_line_owner=imprint.p_line_owner,
        )
        recording.entry = record(
            RecordingCreated(
                stream=f"recording:{recording.pk}",
                subjects=(
                    master.project.stream,
                    f"master:{master.pk}",
                    f"work:{work.pk}",
                    f"asset:{master.wav.sha256}",
                ),
                recording=str(recording.pk),
                master=str(master.number),
                title=title,
                isrc=isrc,
            ),
            actor=actor,
        )
        recording.save(force_insert=True)
    return recording


def _create_work(*, title: str, iswc: str, language: str, actor: User) -> Work:
    work = Work(title=title, iswc=identifiers.check_iswc(iswc) if iswc.strip() else "", language=language)
    work.entry = record(
        WorkCreated(stream=f"work:{work.pk}", work=str(work.pk), title=title, iswc=work.iswc), actor=actor
    )
    work.save(force_insert=True)
    return work


def change_recording(recording: Recording, *, actor: User, **values: Any) -> Recording:
    """Change title, version title or explicitness. An ISRC never changes."""
    allowed = {"title", "version_title", "explicit"}
    if unknown := set(values) - allowed:
        raise BadField(f"These cannot be changed: {', '.join(sorted(unknown))}.")
    with transaction.atomic():
        recording = Recording.objects.select_for_update().get(pk=recording.pk)
        changed = tuple(sorted(name for name, value in values.items() if getattr(recording, name) != value))
        if not changed:
            return recording
        for name in changed:
            setattr(recording, name, values[name])
        if not recording.title.strip():
            raise BadField("Write the title.", field="title")
        recording.entry = record(
            RecordingChanged(
                stream=f"recording:{recording.pk}",
                recording=str(recording.pk),
                title=recording.title,
                fields=changed,
            ),
            actor=actor,
        )
        recording.save()
        lapse_all_with(recording, actor=actor)
    return recording


def set_contributions(
    recording: Recording, *, rows: Sequence[ContributionRow], actor: User
) -> list[Contribution]:
    """Replace the credits. Shares of the work must total 100 %, those of the recording 100 % or nothing."""
    _check_rows(rows)
    with transaction.atomic():
        recording = Recording.objects.select_for_update().get(pk=recording.pk)
        entry = record(
            ContributionsSet(
                stream=f"recording:{recording.pk}",
                subjects=tuple({f"person:{row.person.pk}" for row in rows}),
                recording=str(recording.pk),
                title=recording.title,
                count=len(rows),
                rows=tuple(
                    {"person": str(row.person.pk), "role": row.role, "share_bp": row.share_bp} for row in rows
                ),
            ),
            actor=actor,
        )
        for old in recording.contributions.filter(active=True):
            old.active, old.entry = False, entry
            old.save()
        written = [
            Contribution.objects.create(
                recording=recording,
                scope=CREDIT_ROLES[row.role].scope,
                person=row.person,
                role=row.role,
                share_bp=row.share_bp,
                entry=entry,
            )
            for row in rows
        ]
        lapse_all_with(recording, actor=actor)
    return written


def _check_rows(rows: Sequence[ContributionRow]) -> None:
    if not rows:
        raise BadField("Name at least one contributor.")
    seen = set()
    for row in rows:
        if row.role not in CREDIT_ROLES:
            raise BadField(f"{row.role} is not a role that can be credited.", field="role")
        if not 0 <= row.share_bp <= WHOLE_BP:
            raise BadField("A share is between 0 and 100 %.", field="share")
        if (row.person.pk, row.role) in seen:
            raise BadField(f"{row.person.credit_name} is there twice as {CREDIT_ROLES[row.role].title}.")
        seen.add((row.person.pk, row.role))
    for scope, title in (("work", "composition"), ("recording", "recording")):
        if not any(CREDIT_ROLES[row.role].scope == scope for row in rows):
            continue
        total = sum(row.share_bp for row in rows if CREDIT_ROLES[row.role].scope == scope)
        # A recording may belong to the imprint as a whole: then nobody holds a share of it.
        if total != WHOLE_BP and not (scope == "recording" and total == 0):
            raise BadField(
                f"The shares of the {title} total {_percent(total)} %; they must total 100 %."
                f" {_percent(abs(WHOLE_BP - total))} % {'is missing' if total < WHOLE_BP else 'is too much'}.",
                field="share",
                code="shares",
            )


def _percent(basis_points: int) -> str:
    return f"{basis_points / 100:.2f}".rstrip("0").rstrip(".")
