"""What a run is given: from a reference in a form or an API call to the asset behind it, its kind and its stretch.

Nobody gives what they may not read: a thing that does not exist and one of strangers answer alike.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from artists.method_rules import REFERENCES
from artists.models import User
from generation import access
from generation.errors import BadValue
from generation.models import Master, MaterialMark, Project, Render, Take, TakeStem, Upload
from generation.modes import AUDIO, NOTES, Given, Mode
from generation.services.common import ref as ref_of
from provenance.elements import role_label
from provenance.models import Asset

MOST_CHANNELS: Final = 2
#: The kinds of things that can be given, as the first half of a reference.
KINDS: Final = ("take", "stem", "upload", "render", "master")


@dataclass(frozen=True, kw_only=True)
class RunGiven:
    """What is given under a role of the mode. `ref`: `take:<uuid>`, `stem:`, `upload:`, `render:` or `master:`.

    `kind` is audio or notes; empty: what the thing is and the mode takes. `from_ms`..`to_ms`: only this stretch.
    """

    role: str
    ref: str
    kind: str = ""
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that can be given. `audio` and `notes` are its assets, None where it has none of the kind.

    `sounds_like` is its role among parts; `title` holds numbers and roles only, `name` is what people call it.
    """

    ref: str
    title: str
    name: str
    project: Project
    sounds_like: str
    audio: Asset | None = None
    notes: Asset | None = None
    upload: Upload | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind, asset in ((AUDIO, self.audio), (NOTES, self.notes)) if asset is not None)

    @property
    def duration_ms(self) -> int | None:
        """How long it sounds; None for notes alone, whose length only reading them tells."""
        return self.audio.duration_ms if self.audio is not None else None

    def asset(self, kind: str) -> Asset:
        found = self.audio if kind == AUDIO else self.notes
        assert found is not None
        return found


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A given thing after all checks: what the run's row and its entry hold of it."""

    role: str
    thing: Thing
    kind: str
    from_ms: int | None
    to_ms: int | None

    @property
    def asset(self) -> Asset:
        return self.thing.asset(self.kind)

    @property
    def duration_ms(self) -> int | None:
        """Length of the stretch that is given; None for notes without one."""
        if self.from_ms is not None and self.to_ms is not None:
            return self.to_ms - self.from_ms
        return self.thing.duration_ms


def resolve(
    project: Project,
    inputs: Sequence[RunGiven],
    mode: Mode,
    reads: Callable[[Given], tuple[str, ...]],
    *,
    actor: User,
) -> list[Resolved]:
    """The things given, each checked against the mode and what the engine reads of it. Raises `BadValue`.

    The field of a fault is the role that it is about; `inputs` where it is about none of the mode's.
    """
    known = {given.role: given for given in mode.given}
    found: dict[str, Resolved] = {}
    for one in inputs:
        given = known.get(one.role)
        if given is None:
            takes = ", ".join(known) or "nothing"
            raise BadValue(
                f"{mode.title} is not given any {one.role[:40]!r}; it takes: {takes}.", field="inputs"
            )
        if one.role in found:
            raise BadValue(f"Give one {one.role}.", field=one.role)
        kinds = reads(given)
        if not kinds:
            raise BadValue(f"This engine has no use for the {one.role} here; leave it out.", field=one.role)
        thing = thing_of(one.ref, project, user=actor, field=one.role)
        found[one.role] = _checked(one, thing, given, kinds)
    for given in mode.given:
        if given.required and given.role not in found:
            raise BadValue(f"{mode.title} needs: {given.title.lower()}.", field=given.role)
    return list(found.values())


def thing_of(name: str, project: Project, *, user: User, field: str = "inputs") -> Thing:
    """The thing of that reference, in this project or another one of its artist that *user* may read.

    Raises `BadValue`.
    """
    thing = readable_thing(name, user=user, field=field, among="among this artist's")
    if thing.project.artist_id != project.artist_id:
        kind = name.partition(":")[0]
        raise BadValue(f"There is no such {kind} among this artist's.", field=field, code="no_such_thing")
    return thing


def readable_thing(
    name: str, *, user: User, field: str = "inputs", among: str = "among what you may open"
) -> Thing:
    """The thing of that reference in any project that *user* may read. Raises `BadValue`."""
    kind, _, key = name.partition(":") if isinstance(name, str) else ("", "", "")
    if kind not in KINDS or len(key) > 40:
        raise BadValue(
            f"Name what is given as one of {', '.join(f'{one}:<id>' for one in KINDS)}.", field=field
        )
    try:
        row = _rows(kind).filter(pk=uuid.UUID(key)).first()
    except (ValueError, ValidationError):
        row = None
    thing = _thing(kind, row) if row is not None else None
    seen = thing is not None and access.visible_projects(user).filter(pk=thing.project.pk).exists()
    if thing is None or not seen:
        raise BadValue(f"There is no such {kind} {among}.", field=field, code="no_such_thing")
    if not thing.kinds:
        raise BadValue(f"The {thing.title} is not finished. Wait for it.", field=field)
    return thing


def things(project: Project, *, kinds: Iterable[str] = (AUDIO, NOTES)) -> list[Thing]:
    """Everything in the project that can be given as one of these kinds: kept takes first, the newest of each first."""
    wanted = set(kinds)
    found: list[Thing] = []
    takes = _rows("take").filter(run__project=project).order_by("-run__number", "number")
    stems: dict[object, list[Model]] = {}
    for stem in _rows("stem").filter(take__run__project=project).order_by("role"):
        stems.setdefault(stem.take_id, []).append(stem)
    kept: list[Take] = []
    others: list[Take] = []
    for take in takes:
        (kept if take.state == Take.State.SHORTLISTED else others).append(take)
    uploads = _rows("upload").filter(project=project)
    masters = _rows("master").filter(render__version__arrangement__project=project)
    renders = _rows("render").filter(version__arrangement__project=project).order_by("-created_at")
    for group in (kept, others):
        for take in group:
            found += [_thing("take", take), *(_thing("stem", stem) for stem in stems.get(take.pk, ()))]
        if group is kept:
            found += [_thing("upload", upload) for upload in uploads]
    found += [_thing("render", render) for render in renders]
    found += [_thing("master", master) for master in masters]
    return [thing for thing in found if wanted & set(thing.kinds)]


def references(project: Project, given: Iterable[Resolved]) -> tuple[str, ...]:
    """What the given things were marked as that needs its owner's consent: a voice, a likeness."""
    names = [one.thing.ref for one in given]
    marks = MaterialMark.objects.filter(ref__in=names, kind__in=list(REFERENCES))
    return tuple(sorted(set(marks.values_list("kind", flat=True))))


def _checked(one: RunGiven, thing: Thing, given: Given, kinds: tuple[str, ...]) -> Resolved:
    words = {AUDIO: "sound", NOTES: "notes"}
    said = " or ".join(words[kind] for kind in kinds)
    if one.kind and one.kind not in kinds:
        raise BadValue(f"Give the {one.role} as {said}.", field=one.role)
    kind = one.kind or next((kind for kind in kinds if kind in thing.kinds), "")
    if kind not in thing.kinds:
        raise BadValue(f"The {thing.title} has no {words.get(kind, said)}. Choose another.", field=one.role)
    if kind == AUDIO and int(thing.asset(kind).probe.get("channels", 1)) > MOST_CHANNELS:
        raise BadValue(f"The {thing.title} has more than two channels. Mix it down first.", field=one.role)
    found = Resolved(role=one.role, thing=thing, kind=kind, **_stretch(one, thing))
    length_ms = found.duration_ms
    if length_ms is not None and not given.min_s <= length_ms / 1000 <= given.max_s:
        raise BadValue(
            f"The {one.role} is {length_ms / 1000:.1f} seconds long; give {given.min_s:g} to {given.max_s:g} seconds.",
            field=one.role,
        )
    return found


def _stretch(one: RunGiven, thing: Thing) -> dict[str, int | None]:
    start, end = one.from_ms, one.to_ms
    if start is None and end is None:
        return {"from_ms": None, "to_ms": None}
    whole = thing.duration_ms
    start = 0 if start is None else start
    end = whole if end is None else end
    if end is None:
        raise BadValue(f"Say where the stretch of the {one.role} ends.", field=one.role)
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= 2**31 - 1:
        raise BadValue(
            f"The stretch of the {one.role} must end after it starts, in whole milliseconds.", field=one.role
        )
    if whole is not None and end > whole:
        raise BadValue(
            f"The stretch ends at {end / 1000:.1f} s; the {thing.title} ends at {whole / 1000:.1f} s.",
            field=one.role,
        )
    return {"from_ms": start, "to_ms": end}


def _rows(kind: str) -> QuerySet[Any]:
    match kind:
        case "take":
            return Take.objects.select_related("run__project__artist", "asset", "midi").prefetch_related(
                "run__inputs"
            )
        case "stem":
            return TakeStem.objects.select_related("take__run__project__artist", "asset")
        case "upload":
            return Upload.objects.select_related("project__artist", "asset", "midi")
        case "render":
            return Render.objects.select_related("version__arrangement__project__artist", "asset")
        case _:
            return Master.objects.select_related("render__version__arrangement__project__artist", "wav")


def _thing(kind: str, row: Any) -> Thing:
    name = ref_of(kind, row)
    match row:
        case Take():
            title = f"take {row.number} of run {row.run.number}"
            return Thing(
                ref=name, title=title, name=title, project=row.run.project, sounds_like=row.role, audio=row.asset,
                notes=row.midi,
            )  # fmt: skip
        case TakeStem():
            title = f"{role_label(row.role)} of take {row.take.number} of run {row.take.run.number}"
            return Thing(
                ref=name, title=title, name=title, project=row.take.run.project, sounds_like=row.role,
                audio=row.asset,
            )  # fmt: skip
        case Upload():
            heard = row.asset if row.midi_id is None else None
            return Thing(
                ref=name, title=f"upload, {role_label(row.role)}", name=row.name, project=row.project,
                sounds_like=row.role, audio=heard, notes=row.midi, upload=row,
            )  # fmt: skip
        case Render():
            title = f"render of version {row.version.number}"
            return Thing(
                ref=name, title=title, name=title, project=row.version.arrangement.project, sounds_like="full_mix",
                audio=row.asset,
            )  # fmt: skip
        case _:
            title = f"master {row.number}"
            return Thing(
                ref=name, title=title, name=title, project=row.project, sounds_like="full_mix", audio=row.wav
            )
