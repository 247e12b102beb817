"""Reads foreign XML without giving it anything: no entities, no DTD, no network, no giant trees."""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from release.ddex.findings import Finding

LIMIT_BYTES: Final = 20_000_000


class Unreadable(ValueError):
    """The bytes are no XML that may be read; `finding` says so."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.sentence)
        self.finding = finding


def parse(xml: bytes) -> etree._Element:
    """The root element. Raises Unreadable."""
    if len(xml) > LIMIT_BYTES:
        raise Unreadable(
            Finding(
                code="too_large",
                sentence=f"The message has {len(xml)} bytes; {LIMIT_BYTES} are the limit.",
                cure="Send one release for each message.",
            )
        )
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            Finding(
                code="not_xml",
                sentence=f"This cannot be read as XML: {str(error)[:200]}",
                cure="Send the message file itself, unchanged, in UTF-8.",
            )
        ) from error
    information: Any = root.getroottree().docinfo
    if information.doctype:
        raise Unreadable(
            Finding(
                code="doctype",
                sentence="The message carries a document type declaration, which DDEX messages never do.",
                cure="Remove the DOCTYPE and its entities.",
            )
        )
    return root
