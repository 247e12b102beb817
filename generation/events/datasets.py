"""Datasets and the models that were made from them. Titles are public; what trains on what has to be seen."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event


@event
class DatasetCreated(Event):
    kind = "dataset.created"
    sentence = "began the dataset {title}"

    title: str
    purpose: str
    tools: tuple[str, ...]
    territories: tuple[str, ...]


@event
class DatasetRecordingAdded(Event):
    """`consents`: the agreements that the recording stood on when it came in."""

    kind = "dataset.recording_added"
    sentence = "put {recording} by {artist_name} into the dataset {title}"

    title: str
    recording: str
    artist: str
    artist_name: str
    sha256: str
    consents: tuple[str, ...]


@event
class DatasetRecordingRemoved(Event):
    kind = "dataset.recording_removed"
    sentence = "took {recording} by {artist_name} out of the dataset {title}"

    title: str
    recording: str
    artist: str
    artist_name: str
    sha256: str


@event
class DatasetFrozen(Event):
    """`lines`: per recording its digest and the ids of the consents that it stood on."""

    kind = "dataset.frozen"
    sentence = "froze version {number} of the dataset {title} (recordings: {recordings})"

    title: str
    number: int
    recordings: int
    tools: tuple[str, ...]
    territories: tuple[str, ...]
    lines: Mapping[str, tuple[str, ...]]


@event
class DatasetExported(Event):
    kind = "dataset.exported"
    sentence = (
        "packed version {number} of the dataset {title} (recordings: {recordings}, with captions: {captions})"
    )

    title: str
    number: int
    recordings: int
    captions: int
    manifest_sha256: str
    archive_sha256: str
    size_bytes: int


@event
class ModelOriginStated(Event):
    """`source`: whose catalogue, or where the card is, for what this label did not train itself."""

    kind = "model.origin_stated"
    sentence = "said what the model {name} was made from: {origin_words}"

    engine: str
    name: str
    weights_sha256: str
    origin: str
    origin_words: str
    dataset: str
    dataset_version: int | None
    source: str
    document: str


@event
class ModelOriginWithdrawn(Event):
    kind = "model.origin_withdrawn"
    sentence = "took back what was said about the origin of the model {name}"

    engine: str
    name: str
    weights_sha256: str
