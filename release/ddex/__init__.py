"""DDEX ERN 4.3.2: build a NewReleaseMessage, validate it, and hold it against the rules that no schema knows.

The way through it:

    credits = ddex.contributors_for(findings, people)        # who did what, AI beside them; .problems first
    share = ddex.contains_ai(findings)                       # of a recording; release_contains_ai for the whole
    xml = ddex.build(ddex.NewRelease(...))                    # bytes; raises BadMessage for what cannot be written
    answer = ddex.schema_errors(xml, schema_dir)              # findings, or SchemasAbsent with what to do
    found = ddex.check_message(xml, media_root=folder)        # the consistency rules, with the files if given

- `message`   frozen dataclasses of everything in the message; parties are named by a `key` of the caller's,
              references (P1, A1, R0, T1) are the builder's business
- `roles`     from elements of the authorship map to DDEX roles, and the computed contributors
- `builder`   the only writer; deterministic: the same message gives the same bytes
- `schema`    XML Schema from a folder that the operator fills; DDEX's files are never part of the product
- `checks`    works on XML alone, so it also judges messages that others wrote

A finding has a code, a sentence, a cure, a place and a severity; only `error` blocks.

Pure: no Django, no database.
"""

from release.ddex.builder import build
from release.ddex.checks import RULES, check_message
from release.ddex.findings import Finding, Severity, errors
from release.ddex.message import (
    AudioFile,
    BadMessage,
    Contributor,
    Deal,
    DisplayArtist,
    Image,
    ImageFile,
    Line,
    MessagingParty,
    NewRelease,
    Party,
    Release,
    Role,
    SoundRecording,
    standard_deals,
)
from release.ddex.roles import (
    Credit,
    Credits,
    contains_ai,
    contributors_for,
    cover_contributors,
    release_contains_ai,
    role_of,
)
from release.ddex.schema import SchemasAbsent, schema_errors

__all__ = [
    "RULES",
    "AudioFile",
    "BadMessage",
    "Contributor",
    "Credit",
    "Credits",
    "Deal",
    "DisplayArtist",
    "Finding",
    "Image",
    "ImageFile",
    "Line",
    "MessagingParty",
    "NewRelease",
    "Party",
    "Release",
    "Role",
    "SchemasAbsent",
    "Severity",
    "SoundRecording",
    "build",
    "check_message",
    "contains_ai",
    "contributors_for",
    "cover_contributors",
    "errors",
    "release_contains_ai",
    "role_of",
    "schema_errors",
    "standard_deals",
]
