"""The seal strip: what really stands behind some entries, and "not yet" where nothing does."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.timezone import localtime

from artists.models import User
from provenance.services import Entry
from provenance.standing import Cover, Standing, standing
from provenance.words import count, join


@dataclass(frozen=True)
class Seal:
    """One part of the strip. `state`: good, late, or plain."""

    title: str
    words: str
    state: str = ""


def strip(found: QuerySet[Entry]) -> list[Seal]:
    """Log, signatures, timestamps, witnesses: four parts, in words."""
    stands = standing(found)
    return [_log(stands), _signed(stands), _covered(stands, "timestamp"), _covered(stands, "witness")]


def _log(stands: Standing) -> Seal:
    title = count(stands.entries, "entry", "entries")
    if not stands.entries:
        return Seal(title, "nothing is recorded yet")
    if stands.waiting:
        rest = "waits" if stands.waiting == 1 else "wait"
        return Seal(title, f"{stands.waiting:,} {rest} for a place in the log")
    return Seal(title, f"all proven in the checkpoint of {stands.checkpoint_size:,}")


def _signed(stands: Standing) -> Seal:
    if not stands.human:
        return Seal("Nothing to sign", "no person acted here")
    if not stands.signed:
        return Seal("Not signed yet", f"{count(stands.human, 'entry', 'entries')} by people, none is signed")
    names = sorted(User.objects.filter(pk__in=stands.signers).values_list("full_name", flat=True))
    who = join(names, limit=2) or "its maker"
    if stands.signed < stands.human:
        return Seal("Signed in part", f"{stands.signed:,} of {stands.human:,} by {who}")
    return Seal("Signed", f"all {stands.human:,} by {who}")


def _covered(stands: Standing, kind: str) -> Seal:
    stamped = kind == "timestamp"
    complete = sorted((cover for cover in stands.covers if cover.kind == kind), key=lambda cover: cover.at)
    if complete:
        return Seal("Timestamped" if stamped else "Witnessed", _said(complete))
    partly = [(name, number) for found, name, number in stands.partly if found == kind]
    if partly:
        name, number = max(partly, key=lambda one: one[1])
        title = "Timestamped in part" if stamped else "Witnessed in part"
        return Seal(title, f"{number:,} of {stands.entries:,} by {name}, the rest not yet")
    if stamped:
        return Seal("Not timestamped yet", "no outside authority has confirmed the date")
    return Seal("No witness yet", "the label alone signs this log")


def _said(complete: list[Cover]) -> str:
    first = complete[0]
    names = join((cover.name for cover in complete), limit=2)
    verb = "says" if len(complete) == 1 else "say"
    return f"all of it before {localtime(first.at):%-d %B %Y, %H:%M} UTC, {verb} {names}"
