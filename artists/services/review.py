"""What the team makes of submissions: hearing, scores, notes, votes, snoozing, decisions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone

from artists import anr_words
from artists.errors import ArtistsUserFault, NotNow
from artists.events import anr as events
from artists.models import (
    Artist,
    Score,
    Submission,
    SubmissionFile,
    SubmissionNote,
    SubmissionVote,
    User,
)
from artists.services.anr_rules import own_criteria
from artists.services.answers import answer, draft_answer
from artists.services.roster import create_artist
from artists.services.sealed import opened, words_of
from artists.services.submission_rows import about, locked
from provenance.ledger import record
from provenance.words import clock

Stage = Submission.Stage
MOST_SPANS: Final = 200
SNOOZE_DAYS: Final = 90


def keep_heard(file: SubmissionFile, *, spans: Sequence[Sequence[int]], blind: bool, actor: User) -> None:
    """Record which parts somebody heard. The first listening makes an unheard submission a heard one."""
    spans_ms = spans_of(spans, file.submission.duration_ms or 24 * 3_600_000)
    if not spans_ms:
        raise ArtistsUserFault("Say what was heard: pairs of milliseconds.")
    with transaction.atomic():
        submission = locked(file.submission)
        entry = record(
            events.SubmissionHeard(
                **about(submission),
                file=str(file.pk),
                spans_ms=spans_ms,
                heard_ms=sum(end - start for start, end in spans_ms),
                blind=blind,
            ),
            actor=actor,
        )
        if submission.stage == Stage.UNHEARD:
            submission.stage, submission.entry = Stage.HEARD, entry
            submission.save()


def unblind(submission: Submission, *, actor: User) -> Score:
    """Look at the name before scoring. It is recorded; the scores of this person then are not blind."""
    with transaction.atomic():
        submission = locked(submission)
        score = Score.objects.filter(submission=submission, author=actor).first()
        if score is not None:
            return score
        entry = record(events.SubmissionUnblinded(**about(submission)), actor=actor)
        return Score.objects.create(submission=submission, author=actor, values={}, blind=False, entry=entry)


def score(submission: Submission, *, values: Mapping[str, int], actor: User) -> Score:
    """Set one person's scores, 1 to 5 by criterion; others stay as they are."""
    known = {word.key: word.title for word in (*anr_words.criteria(), *own_criteria())}
    for key, value in values.items():
        if key not in known:
            raise ArtistsUserFault(f"{str(key)[:40]} is no criterion here. Use one of: {', '.join(known)}.")
        if type(value) is not int or not 1 <= value <= 5:
            raise ArtistsUserFault(f"Score {known[key]} from 1 to 5.")
    if not values:
        raise ArtistsUserFault("Score at least one criterion.")
    with transaction.atomic():
        submission = locked(submission)
        row = Score.objects.filter(submission=submission, author=actor).first()
        blind = True if row is None else row.blind
        merged = {**(row.values if row else {}), **values}
        if row is not None and merged == row.values:
            return row
        entry = record(
            events.SubmissionScored(
                **about(submission),
                scores=merged,
                words=", ".join(f"{known.get(key, key)} {value}" for key, value in merged.items()),
                blind=blind,
            ),
            actor=actor,
        )
        if row is None:
            row = Score(submission=submission, author=actor, blind=blind)
        row.values, row.entry = merged, entry
        row.save()
        if submission.stage == Stage.UNHEARD:
            submission.stage, submission.entry = Stage.HEARD, entry
            submission.save()
    return row


def note(
    submission: Submission,
    *,
    text: str,
    file: SubmissionFile | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    actor: User,
) -> SubmissionNote:
    """A word about all of it, at a moment, or about a range."""
    text = text.strip()[:2000]
    if not text:
        raise ArtistsUserFault("Write the note.")
    if (from_ms or 0) < 0 or (to_ms is not None and (from_ms is None or to_ms <= from_ms)):
        raise ArtistsUserFault("A range ends after it begins.")
    length_ms = (file.asset.duration_ms if file else None) or 86_400_000
    if max(from_ms or 0, to_ms or 0) > length_ms + 1000:
        raise ArtistsUserFault(f"It ends at {clock(length_ms)}. Write a moment before that.")
    with transaction.atomic():
        submission = locked(submission)
        entry = record(
            events.SubmissionNoted(
                **about(submission),
                file=str(file.pk) if file else "",
                from_ms=from_ms,
                to_ms=to_ms,
                text=text,
            ),
            actor=actor,
        )
        return SubmissionNote.objects.create(
            submission=submission, file=file, author=actor, from_ms=from_ms, to_ms=to_ms, entry=entry
        )


def vote(submission: Submission, *, vote: str, reason: str, actor: User) -> SubmissionVote:
    """One vote a person, with a reason; it may be changed."""
    if vote not in SubmissionVote.Vote.values:
        raise ArtistsUserFault("Vote yes, maybe or no.")
    if not reason.strip():
        raise ArtistsUserFault("Say why in a few words.")
    with transaction.atomic():
        submission = locked(submission)
        entry = record(
            events.SubmissionVoted(**about(submission), vote=vote, reason=reason.strip()[:1000]), actor=actor
        )
        row = SubmissionVote.objects.filter(submission=submission, author=actor).first()
        row = row or SubmissionVote(submission=submission, author=actor)
        row.vote, row.entry = vote, entry
        row.save()
    return row


def snooze(submission: Submission, *, days: int, actor: User) -> Submission:
    """Out of the inbox until a day. The promise to the sender is not moved by that."""
    if not 1 <= days <= SNOOZE_DAYS:
        raise ArtistsUserFault(f"Put it aside for 1 to {SNOOZE_DAYS} days.")
    with transaction.atomic():
        submission = locked(submission)
        until = timezone.now().date() + dt.timedelta(days=days)
        submission.entry = record(
            events.SubmissionSnoozed(**about(submission), until=until.isoformat()), actor=actor
        )
        submission.snoozed_until = until
        submission.save()
    return submission


def decide(
    submission: Submission,
    *,
    stage: str,
    reason: str = "",
    artist: Artist | None = None,
    seen: str = "",
    actor: User,
) -> Submission:
    """Move on by `Submission.NEXT`. Signing links the artist of the roster, or puts a new one on it.

    `seen`: the stage at which the one who decides saw it. Raises `NotNow` when somebody decided since.
    """
    with transaction.atomic():
        submission = locked(submission)
        if seen in Submission.NEXT and seen != submission.stage and submission.stage != Stage.HEARD:
            raise NotNow(
                f"Somebody has moved submission {submission.number} to “{Stage(submission.stage).label}” "
                "meanwhile. Look at it again, then decide."
            )
        if stage not in Submission.NEXT[submission.stage]:
            can = [Stage(one).label for one in Submission.NEXT[submission.stage]]
            raise NotNow(
                f"Submission {submission.number} is at “{Stage(submission.stage).label}”; "
                + (f"from there it goes to: {', '.join(can)}." if can else "that is its end.")
            )
        if stage == Stage.DECLINED and not reason.strip():
            raise ArtistsUserFault("Say why not, for your colleagues; the sender does not see it.")
        if stage == Stage.SIGNED and artist is None and submission.artist is None:
            name = str(
                words_of(submission.sent_entry_id).get("artist_name") or f"Submission {submission.number}"
            )
            artist = create_artist(name=name[:120], status=Artist.Status.SIGNED, actor=actor)
        submission.artist = artist or submission.artist
        before, submission.stage, submission.snoozed_until = submission.stage, stage, None
        submission.declined_at = timezone.now() if stage == Stage.DECLINED else None
        submission.entry = record(
            events.SubmissionDecided(
                **about(submission),
                subjects=(f"artist:{submission.artist_id}",) if submission.artist_id else (),
                before=before,
                after=stage,
                artist=str(submission.artist_id) if submission.artist_id else None,
                reason=reason.strip()[:1000],
            ),
            actor=actor,
        )
        submission.save()
    return submission


@dataclass(frozen=True)
class BulkLine:
    """What became of one submission of many."""

    submission: Submission
    done: bool
    says: str


def decide_many(
    submissions: Iterable[Submission], *, stage: str, reason: str, template: str = "", actor: User
) -> list[BulkLine]:
    """Decide each by itself, each with its own entry; one that cannot be is reported and stops no other."""
    found = []
    for submission in submissions:
        try:
            with transaction.atomic():
                moved = decide(submission, stage=stage, reason=reason, actor=actor)
                if template:
                    draft = draft_answer(moved, template=template, actor=actor)
                    answer(moved, template=template, subject=draft.subject, body=draft.body, actor=actor)
        except ArtistsUserFault as fault:
            found.append(BulkLine(submission, False, fault.message))
        else:
            found.append(BulkLine(moved, True, Stage(stage).label))
    return found


def names_of(submissions: Iterable[Submission]) -> dict[object, dict[str, str]]:
    """What the senders wrote, by submission id. For readers who may know, after their own first score."""
    rows = list(submissions)
    found = opened(row.sent_entry_id for row in rows)
    return {row.pk: found[row.sent_entry_id] for row in rows}


def spans_of(spans: Sequence[Sequence[int]], longest_ms: int) -> tuple[tuple[int, int], ...]:
    found = []
    if not isinstance(spans, list | tuple) or len(spans) > MOST_SPANS:
        raise ArtistsUserFault("Say what was heard: pairs of milliseconds.")
    for span in spans:
        if (
            not isinstance(span, list | tuple)
            or len(span) != 2
            or any(type(value) is not int for value in span)
            or not 0 <= span[0] < span[1] <= longest_ms + 1000
        ):
            raise ArtistsUserFault("Say what was heard: pairs of milliseconds.")
        found.append((span[0], span[1]))
    return tuple(found)
