"""Takes: what was heard of them, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from artists.models import User
from generation import events
from generation.errors import BadValue, NotPossible
from generation.models import Listen, Take
from generation.services.common import ref, text
from provenance.events import Event
from provenance.ledger import record

State = Take.State
#: Which decisions are open from which state. People may change their mind; the ledger shows it.
NEXT: dict[str, frozenset[str]] = {
    State.NEW: frozenset({State.SHORTLISTED, State.REJECTED}),
    State.SHORTLISTED: frozenset({State.SHORTLISTED, State.REJECTED, State.NEW}),
    State.REJECTED: frozenset({State.SHORTLISTED, State.REJECTED, State.NEW}),
}
MAX_SPANS = 2000


def shortlist_take(take: Take, *, reason: str, blind: bool = False, actor: User) -> Take:
    """Keep a take. The reason is sealed."""
    return _decide(take, State.SHORTLISTED, reason=reason, blind=blind, actor=actor)


def reject_take(take: Take, *, reason: str, blind: bool = False, actor: User) -> Take:
    """Let a take go; it stays where it is and can be kept later."""
    return _decide(take, State.REJECTED, reason=reason, blind=blind, actor=actor)


def reset_take(take: Take, *, actor: User) -> Take:
    """Take a decision back."""
    return _decide(take, State.NEW, reason="", blind=False, actor=actor)


def _decide(take: Take, state: str, *, reason: str, blind: bool, actor: User) -> Take:
    reason = text(reason, field="reason", what="reason", most=500)
    with transaction.atomic():
        row = Take.objects.select_for_update(of=("self",)).select_related("run__project").get(pk=take.pk)
        if state not in NEXT[row.state]:
            raise NotPossible("Nothing is decided about this take yet.")
        row.entry = record(_decision(row, state, reason=reason, blind=blind, actor=actor), actor=actor)
        row.state = state
        row.save()
    take.state, take.entry = row.state, row.entry
    return take


def _decision(take: Take, state: str, *, reason: str, blind: bool, actor: User) -> Event:
    stream, subjects = take.run.project.stream, (ref("take", take), ref("run", take.run_id))
    if state == State.NEW:
        return events.TakeReset(
            stream=stream, subjects=subjects, run_number=take.run.number, number=take.number, was=take.state
        )
    kind = events.TakeShortlisted if state == State.SHORTLISTED else events.TakeRejected
    return kind(
        stream=stream,
        subjects=subjects,
        run_number=take.run.number,
        number=take.number,
        blind=bool(blind),
        heard_percent=heard_percent(take, actor),
        reason=reason,
    )


def record_heard(
    take: Take, *, spans_ms: Sequence[Sequence[int]], blind: bool = False, actor: User
) -> Listen | None:
    """Add what *actor* has heard. Nothing new heard: nothing is written. None when nothing was ever heard."""
    fresh = _spans(spans_ms, take.asset.duration_ms or 0)
    with transaction.atomic():
        # The take's row keeps two tabs of one person apart; the listen itself may not exist yet.
        Take.objects.select_for_update(of=("self",)).get(pk=take.pk)
        listen = Listen.objects.filter(take=take, user=actor).first()
        before = [tuple(span) for span in listen.spans_ms] if listen else []
        merged = merge_spans([*before, *fresh])
        if merged == before:
            return listen
        heard_ms = sum(to - start for start, to in merged)
        entry = record(
            events.TakeHeard(
                stream=take.run.project.stream,
                subjects=(ref("take", take), ref("run", take.run_id)),
                run_number=take.run.number,
                number=take.number,
                spans_ms=tuple(merged),
                heard_ms=heard_ms,
                heard_percent=_percent(heard_ms, take),
                blind=bool(blind),
            ),
            actor=actor,
        )
        if listen is None:
            return Listen.objects.create(
                take=take, user=actor, spans_ms=merged, blind=bool(blind), entry=entry
            )
        listen.spans_ms, listen.blind, listen.entry = [list(span) for span in merged], bool(blind), entry
        listen.save()
        return listen


def heard_percent(take: Take, user: User) -> int:
    """How much of the take this person has heard."""
    listen = Listen.objects.filter(take=take, user=user).first()
    return _percent(listen.heard_ms, take) if listen else 0


def _percent(heard_ms: int, take: Take) -> int:
    duration_ms = take.asset.duration_ms or 0
    return min(100, round(100 * heard_ms / duration_ms)) if duration_ms else 0


def _spans(spans_ms: Sequence[Sequence[int]], duration_ms: int) -> list[tuple[int, int]]:
    if not isinstance(spans_ms, list | tuple) or len(spans_ms) > MAX_SPANS:
        raise BadValue(
            f"Give what was heard as at most {MAX_SPANS} spans [from, to] in milliseconds.", field="spans"
        )
    found = []
    for span in spans_ms:
        whole = isinstance(span, list | tuple) and len(span) == 2 and all(type(edge) is int for edge in span)
        if not whole or not 0 <= span[0] <= span[1]:
            raise BadValue("A span is [from, to] in whole milliseconds, from not after to.", field="spans")
        start, to = min(span[0], duration_ms), min(span[1], duration_ms)
        if to > start:
            found.append((start, to))
    return found


def merge_spans(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted and disjoint; spans that touch become one."""
    merged: list[tuple[int, int]] = []
    for start, to in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(to, merged[-1][1]))
        else:
            merged.append((start, to))
    return merged
