"""The list on the left, one submission on the right."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from artists import access_anr as access
from artists import anr_words
from artists.access import ERASERS
from artists.models import Submission, SubmissionVote, User
from artists.services import answer_templates, answers, clearing, looks, review
from artists.services.sealed import opened
from artists.views import user_of
from artists.views.inbox.measures import credential_of, ears, facts, hints, same_sound

PAGE: Final = 40
VIEWS: Final = (
    ("open", "To do"),
    ("unheard", "Unheard"),
    ("late", "Late"),
    ("snoozed", "Put aside"),
    ("more", "Hear more"),
    ("meet", "Meet"),
    ("offer", "Offer"),
    ("done", "Done"),
    ("erase", "To erase"),
)


@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    access.require_staff(user)
    return submissions_page(request, user, None)


@require_safe
def submission_page(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    user = user_of(request)
    return submissions_page(request, user, access.submission_for(user, pk))


def submissions_page(
    request: HttpRequest, user: User, submission: Submission | None, *, wrong: Mapping[str, str] | None = None
) -> HttpResponse:
    """List and desk. `wrong`: `form`, `fault`, and what was written there, to be shown again."""
    asked_for = request.GET if wrong is None else request.POST
    view = asked_for.get("view", "open")
    view = view if wrong is None or view in dict(VIEWS) else "open"
    rows = access.inbox(user, view=view)
    page = asked_for.get("page", "1")
    number = max(1, min(int(page) if page.isdigit() and page.isascii() else 1, 5000))
    first = (number - 1) * PAGE
    found = list(rows[first : first + PAGE + 1])
    listed, more = found[:PAGE], len(found) > PAGE
    submission = submission or (listed[0] if listed else None)
    known = access.known_among(user, listed)
    names = review.names_of(row for row in listed if row.pk in known)
    votes, copies = _votes(listed), _copies(listed)
    before, after = _neighbours(found, submission, asked_for.get("next", ""))
    query = f"?view={view}&page={number}"
    asked = access.inbox(user, view="erase").exists()
    context: dict[str, Any] = {
        "view": view,
        "views": VIEWS if asked or view == "erase" else VIEWS[:-1],
        "page": number,
        "more": more,
        "query": query,
        "rows": [
            {
                "submission": row,
                "name": names.get(row.pk, {}).get("artist_name", ""),
                "votes": votes.get(row.pk, ""),
                "copies": copies.get(row.pk, 0),
            }
            for row in listed
        ],
        "next": after,
        "next_query": f"?view={view}&page={number + (after == found[-1] and more)}" if after else "",
        "before": before,
        "headline": _headline(user),
        "may_decide": access.may_decide(user),
        "now": timezone.now(),
    }
    if submission is not None:
        context |= _detail(user, submission, request.GET.get("answer", ""), wrong or {})
    if wrong is None:
        return render(request, "artists/inbox.html", context)
    answer = render(request, "artists/inbox.html", context, status=422)
    assert submission is not None
    # The form's own address holds no page: whoever reloads comes back to the submission.
    answer["HX-Push-Url"] = f"{reverse('artists:submission', args=[submission.pk])}{query}"
    return answer


def _copies(rows: Sequence[Submission]) -> dict[Any, int]:
    """How many are folded under each: of those that are shown, for a count in the list's query is one over all."""
    found = Submission.objects.filter(duplicate_of__in=rows).order_by().values_list("duplicate_of")
    return dict(found.annotate(many=Count("pk")))


def _neighbours(
    found: Sequence[Submission], submission: Submission | None, follow: str
) -> tuple[Submission | None, Submission | None]:
    """The one before and the one after. `follow`: what came after it before a decision took it out of this list."""
    if submission is None:
        return None, None
    place = next((at for at, row in enumerate(found) if row.pk == submission.pk), None)
    if place is None:
        return None, next((row for row in found if str(row.pk) == follow), found[0] if found else None)
    return found[place - 1] if place else None, found[place + 1] if place + 1 < len(found) else None


def _detail(user: User, submission: Submission, wanted: str, wrong: Mapping[str, str]) -> dict[str, Any]:
    knows = access.knows_who(user, submission)
    files = list(submission.files.select_related("asset__analysis", "playback"))
    unseen = looks.ended_looks(submission, files)
    notes = list(submission.notes.select_related("author", "file"))
    votes = list(submission.votes.select_related("author"))
    said = opened(
        [*(row.entry_id for row in notes), *(row.entry_id for row in votes), submission.sent_entry_id]
    )
    words = said[submission.sent_entry_id]
    draft = None
    wanted = wrong.get("template", wanted)
    if wanted and knows and access.may_decide(user):
        draft = answers.draft_answer(submission, template=wanted, actor=user)
        if "template" in wrong:
            draft = dataclasses.replace(draft, subject=wrong.get("subject", ""), body=wrong.get("body", ""))
    return {
        "submission": submission,
        "knows": knows,
        "words": words if knows else {},
        "contact": knows and access.may_decide(user),
        "declared": [(word.title, submission.ai.get(word.key, "")) for word in anr_words.elements()]
        if knows
        else [],
        "files": [
            {
                "file": file,
                "name": _filename(words, file.position) if knows else f"File {file.position}",
                "facts": facts(file.report),
                "hints": hints(file.report),
                "matches": same_sound(file.matches),
                "c2pa": credential_of(file.c2pa, knows),
                "playable": access.is_audible(file),
                "unseen": unseen.get(file.pk),
                "markers": ",".join(
                    str(n.from_ms) for n in notes if n.file_id == file.pk and n.from_ms is not None
                ),
            }
            for file in files
        ],
        "unseen": bool(unseen),
        "rights_said": dict(anr_words.RIGHTS).get(submission.rights, submission.rights),
        "ears": ears(user, submission),
        "notes": [{"row": row, "text": said[row.entry_id].get("text", "(erased)")} for row in notes],
        "votes": [{"row": row, "reason": said[row.entry_id].get("reason", "(erased)")} for row in votes],
        "my_vote": wrong.get("vote") or next((row.vote for row in votes if row.author_id == user.pk), ""),
        "vote_choices": SubmissionVote.Vote.choices,
        "stages": [(key, Submission.Stage(key).label) for key in Submission.NEXT[submission.stage]],
        "copies": list(submission.duplicates.order_by("number")[:50]),
        "templates": answer_templates.templates(),
        "draft": draft,
        "wrong": wrong,
        "answers": submission.answers.all(),
        "own_answers": words.get("answers", []) if knows else [],
        "may_erase": user.has_role(*ERASERS),
        "erase_by": submission.erasure_asked_at and submission.erasure_asked_at + clearing.ERASE_WITHIN,
        "agreements": submission.agreements.all() if user.has_role(*access.AGREEMENT_READERS) else (),
    }


def _filename(words: dict[str, Any], position: int) -> str:
    names = words.get("filenames") or []
    return str(names[position - 1]) if position <= len(names) else f"File {position}"


def _votes(rows: Sequence[Submission]) -> dict[Any, str]:
    found: dict[Any, list[str]] = {}
    for pk, vote in SubmissionVote.objects.filter(submission__in=rows).values_list("submission_id", "vote"):
        found.setdefault(pk, []).append(vote)
    said = {}
    for pk, votes in found.items():
        many = f"{len(votes)} vote{'s' * (len(votes) > 1)}"
        said[pk] = f"{many}, split" if len(set(votes)) > 1 else f"{many}, {votes[0]}"
    return said


def _headline(user: User) -> str:
    unheard = access.inbox(user, view="unheard").count()
    late = access.inbox(user, view="late").count()
    soon = access.promised_until(user, timezone.now() + dt.timedelta(days=3)).count() - late
    words = f"{unheard} unheard" if unheard else "All heard"
    if late:
        return f"{words}, {late} promised answer{'s' if late > 1 else ''} late"
    return f"{words}, {soon} promised within three days" if soon else words
