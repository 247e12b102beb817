"""What is brought in, under which terms. File names, senders and licences are sealed."""

from __future__ import annotations

from collections.abc import Mapping

from provenance.events import Event, event, sealed

_ERASE = "Delete the vault rows of the entry: the commitment alone says nothing about the words."


@event
class UploadImportedFirst(Event):
    """The intake is observed; what is declared about the sound carries its own, weaker basis in the claims."""

    kind = "upload.imported"
    shred = _ERASE
    sentence = "uploaded {name}, stating: {declared_words}"

    role: str
    declared: str
    declared_words: str
    elements: tuple[str, ...]
    media_type: str
    duration_ms: int
    size_bytes: int
    may_be_sold: bool
    tool: str = ""
    terms_version: int | None = None
    credential: Mapping[str, str | int | bool | tuple[str, ...]] | None = None
    already_known_as: str = ""
    name: str = sealed()
    filename: str = sealed(default="")
    licence: str = sealed(default="")
    prompt: str = sealed(default="")


@event
class UploadImported(Event):
    """The intake is observed; what is declared about the sound carries its own, weaker basis in the claims.

    `captured`: recorded in the browser, so that the claims are observed. `terms_words` says whether the terms of a tool
    are known. Receipt and terms snapshot are inputs by digest; their names are sealed.
    """

    kind = "upload.imported"
    version = 2
    shred = _ERASE
    sentence = "brought in {name}, stating: {declared_words}{terms_words}"

    role: str
    declared: str
    declared_words: str
    content: str
    captured: bool
    elements: tuple[str, ...]
    media_type: str
    duration_ms: int
    size_bytes: int
    may_be_sold: bool
    may_be_input: bool
    tool: str = ""
    tool_name: str = ""
    terms_version: int | None = None
    terms_words: str = ""
    plan: str = ""
    made_on: str = ""
    terms_snapshot: str = ""
    receipt: str = ""
    credential: Mapping[str, str | int | bool | tuple[str, ...]] | None = None
    already_known_as: str = ""
    name: str = sealed()
    filename: str = sealed(default="")
    licence: str = sealed(default="")
    credit: str = sealed(default="")
    prompt: str = sealed(default="")


@event
class UploadTermsStated(Event):
    """Said after the import. What was stated before stays in its own entry."""

    kind = "upload.terms_stated"
    shred = _ERASE
    sentence = "stated under which terms {name} came: {tool}, terms {terms_version}"

    tool: str
    terms_version: int
    tool_before: str
    terms_version_before: int | None
    plan: str
    made_on: str
    terms_snapshot: str
    receipt: str
    name: str = sealed()


@event
class UploadPrepared(Event):
    kind = "upload.prepared"
    sentence = "made a copy of an upload that browsers can play ({media_type})"

    media_type: str
    duration_ms: int
