"""Validation against DDEX's XML Schema, from a folder that the operator fills.

The schemas are under DDEX's own licence and are never part of the product. Layout of the folder:
`ern432/release-notification.xsd`, and where it imports it from, `allowed-value-sets.xsd`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from lxml import etree

from release.ddex.findings import Finding
from release.ddex.parsing import Unreadable, parse

SCHEMA_FILES: Final = {
    "http://ddex.net/xml/ern/432": "ern432/release-notification.xsd",
    "http://ddex.net/xml/ern/43": "ern43/release-notification.xsd",
}


@dataclass(frozen=True, kw_only=True)
class SchemasAbsent:
    """The message was not validated. Never to be read as valid."""

    sentence: str
    cure: str


def schema_errors(
    xml: bytes, schema_dir: Path | str | None, *, limit: int = 50
) -> tuple[Finding, ...] | SchemasAbsent:
    """Every violation of the schema, at most `limit`; an empty tuple means valid. SchemasAbsent: not checked."""
    try:
        root = parse(xml)
    except Unreadable as error:
        return (error.finding,)
    namespace = etree.QName(root).namespace or ""
    if namespace not in SCHEMA_FILES:
        return (
            Finding(
                code="unknown_namespace",
                sentence=f"This is not a DDEX ERN 4.3 or 4.3.2 message; its namespace is {namespace or 'missing'}.",
                cure="Send a NewReleaseMessage in the namespace http://ddex.net/xml/ern/432.",
            ),
        )
    if not schema_dir:
        return SchemasAbsent(
            sentence="The message was not validated: no folder with DDEX's schemas is set.",
            cure="Take the schemas from ddex.net under DDEX's licence and set DDEX_SCHEMA_DIR to their folder.",
        )
    path = Path(schema_dir) / SCHEMA_FILES[namespace]
    if not path.is_file():
        return SchemasAbsent(
            sentence=f"The message was not validated: {SCHEMA_FILES[namespace]} is not in the schema folder.",
            cure="Put DDEX's release-notification.xsd and allowed-value-sets.xsd into the folder of DDEX_SCHEMA_DIR.",
        )
    try:
        schema = _schema(str(path), path.stat().st_mtime_ns)
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
        return SchemasAbsent(
            sentence=f"The message was not validated: the schema cannot be read ({_first_line(error)}).",
            cure="Put the unchanged files of DDEX into the folder of DDEX_SCHEMA_DIR, both of one version.",
        )
    if schema.validate(root):
        return ()
    entries: Any = schema.error_log  # iterable, though its stub does not say so
    return tuple(
        Finding(
            code="schema",
            sentence=f"Line {entry.line}: {entry.message}",
            cure="Correct this field in the release; the message is rebuilt from it.",
            where=entry.path or "",
        )
        for entry in islice(entries, limit)
    )


@lru_cache(maxsize=4)
def _schema(path: str, mtime_ns: int) -> etree.XMLSchema:
    """The compiled schema; `mtime_ns` only makes a replaced file load again."""
    return etree.XMLSchema(etree.parse(path, etree.XMLParser(no_network=True, huge_tree=True)))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200]
