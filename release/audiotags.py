"""Tags in WAV, FLAC and MP3: what a player, a distributor and a collecting society read in the file itself.

Tags are written before the C2PA manifest: tagging a signed file breaks its signature. The samples are never touched.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import mutagen
from mutagen import flac, mp3, wave
from mutagen import id3 as mutagen_id3

from provenance.sniff import sniff, sniff_bytes
from release.errors import SystemFault, UserFault

# mutagen is only half typed
id3: Any = mutagen_id3
FLAC: Any = flac.FLAC
Picture: Any = flac.Picture
MP3: Any = mp3.MP3
WAVE: Any = wave.WAVE

COVER_LIMIT_BYTES: Final = 16_000_000
"""A FLAC picture block holds 16 MB at most."""


class CannotTag(UserFault):
    """The file is of a kind, or in a state, that takes no tags."""

    code = "cannot_tag"


class TagsDiffer(SystemFault):
    """What was read back is not what was written."""

    code = "tags_differ"


@dataclass(frozen=True, kw_only=True)
class Tags:
    """Everything that is written into one track. Empty text and None mean: no such tag."""

    title: str
    artists: tuple[str, ...]
    album: str
    album_artist: str = ""
    isrc: str = ""
    barcode: str = ""
    catalogue_number: str = ""
    label: str = ""
    p_line: str = ""
    c_line: str = ""
    date: str = ""
    """ISO 8601: 2026, 2026-12 or 2026-12-04."""
    track_number: int | None = None
    track_total: int | None = None
    disc_number: int | None = None
    disc_total: int | None = None
    genre: str = ""
    composers: tuple[str, ...] = ()
    lyricists: tuple[str, ...] = ()
    explicit: bool | None = None
    ai_involvement: str = ""
    """All, Partly or None, as the message states it."""
    comment: str = ""
    cover: bytes | None = None
    """JPEG or PNG."""

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{item.name}={getattr(self, item.name)!r}"
            for item in fields(self)
            if item.name != "cover" and getattr(self, item.name)
        )
        return f"Tags({shown}, cover={len(self.cover or b'')} bytes)"


def write_tags(path: Path, tags: Tags) -> None:
    """Replaces all tags of the file by these and reads them back. Raises CannotTag or TagsDiffer.

    Works in place: hand in a working copy, never a stored asset.
    """
    _guard(tags)
    kind = sniff(path)
    try:
        if kind == "flac":
            _write_flac(path, tags)
        elif kind == "wav":
            _write_id3(WAVE(path), tags)
        elif kind == "mp3":
            _write_id3(MP3(path), tags)
        else:
            raise CannotTag(f"Tags go into WAV, FLAC and MP3; this is {kind or 'none of them'}.")
    except mutagen.MutagenError as error:
        raise CannotTag(f"This file cannot be tagged: {error}. Render it again.") from error
    found = read_tags(path)
    if found != tags:
        raise TagsDiffer(f"The tags of {path.name} read back differently: {found!r} instead of {tags!r}.")


def read_tags(path: Path) -> Tags:
    """The tags of a file; those that are missing are empty. Raises CannotTag."""
    kind = sniff(path)
    try:
        if kind == "flac":
            return _read_flac(FLAC(path))
        if kind == "wav":
            return _read_id3(WAVE(path).tags)
        if kind == "mp3":
            return _read_id3(MP3(path).tags)
    except mutagen.MutagenError as error:
        raise CannotTag(f"The tags of this file cannot be read: {error}.") from error
    raise CannotTag(f"Tags are read from WAV, FLAC and MP3; this is {kind or 'none of them'}.")


def _guard(tags: Tags) -> None:
    for item in fields(tags):
        value = getattr(tags, item.name)
        texts = value if isinstance(value, tuple) else (value,)
        for text in texts:
            if isinstance(text, str) and "\x00" in text:
                raise CannotTag(f"The tag {item.name} holds a NUL character. Enter it again.")
    if tags.cover is not None:
        if sniff_bytes(tags.cover[:16]) not in ("jpeg", "png"):
            raise CannotTag("The cover is neither JPEG nor PNG.")
        if len(tags.cover) > COVER_LIMIT_BYTES:
            raise CannotTag(
                f"The cover has {len(tags.cover)} bytes; {COVER_LIMIT_BYTES} fit into a file. Use a JPEG."
            )


def _cover_type(cover: bytes) -> str:
    return "image/png" if sniff_bytes(cover[:16]) == "png" else "image/jpeg"


# Vorbis comments (FLAC). Names as players and distributors read them.

_VORBIS: Final = {
    "title": "TITLE",
    "album": "ALBUM",
    "album_artist": "ALBUMARTIST",
    "isrc": "ISRC",
    "barcode": "BARCODE",
    "catalogue_number": "CATALOGNUMBER",
    "label": "LABEL",
    "p_line": "PHONOGRAPHICCOPYRIGHT",
    "c_line": "COPYRIGHT",
    "date": "DATE",
    "genre": "GENRE",
    "ai_involvement": "CONTAINSAI",
    "comment": "COMMENT",
}
_VORBIS_LISTS: Final = {"artists": "ARTIST", "composers": "COMPOSER", "lyricists": "LYRICIST"}
_VORBIS_NUMBERS: Final = {
    "track_number": "TRACKNUMBER",
    "track_total": "TRACKTOTAL",
    "disc_number": "DISCNUMBER",
    "disc_total": "DISCTOTAL",
}


def _write_flac(path: Path, tags: Tags) -> None:
    file = FLAC(path)
    file.delete()
    file = FLAC(path)
    file.clear_pictures()
    if file.tags is None:
        file.add_tags()
    for name, key in _VORBIS.items():
        if value := getattr(tags, name):
            file[key] = value
    for name, key in _VORBIS_LISTS.items():
        if value := getattr(tags, name):
            file[key] = list(value)
    for name, key in _VORBIS_NUMBERS.items():
        if (number := getattr(tags, name)) is not None:
            file[key] = str(number)
    if tags.explicit is not None:
        file["ITUNESADVISORY"] = "1" if tags.explicit else "2"
    if tags.cover is not None:
        picture = Picture()
        picture.type = id3.PictureType.COVER_FRONT
        picture.mime = _cover_type(tags.cover)
        picture.data = tags.cover
        file.add_picture(picture)
    file.save()


def _read_flac(file: Any) -> Tags:
    found: dict[str, Any] = {}
    for name, key in _VORBIS.items():
        found[name] = (file.get(key) or [""])[0]
    for name, key in _VORBIS_LISTS.items():
        found[name] = tuple(file.get(key) or ())
    for name, key in _VORBIS_NUMBERS.items():
        found[name] = _number((file.get(key) or [""])[0])
    covers = [p.data for p in file.pictures if p.type == id3.PictureType.COVER_FRONT]
    return Tags(
        **found,
        explicit=_advisory((file.get("ITUNESADVISORY") or [""])[0]),
        cover=covers[0] if covers else None,
    )


# ID3 (WAV chunk and MP3), version 2.4 in UTF-8, several values as several strings of one frame

_ID3: Final = {
    "title": id3.TIT2,
    "album": id3.TALB,
    "album_artist": id3.TPE2,
    "isrc": id3.TSRC,
    "label": id3.TPUB,
    "c_line": id3.TCOP,
    "p_line": id3.TPRO,
    "date": id3.TDRC,
    "genre": id3.TCON,
}
_ID3_LISTS: Final = {"artists": id3.TPE1, "composers": id3.TCOM, "lyricists": id3.TEXT}
_ID3_OWN: Final = {
    "barcode": "BARCODE",
    "catalogue_number": "CATALOGNUMBER",
    "ai_involvement": "CONTAINSAI",
}
_ID3_PAIRS: Final = {"track": id3.TRCK, "disc": id3.TPOS}


def _write_id3(file: Any, tags: Tags) -> None:
    if file.tags is not None:
        file.tags.clear()
    else:
        file.add_tags()
    frames: Any = file.tags
    for name, frame in _ID3.items():
        if value := getattr(tags, name):
            frames.add(frame(encoding=id3.Encoding.UTF8, text=[value]))
    for name, frame in _ID3_LISTS.items():
        if value := getattr(tags, name):
            frames.add(frame(encoding=id3.Encoding.UTF8, text=list(value)))
    for name, description in _ID3_OWN.items():
        if value := getattr(tags, name):
            frames.add(id3.TXXX(encoding=id3.Encoding.UTF8, desc=description, text=[value]))
    for name, frame in _ID3_PAIRS.items():
        number, total = getattr(tags, f"{name}_number"), getattr(tags, f"{name}_total")
        if number is not None or total is not None:
            pair = f"{number or 0}" + (f"/{total}" if total is not None else "")
            frames.add(frame(encoding=id3.Encoding.UTF8, text=[pair]))
    if tags.explicit is not None:
        advisory = "1" if tags.explicit else "2"
        frames.add(id3.TXXX(encoding=id3.Encoding.UTF8, desc="ITUNESADVISORY", text=[advisory]))
    if tags.comment:
        frames.add(id3.COMM(encoding=id3.Encoding.UTF8, lang="eng", desc="", text=[tags.comment]))
    if tags.cover is not None:
        frames.add(
            id3.APIC(
                encoding=id3.Encoding.UTF8,
                mime=_cover_type(tags.cover),
                type=id3.PictureType.COVER_FRONT,
                desc="",
                data=tags.cover,
            )
        )
    file.save(v2_version=4)


def _read_id3(frames: Any) -> Tags:
    if frames is None:
        return Tags(title="", artists=(), album="")
    found: dict[str, Any] = {}
    for name, frame in _ID3.items():
        found[name] = _first_text(frames, frame.__name__)
    for name, frame in _ID3_LISTS.items():
        found[name] = tuple(str(text) for key in frames.getall(frame.__name__) for text in key.text)
    for name, description in _ID3_OWN.items():
        found[name] = _first_text(frames, f"TXXX:{description}")
    for name, frame in _ID3_PAIRS.items():
        number, _, total = _first_text(frames, frame.__name__).partition("/")
        found[f"{name}_number"] = _number(number) or None
        found[f"{name}_total"] = _number(total)
    covers = [frame.data for frame in frames.getall("APIC") if frame.type == id3.PictureType.COVER_FRONT]
    return Tags(
        **found,
        explicit=_advisory(_first_text(frames, "TXXX:ITUNESADVISORY")),
        comment=_first_text(frames, "COMM"),
        cover=covers[0] if covers else None,
    )


def _first_text(frames: Any, key: str) -> str:
    for frame in frames.getall(key):
        for text in frame.text:
            return str(text)
    return ""


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _advisory(text: str) -> bool | None:
    """Apple's advisory: 1 explicit, 2 clean; 0 and nothing say nothing."""
    return {"1": True, "2": False}.get(text)
