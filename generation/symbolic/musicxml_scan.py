"""A first look at MusicXML, before a library makes a score of it: the plain XML out of the file, safe and bearable.

Nothing is ever written to disk; entities are refused, external ones never fetched. Source: MusicXML 4.0 (W3C), 4.7 of
its tutorial for compressed files.
"""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from xml.parsers import expat

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

MAX_XML_BYTES = 16 << 20
MAX_ENTRIES = 200
MAX_ELEMENTS = 600_000
MAX_DEPTH = 32
MAX_NOTES = 12_000
MAX_PARTS = 64
MAX_REPEATS = 64
MAX_TIMES = 8
_CONTAINER = "META-INF/container.xml"


class BadXml(ValueError):
    """The bytes are no MusicXML that can be read here; `message` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


_DAMAGED = BadXml("damaged", "The MusicXML file is damaged; export it again.")


@dataclass(frozen=True)
class Scanned:
    """The plain XML, and how much there is to read."""

    xml: bytes
    parts: int
    notes: int


class _Count:
    """What passes by in an XML parser. Raises BadXml as soon as it is too much or unsafe."""

    def __init__(self) -> None:
        self.root = ""
        self.parts = self.notes = self.repeats = self.elements = self.depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        self.root = self.root or tag
        match tag:
            case "note":
                self.notes += 1
            case "score-part":
                self.parts += 1
            case "repeat":
                self.repeats += 1
                _check_times(attributes.get("times", "1"))
            case "sound" if "tempo" in attributes:
                _check_tempo(attributes["tempo"])
        if self.root == "score-timewise":
            raise BadXml("timewise", "The MusicXML is ordered by time; export it as score-partwise.")
        if self.root != "score-partwise":
            raise BadXml("kind", "The XML is no score; export it as MusicXML.")
        if self.notes > MAX_NOTES:
            raise BadXml(
                "size", f"The MusicXML holds more than {MAX_NOTES} notes; split it, or export it as MIDI."
            )
        if (
            self.depth > MAX_DEPTH
            or self.elements > MAX_ELEMENTS
            or self.parts > MAX_PARTS
            or self.repeats > MAX_REPEATS
        ):
            raise BadXml(
                "size", f"The MusicXML holds more than a piece does (at most {MAX_PARTS} parts); split it."
            )

    def end(self, tag: str) -> None:
        self.depth -= 1

    def entity(self, *declared: object) -> int:
        raise BadXml("unsafe", "The MusicXML declares entities, which no score needs; export it again.")


def scan(data: bytes) -> Scanned:
    """Return the MusicXML in a plain or compressed file. Raises BadXml."""
    xml = _unzipped(data) if data[:2] == b"PK" else data
    if len(xml) > MAX_XML_BYTES:
        raise BadXml("size", f"The MusicXML is larger than {MAX_XML_BYTES >> 20} MB; split the piece.")
    # expat itself, as defusedxml uses it: building trees of what is only counted takes ten times as long.
    parser = expat.ParserCreate()
    count = _Count()
    parser.StartElementHandler = count.start
    parser.EndElementHandler = count.end
    parser.EntityDeclHandler = parser.UnparsedEntityDeclHandler = count.entity
    parser.ExternalEntityRefHandler = count.entity
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, BadXml):
            raise
        raise _DAMAGED from error
    if not count.notes:
        raise BadXml("empty", "The score holds no notes.")
    return Scanned(xml, count.parts, count.notes)


def _check_times(times: str) -> None:
    if not times.isdecimal() or int(times[:4]) > MAX_TIMES:
        raise BadXml("repeats", f"A repeat is played at most {MAX_TIMES} times; write it out.")


def _check_tempo(tempo: str) -> None:
    try:
        known = 10.0 <= float(tempo) <= 600.0
    except ValueError:
        known = False
    if not known:
        raise BadXml("tempo", "The file's tempo must lie between 10 and 600 beats a minute.")


def _unzipped(data: bytes) -> bytes:
    """Return the score of a compressed file, as its container names it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(names) > MAX_ENTRIES:
                raise BadXml("size", f"The compressed score holds more than {MAX_ENTRIES} files.")
            if any(name.startswith(("/", "\\")) or ".." in PurePosixPath(name).parts for name in names):
                raise BadXml("unsafe", "The compressed score names paths outside of itself; export it again.")
            name = _score_name(archive, names)
            return _entry(archive, name)
    except (
        zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, LookupError, ValueError
    ) as error:  # fmt: skip
        if isinstance(error, BadXml):
            raise
        raise BadXml("damaged", "The compressed score cannot be opened; export it again.") from error


def _score_name(archive: zipfile.ZipFile, names: list[str]) -> str:
    if _CONTAINER in names:
        try:
            root = fromstring(_entry(archive, _CONTAINER), forbid_entities=True, forbid_external=True)
        except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
            raise _DAMAGED from error
        for element in root.iter():
            if element.tag.rpartition("}")[2] == "rootfile" and element.get("full-path") in names:
                return str(element.get("full-path"))
    for name in names:
        if name.endswith((".musicxml", ".xml")) and not name.startswith("META-INF/"):
            return name
    raise BadXml("kind", "The compressed file holds no MusicXML; export it again.")


def _entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read one file of the archive, no more of it than a score may have: what its header says counts for nothing."""
    with archive.open(name) as file:
        found = file.read(MAX_XML_BYTES + 1)
    if len(found) > MAX_XML_BYTES:
        raise BadXml(
            "size", f"The compressed score unpacks to more than {MAX_XML_BYTES >> 20} MB; split the piece."
        )
    return found
