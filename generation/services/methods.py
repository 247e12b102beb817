"""Marking generated material, and holding masters against their artist's method."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from artists.method_rules import MATERIALS, REFERENCES, material_label
from artists.models import Method, User
from artists.services import consents
from artists.services.methods import method_in_force, methods_of
from generation import events, queue
from generation.audio import likeness
from generation.errors import BadValue, NotPossible
from generation.hearing import Hearing
from generation.method_check import Case, Outcome, Verdict, check
from generation.models import Master, MaterialMark, MethodCheck, Project, PromptRun, Take, Upload
from generation.services.common import ref
from generation.services.method_material import Material
from provenance.authorship import fold
from provenance.ledger import Actor, HasActor, record
from provenance.queries import bodies_for_asset

Thing = PromptRun | Take | Upload


# -- marks -------------------------------------------------------------------------------------------------------------


def mark_material(thing: Thing, *, kind: str, actor: User) -> MaterialMark:
    """Say what a prompt run, a take or an upload is. Masters that were checked before are checked again.

    A voice or a likeness that a model is to follow needs its owner's consent: raises `ConsentMissing`.
    """
    if kind not in MATERIALS and kind not in REFERENCES:
        raise BadValue("Choose one of the kinds of material.", field="material")
    project, name, title = _about(thing)
    if kind in REFERENCES and not isinstance(thing, Upload):
        raise BadValue("Only an upload can be a reference to somebody's voice or likeness.", field="material")
    agreed = consents.require(project.artist, kind, project=project.pk)
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        mark = MaterialMark.objects.filter(project=project, ref=name).first()
        if mark is not None and mark.kind == kind:
            return mark
        entry = record(
            events.MaterialMarked(
                stream=project.stream,
                subjects=(name,),
                title=title,
                material=kind,
                material_words=material_label(kind),
                before=mark.kind if mark else "",
            ),
            actor=actor,
        )
        known = set(agreed and _used(name))
        consents.note_use(
            [one for one in agreed if one.pk not in known], ref=name, stream=project.stream, actor=actor
        )
        if mark is None:
            mark = MaterialMark.objects.create(project=project, ref=name, kind=kind, entry=entry)
        else:
            mark.kind, mark.entry = kind, entry
            mark.save()
        made = Master.objects.filter(render__version__arrangement__project=project, wav__isnull=False)
        for master in made.select_related("render__version__arrangement__project__artist"):
            enqueue_check(master, actor=actor)
    return mark


def kinds_of(project: Project) -> dict[str, str]:
    """`run:<id>`, `take:<id>`, `upload:<id>` -> kind, for what is marked."""
    return dict(MaterialMark.objects.filter(project=project).values_list("ref", "kind"))


def _used(name: str) -> Iterable[Any]:
    from artists.models import ConsentUse

    return ConsentUse.objects.filter(ref=name).values_list("consent_id", flat=True)


def _about(thing: Thing) -> tuple[Project, str, str]:
    match thing:
        case PromptRun():
            return thing.project, ref("run", thing), f"prompt run {thing.number}"
        case Take():
            return (
                thing.run.project,
                ref("take", thing),
                f"take {thing.number} of prompt run {thing.run.number}",
            )
        case Upload():
            return thing.project, ref("upload", thing), f"an upload ({thing.role.replace('_', ' ')})"


# -- asking ------------------------------------------------------------------------------------------------------------


def method_for(master: Master) -> Method | None:
    """The version that a master is held against: the one in force when it was made; None where none binds."""
    found = method_in_force(master.project.artist, master.created_at)
    return found if found is not None and found.parsed else None


def checkable(master: Master) -> list[Method]:
    """The version in force when the master was made, and newer ones that the artist may choose instead."""
    least = method_in_force(master.project.artist, master.created_at)
    every = list(methods_of(master.project.artist))
    return [method for method in every if least is None or method.number >= least.number]


def request_check(master: Master, *, method: Method | None = None, actor: User) -> MethodCheck:
    """Ask for a check of a finished master. `method`: a newer version that the artist chooses."""
    if master.wav is None:
        raise NotPossible("The master is not made yet. Wait for it, then check it.")
    offered = checkable(master)
    chosen = method or method_for(master)
    if chosen is None or chosen.pk not in {one.pk for one in offered}:
        raise BadValue(
            "Choose the version that was in force when the master was made, or a newer one."
            if offered
            else "The artist has not written a method. Write one first.",
            field="method",
        )
    if not chosen.parsed:
        raise BadValue("This version has no rule that binds, so there is nothing to check.", field="method")
    return _enqueue(master, chosen, actor=actor, asked_by=actor)


def enqueue_check(master: Master, *, actor: HasActor) -> MethodCheck | None:
    """The check that the house asks for by itself, in the caller's transaction; None where no rule binds."""
    last = newest_check(master, done=False)
    method = method_for(master)
    if last is not None and (method is None or last.method.number > method.number):
        method = last.method  # the newer version that the artist chose stays
    return _enqueue(master, method, actor=actor, asked_by=None) if method else None


def _enqueue(master: Master, method: Method, *, actor: HasActor, asked_by: User | None) -> MethodCheck:
    with transaction.atomic():
        check_id = uuid.uuid4()
        entry = record(
            events.MethodCheckRequested(
                stream=master.project.stream,
                subjects=(f"method-check:{check_id}", ref("master", master), f"method:{method.pk}"),
                number=master.number,
                method=str(method.pk),
                method_number=method.number,
            ),
            actor=actor,
        )
        job = queue.enqueue_method_check(
            master.project, check_id=str(check_id), number=master.number, actor=actor
        )
        return MethodCheck.objects.create(
            id=check_id, master=master, method=method, job=job, requested_by=asked_by, entry=entry
        )


# -- reading -----------------------------------------------------------------------------------------------------------


def newest_check(master: Master, *, done: bool = True) -> MethodCheck | None:
    rows = MethodCheck.objects.filter(master=master).select_related("method", "job", "entry")
    return (rows.filter(done=True) if done else rows).order_by("-created_at").first()


@dataclass(frozen=True)
class Standing:
    """How a master stands: the version that binds it, the check that counts, and whether that one is still good."""

    method: Method | None
    check: MethodCheck | None
    stale: bool = False

    @property
    def bound(self) -> bool:
        return self.method is not None


def standings(masters: Iterable[Master]) -> dict[object, Standing]:
    """Master id -> how it stands, in a few queries for a whole list."""
    rows = {master.pk: master for master in masters}
    artists = {master.project.artist_id for master in rows.values()}
    methods: dict[object, list[Method]] = {}
    for method in Method.objects.filter(artist__in=artists).order_by("-number"):
        methods.setdefault(method.artist_id, []).append(method)
    if not methods:
        return {key: Standing(None, None) for key in rows}
    checks: dict[object, MethodCheck] = {}
    for one in (
        MethodCheck.objects.filter(master__in=rows, done=True)
        .select_related("method", "entry")
        .order_by("created_at")
    ):
        checks[one.master_id] = one
    marks: dict[object, int] = {}
    projects = {master.project.pk for master in rows.values()}
    for project, entry in MaterialMark.objects.filter(project__in=projects).values_list(
        "project_id", "entry_id"
    ):
        marks[project] = max(entry, marks.get(project, 0))
    found: dict[object, Standing] = {}
    for key, master in rows.items():
        known = methods.get(master.project.artist_id, [])
        bound = next((one for one in known if one.created_at <= master.created_at), None)
        check = checks.get(key)
        if check is not None and (bound is None or check.method.number < bound.number):
            check = None
        if bound is not None and not bound.parsed:
            bound = None
        stale = check is not None and check.marks_seen < marks.get(master.project.pk, 0)
        found[key] = Standing(bound, check, stale)
    return found


# -- the worker's side -------------------------------------------------------------------------------------------------


def check_to_make(check_id: str) -> MethodCheck:
    rows = MethodCheck.objects.select_related(
        "method", "master__wav", "master__render__version__arrangement__project__artist"
    )
    return rows.get(pk=uuid.UUID(check_id))


def judge(found: MethodCheck, material: Material, hearing: Hearing) -> tuple[Outcome, ...]:
    """The outcomes, from the record as it stands and from what was heard."""
    master = found.master
    assert master.wav is not None
    stream = master.project.stream
    bodies = bodies_for_asset(master.wav.sha256, decisions=False, stream=stream)
    case = Case(
        found=fold(bodies, master.wav.sha256, stream=stream),
        bodies=bodies,
        pieces=material.pieces,
        hearing=hearing,
        left_out=material.left_out,
        own=material.own,
    )
    return check(found.method.parsed, case)


def finish_check(
    found: MethodCheck, outcomes: Sequence[Outcome], *, comparisons: int, marks_seen: int
) -> MethodCheck:
    """Write what was found, in the worker's fenced transaction."""
    counts = {verdict: sum(one.verdict is verdict for one in outcomes) for verdict in Verdict}
    told = tuple(one.to_json() for one in outcomes)
    found.entry = record(
        events.MethodChecked(
            stream=found.master.project.stream,
            subjects=(f"method-check:{found.pk}", ref("master", found.master), f"method:{found.method_id}"),
            number=found.master.number,
            method=str(found.method_id),
            method_number=found.method.number,
            confirmed=counts[Verdict.CONFIRMED],
            refuted=counts[Verdict.REFUTED],
            undecided=counts[Verdict.UNDECIDED],
            comparisons=comparisons,
            thresholds={
                "sound": round(likeness.SOUND_FROM),
                "turned": round(likeness.TURNED_FROM),
                "heard_ms": round(likeness.HEARD_FROM_S * 1000),
                "sister": round(likeness.SISTER_FROM),
                "chroma_permille": round(likeness.CHROMA_FROM * 1000),
                "onset_permille": round(likeness.ONSET_FROM * 1000),
            },
            outcomes=told,
        ),
        actor=Actor.worker("method-check"),
    )
    found.outcomes, found.comparisons, found.done = list(told), comparisons, True
    found.marks_seen = marks_seen
    found.save()
    return found


def checked_at(found: MethodCheck) -> dt.datetime:
    return found.entry.at
