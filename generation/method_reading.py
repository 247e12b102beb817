"""The outcomes of a method check as a page shows them: where in the master, and both sides to listen to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from generation.method_case import GROUND_MEANING, Ground
from generation.models import Master, MethodCheck, Take, Upload
from provenance.words import clock, join

_LEAST_MS: Final = 4000


@dataclass(frozen=True, kw_only=True)
class Side:
    """One recording that can be played. `section` marks the stretch on its waveform, in milliseconds."""

    key: str
    title: str
    href: str
    audio: str
    peaks: str
    duration_ms: int
    from_ms: int
    to_ms: int

    @property
    def section(self) -> str:
        return f"{self.from_ms},{self.to_ms}"

    @property
    def from_s(self) -> str:
        return clock(self.from_ms, tenths=True)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A piece at one place: what is played there, and the piece by itself where the reader may hear it."""

    words: str
    sides: Sequence[Side]


@dataclass(frozen=True, kw_only=True)
class OutcomeRow:
    sentence: str
    verdict: str
    because: str
    limits: str
    compared: int
    entries: Sequence[str]
    grounds: Sequence[tuple[str, str]]
    places: Sequence[Place]

    @property
    def state(self) -> str:
        return {"confirmed": "passed", "refuted": "blocked"}.get(self.verdict, "warning")

    @property
    def rests_on(self) -> str:
        return join(name for name, _ in self.grounds)


def outcome_rows(check: MethodCheck) -> list[OutcomeRow]:
    """Every outcome with its places. Pieces of other projects are named, not played: the reader may not know them."""
    sounds = _Sounds(check)
    return [
        OutcomeRow(
            sentence=one["sentence"],
            verdict=one["verdict"],
            because=one["because"],
            limits=one.get("limits", ""),
            compared=one["compared"],
            entries=one["entries"],
            grounds=[(name, GROUND_MEANING[Ground(name)]) for name in one.get("grounds", ())],
            places=[
                *(
                    sounds.placed(place, f"{rule}-placed-{n}")
                    for n, place in enumerate(one.get("placed", ()), start=1)
                ),
                *(
                    sounds.heard(heard, f"{rule}-heard-{n}")
                    for n, heard in enumerate(one.get("heard", ()), start=1)
                ),
            ],
        )
        for rule, one in enumerate(check.outcomes, start=1)
    ]


class _Sounds:
    """The recordings that the outcomes of one check name."""

    def __init__(self, check: MethodCheck) -> None:
        self.master: Master = check.master
        assert self.master.wav is not None
        self.wav = self.master.wav
        project = self.master.project
        refs = set(_refs(check.outcomes))
        takes = Take.objects.filter(run__project=project, pk__in=_ids(refs, "take")).select_related(
            "asset", "run"
        )
        uploads = Upload.objects.filter(project=project).select_related("asset")
        self.takes = {f"take:{take.pk}": take for take in takes}
        self.uploads = {f"upload:{upload.pk}": upload for upload in uploads}
        self.by_digest = {upload.asset.sha256: upload for upload in self.uploads.values()}

    def placed(self, place: Mapping[str, Any], key: str) -> Place:
        begin, end = place["from_ms"], place["to_ms"]
        start = place.get("source_ms") or 0  # not every step says it, nor did earlier checks
        piece = self._piece(place["source"], key, start, start + end - begin)
        sides = (self._master(key, begin, end), piece)
        words = f"{place['title']} plays from {clock(begin, tenths=True)} to {clock(end, tenths=True)}"
        return Place(words=words, sides=[side for side in sides if side])

    def heard(self, heard: Mapping[str, Any], key: str) -> Place:
        begin, length = heard["from_ms"], max(heard["heard_ms"], _LEAST_MS)
        if heard["target"] == self.wav.sha256:
            there: Side | None = self._master(key, begin, begin + length)
        else:
            upload = self.by_digest.get(heard["target"])
            there = _upload_side(upload, key, begin, begin + length) if upload else None
        starts = heard["begins_ms"]
        sides = (there, self._piece(heard["source"], key, starts, starts + length))
        words = f"{heard['title']} in {heard['target_title']} at {clock(begin, tenths=True)}"
        return Place(words=words, sides=[side for side in sides if side])

    def _master(self, key: str, begin: int, end: int) -> Side:
        pk = self.master.pk
        return Side(
            key=f"{key}-master",
            title="the master",
            href=reverse("generation:master", args=[pk]),
            audio=reverse("generation:master-audio", args=[pk]),
            peaks=reverse("generation:master-peaks", args=[pk]),
            duration_ms=self.wav.duration_ms or 0,
            from_ms=begin,
            to_ms=min(end, self.wav.duration_ms or end),
        )

    def _piece(self, name: str, key: str, begin: int, end: int) -> Side | None:
        take = self.takes.get(name)
        if take is not None:
            return Side(
                key=f"{key}-piece",
                title=f"take {take.number} of prompt run {take.run.number}",
                href=reverse("generation:run", args=[take.run_id]),
                audio=reverse("generation:take-audio", args=[take.pk]),
                peaks=reverse("generation:take-peaks", args=[take.pk]),
                duration_ms=take.asset.duration_ms or 0,
                from_ms=begin,
                to_ms=min(end, take.asset.duration_ms or end),
            )
        upload = self.uploads.get(name)
        return _upload_side(upload, f"{key}-piece", begin, end) if upload else None


def _upload_side(upload: Upload, key: str, begin: int, end: int) -> Side:
    return Side(
        key=f"{key}-upload",
        title=upload.name,
        href=reverse("generation:upload", args=[upload.pk]),
        audio=reverse("generation:upload-audio", args=[upload.pk]),
        peaks=reverse("generation:upload-peaks", args=[upload.pk]),
        duration_ms=upload.asset.duration_ms or 0,
        from_ms=begin,
        to_ms=min(end, upload.asset.duration_ms or end),
    )


def _refs(outcomes: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for one in outcomes:
        for place in (*one.get("heard", ()), *one.get("placed", ())):
            yield place["source"]


def _ids(refs: Iterable[str], kind: str) -> list[str]:
    return [name.partition(":")[2] for name in refs if name.startswith(f"{kind}:")]
