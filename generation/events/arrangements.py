"""Arrangements, renders and masters. Names of versions are sealed."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed

_ERASE = "Delete the vault rows of the entry: the commitment alone says nothing about the words."


@event
class ArrangementCreated(Event):
    kind = "arrangement.created"
    sentence = "started the arrangement {title} with {tracks} tracks"

    title: str
    digest: str
    tracks: int
    clips: int
    takes: tuple[str, ...]


@event
class ArrangementSaved(Event):
    kind = "arrangement.saved"
    shred = _ERASE
    sentence = "saved version {number} of the arrangement: {summary}"

    number: int
    parent: int
    branch: bool
    digest: str
    name: str
    summary: str
    edit_counts: Mapping[str, int]
    edits: tuple[Mapping[str, str | int | bool | None], ...]
    edits_left_out: int
    note: str = sealed(default="")


@event
class VersionNamed(Event):
    kind = "arrangement.named"
    sentence = "named version {number} “{name}”"

    number: int
    name: str


@event
class RenderRequested(Event):
    kind = "render.requested"
    sentence = "asked for the render of version {number}"

    number: int
    digest: str


@event
class RenderFinished(Event):
    kind = "render.finished"
    sentence = "rendered version {number}"

    number: int
    digest: str
    duration_ms: int
    sample_rate_hz: int
    arranged_by_hand: bool
    mixed_by_hand: bool


@event
class MasterRequested(Event):
    kind = "master.requested"
    sentence = "asked for master {number}"

    number: int
    target_lufs_milli: int
    ceiling_millibel: int


@event
class MasterFinished(Event):
    kind = "master.finished"
    sentence = "made master {number}"

    number: int
    report: Mapping[str, str | int | None]
