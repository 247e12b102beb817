"""Blind first listening, kept in the ledger: a sender's words stay shut until one has scored, or looked on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Exists, Func, OuterRef, UUIDField

from artists.access_anr import known_among
from artists.models import Score, Submission, User
from provenance.services import Entry, disclose

SUBMISSIONS: Final = "submission:"
#: So many streams are named one by one.
MANY: Final = 500


def blind_to(reader: User | None, entries: Iterable[Entry]) -> frozenset[str]:
    """The streams of submissions among these entries whose words this reader is not shown yet."""
    streams = {entry.stream for entry in entries if entry.stream.startswith(SUBMISSIONS)}
    if not streams or reader is None:
        return frozenset(streams)
    found = Submission.objects.filter(pk__in=[stream.partition(":")[2] for stream in streams])
    known = known_among(reader, list(found))
    return frozenset(streams - {f"{SUBMISSIONS}{pk}" for pk in known})


def said_to(reader: User, entry: Entry) -> dict[str, object]:
    """The private words of an entry, as far as this reader is shown them."""
    return {} if blind_to(reader, [entry]) else disclose(entry)


class _Submission(Func):
    """The submission that a stream is of."""

    template = "CASE WHEN %(expressions)s LIKE 'submission:%%%%' THEN substr(%(expressions)s, 12)::uuid END"
    output_field = UUIDField()


def heard_by(reader: User) -> frozenset[str] | Exists:
    """The streams of the submissions whose words this reader is shown; a rule for them where they are many."""
    scored = Score.objects.filter(author=reader)
    few = list(scored.values_list("submission_id", flat=True)[: MANY + 1])
    if len(few) > MANY:
        return Exists(scored.filter(submission_id=_Submission(OuterRef("stream"))))
    return frozenset(f"{SUBMISSIONS}{pk}" for pk in few)
