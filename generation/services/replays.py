"""Making a take once more from its entry: asking for it, and writing down how close it came."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from django.db import transaction

from artists.models import User
from generation import events, queue
from generation.models import EngineOffer, Take, TakeReplay
from generation.services.common import ref
from generation.services.licences import require_accepted
from generation.services.permits import require_still
from provenance.ledger import Actor, record
from provenance.models import Job

Verdict = TakeReplay.Verdict
#: The loudest difference at which two takes still count as equal within tolerance, in hundredths of a dB full scale.
TOLERANCE_MILLIBEL: Final = -6000
_WORDS: Final = {
    Verdict.BIT_EQUAL: "equal bit by bit",
    Verdict.WITHIN_TOLERANCE: "equal within tolerance",
    Verdict.NOT_REPRODUCIBLE: "not reproducible here",
}
_OPEN: Final = (Job.State.QUEUED, Job.State.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a take cannot be made again, or not the same: a stable code and a sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """A fact that the engine states otherwise now: `was` and `now` as text, empty where it is not stated."""

    fact: str
    was: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What came of it. Differences are between samples of full scale 1; None where there was nothing to compare."""

    verdict: str
    sha256: str = ""
    peak_ppb: int | None = None
    peak_millibel: int | None = None
    rms_millibel: int | None = None
    reasons: Sequence[Reason] = ()
    changed: Sequence[Change] = ()


def request_replay(take: Take, *, actor: User) -> TakeReplay:
    """Ask for a take once more. While one is waiting or at work, that one is returned.

    Raises `NotPossible` while nobody accepted the licence of the weights.
    """
    require_accepted(take.run.terms.tool.key)
    require_still(take.run)
    with transaction.atomic():
        Take.objects.select_for_update(of=("self",)).get(pk=take.pk)
        if waiting := take.replays.filter(verdict="", job__state__in=_OPEN).first():
            return waiting
        replay = TakeReplay(take=take, requested_by=actor)
        replay.entry = record(
            events.ReplayRequested(
                stream=take.run.project.stream,
                subjects=(ref("take", take), ref("run", take.run_id)),
                run_number=take.run.number,
                number=take.number,
            ),
            actor=actor,
        )
        offer = EngineOffer.objects.filter(name=take.run.engine).first()
        needs_gpu = bool(offer and offer.capabilities.get("needs_gpu"))
        replay.job = queue.enqueue_replay(take, replay_id=str(replay.pk), needs_gpu=needs_gpu, actor=actor)
        replay.save(force_insert=True)
    return replay


def replay_to_make(replay_id: str) -> TakeReplay:
    rows = TakeReplay.objects.select_related(
        "take__run__project", "take__run__brief__entry", "take__run__terms", "take__run__entry", "take__asset",
        "take__midi",
    )  # fmt: skip
    return rows.prefetch_related(
        "take__run__inputs__asset", "take__run__entry__vault", "take__stems__asset"
    ).get(pk=uuid.UUID(replay_id))


def finish_replay(replay: TakeReplay, found: Replayed) -> TakeReplay:
    """Write down how close it came. Nothing of the second sound is kept."""
    take = replay.take
    replay.entry = record(
        events.TakeReplayed(
            stream=take.run.project.stream,
            subjects=(ref("take", take), ref("run", take.run_id)),
            run_number=take.run.number,
            number=take.number,
            verdict=found.verdict,
            verdict_words=_WORDS[Verdict(found.verdict)],
            digest=found.sha256,
            tolerance_millibel=TOLERANCE_MILLIBEL,
            peak_difference_ppb=found.peak_ppb,
            peak_difference_millibel=found.peak_millibel,
            rms_difference_millibel=found.rms_millibel,
            reasons=tuple(asdict(reason) for reason in found.reasons),
            changed=tuple(asdict(change) for change in found.changed),
        ),
        actor=Actor.worker(take.run.engine),
    )
    replay.verdict = found.verdict
    replay.report = {
        **asdict(found),
        "tolerance_millibel": TOLERANCE_MILLIBEL,
        "reasons": [asdict(reason) for reason in found.reasons],
        "changed": [asdict(change) for change in found.changed],
    }
    replay.save()
    return replay
