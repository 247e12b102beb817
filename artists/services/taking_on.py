"""From a submission to an artist: the decision, the artist on the roster, the contributor behind them, and the link."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.db import transaction

from artists.errors import ArtistsUserFault, NotNow
from artists.events.taken_on import SubmissionTakenOn
from artists.models import Artist, Person, Submission, User
from artists.services import review
from artists.services.people import create_person, people_behind
from artists.services.roster import change_status, create_artist
from provenance.ledger import record

Stage = Submission.Stage
MAX_CREDIT: Final = 120


class TakenOn(NamedTuple):
    submission: Submission
    artist: Artist
    person: Person | None


def take_on(
    submission: Submission,
    *,
    artist: Artist | None = None,
    name: str = "",
    credit_name: str = "",
    reason: str = "",
    actor: User,
) -> TakenOn:
    """Sign a submission: with an artist of the roster, or a new one called `name`; a prospect becomes signed.

    One that was signed before is brought up to the same. `credit_name`: a contributor who is not there yet; empty for
    none. All of it or nothing.
    """
    with transaction.atomic():
        if submission.stage == Stage.SIGNED:
            if artist is not None and submission.artist_id != artist.pk:
                raise NotNow("It was signed with another artist. Merge the two on the roster instead.")
            artist = submission.artist
        elif Stage.SIGNED not in Submission.NEXT[submission.stage]:
            raise NotNow("Offer first: a submission is signed from “Offer”.")
        if artist is None:
            if not name.strip():
                raise ArtistsUserFault("Choose the artist, or write the name of a new one.")
            artist = create_artist(
                name=name.strip()[:120],
                status=Artist.Status.SIGNED,
                source=f"submission {submission.number}",
                actor=actor,
            )
        elif artist.status == Artist.Status.PROSPECT:
            artist = change_status(
                artist,
                status=Artist.Status.SIGNED,
                reason=f"Submission {submission.number} was signed.",
                actor=actor,
            )
        if submission.stage != Stage.SIGNED:
            submission = review.decide(
                submission, stage=Stage.SIGNED, reason=reason, artist=artist, actor=actor
            )
        person = None
        if credit_name.strip():
            wanted = " ".join(credit_name.split())
            if len(wanted) > MAX_CREDIT:
                raise ArtistsUserFault(f"A credited name has at most {MAX_CREDIT} characters.")
            there = people_behind(artist)
            person = next((one for one in there if one.credit_name.casefold() == wanted.casefold()), None)
            person = person or create_person(credit_name=wanted, artist=artist, actor=actor)
    return TakenOn(submission, artist, person)


def keep_taken_on(taken: TakenOn, *, project: str = "", actor: User) -> None:
    """Write down what began with the submission, so that each finds the other. `project`: its id, empty for none."""
    submission, artist, person = taken
    refs = [f"artist:{artist.pk}"]
    refs += [f"person:{person.pk}"] if person else []
    refs += [f"project:{project}"] if project else []
    with transaction.atomic():
        record(
            SubmissionTakenOn(
                stream=submission.stream,
                subjects=tuple(refs),
                submission=str(submission.pk),
                number=submission.number,
                artist=str(artist.pk),
                name=artist.name,
                person=str(person.pk) if person else "",
                project=project,
            ),
            actor=actor,
        )
