"""The files of a message: present, of the content that name and codec promise, with the digest that is stated."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from lxml import etree

from provenance.sniff import sniff
from release.ddex.findings import Finding, Severity
from release.ddex.view import MessageView, name_of, text, where

RULES: Final = {
    "audio_missing": "Every recording names its audio file.",
    "image_file_missing": "Every image names its file.",
    "cover_missing": "There is a front cover.",
    "hash_missing": "Every file has a hash sum.",
    "file_twice": "No two resources name one file.",
    "audio_extension": "The audio file's extension fits its codec.",
    "image_extension": "The image file's extension fits its codec.",
    "uri_outside": "Every file lies inside the message's folder.",
    "file_not_delivered": "Every named file is there.",
    "file_unlike_name": "Every file's content is what its extension says.",
    "file_unlike_codec": "Every file's content is what its codec says.",
    "hash_differs": "Every file has the digest that the message states.",
}

EXTENSIONS: Final = {
    "PCM": {"wav", "aif", "aiff"},
    "FLAC": {"flac"},
    "MP3": {"mp3"},
    "AAC": {"m4a", "mp4", "aac"},
    "JPEG": {"jpg", "jpeg"},
    "PNG": {"png"},
    "GIF": {"gif"},
    "TIFF": {"tif", "tiff"},
}
"""Codec -> extensions."""

CONTENTS: Final = {
    "wav": {"wav"}, "flac": {"flac"}, "mp3": {"mp3"}, "jpg": {"jpeg"}, "jpeg": {"jpeg"}, "png": {"png"},
    "gif": {"gif"}, "tif": {"tiff"}, "tiff": {"tiff"}, "m4a": {"mp4"}, "mp4": {"mp4"}, "aif": {"aiff"},
    "aiff": {"aiff"}, "ogg": {"ogg"},
}  # fmt: skip
"""Extension -> contents as `provenance.sniff` calls them."""

CODEC_CONTENTS: Final = {
    "PCM": {"wav", "aiff"}, "FLAC": {"flac"}, "MP3": {"mp3"}, "JPEG": {"jpeg"}, "PNG": {"png"},
    "GIF": {"gif"}, "TIFF": {"tiff"}, "AAC": {"mp4"},
}  # fmt: skip

HASHES: Final = {"SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512", "SHA1": "sha1", "MD5": "md5"}


def _audio(recording: etree._Element) -> list[etree._Element]:
    return [
        *recording.iterfind("SoundRecordingEdition/TechnicalDetails/DeliveryFile"),
        *recording.iterfind("TechnicalDetails/DeliveryFile"),
    ]


def _files(view: MessageView) -> Iterator[tuple[etree._Element, etree._Element, str]]:
    """(resource, File element, codec) of everything that is delivered."""
    for recording in view.recordings:
        for delivery in _audio(recording):
            for file in delivery.iterfind("File"):
                yield recording, file, text(delivery, "AudioCodecType")
    for image in view.images:
        for details in image.iterfind("TechnicalDetails"):
            for file in details.iterfind("File"):
                yield image, file, text(details, "ImageCodecType")


def audio_is_there(view: MessageView) -> Iterator[Finding]:
    for recording in view.recordings:
        if not any(text(delivery, "File/URI") for delivery in _audio(recording)):
            yield Finding(
                code="audio_missing",
                sentence=f"The {name_of(recording)} has no audio file.",
                cure="Attach its master to the track.",
                where=where(recording),
            )
    seen: dict[str, str] = {}
    for resource, file, _ in _files(view):
        uri = text(file, "URI")
        if uri in seen:
            yield Finding(
                code="file_twice",
                sentence=f"The {name_of(resource)} and the {seen[uri]} both name the file {uri}.",
                cure="Give each resource its own file.",
                where=where(file),
            )
        seen.setdefault(uri, name_of(resource))
        if not text(file, "HashSum/HashSumValue"):
            yield Finding(
                code="hash_missing",
                sentence=f"The file {uri} has no hash sum, so nobody can see whether it arrived whole.",
                cure="State its SHA-256.",
                where=where(file),
                severity=Severity.WARNING,
            )


def cover_is_there(view: MessageView) -> Iterator[Finding]:
    covers = [image for image in view.images if text(image, "Type") == "FrontCoverImage"]
    if not covers:
        yield Finding(
            code="cover_missing",
            sentence="The release has no front cover.",
            cure="Add a square RGB image of at least 3000 pixels.",
        )
    for image in view.images:
        if not any(text(details, "File/URI") for details in image.iterfind("TechnicalDetails")):
            yield Finding(
                code="image_file_missing",
                sentence=f"The {name_of(image)} names no file.",
                cure="Attach the picture.",
                where=where(image),
            )


def extensions_fit_codecs(view: MessageView) -> Iterator[Finding]:
    for resource, file, codec in _files(view):
        uri = text(file, "URI")
        suffix = PurePosixPath(uri).suffix.lstrip(".").lower()
        if codec in EXTENSIONS and suffix not in EXTENSIONS[codec]:
            yield Finding(
                code="image_extension" if resource.tag == "Image" else "audio_extension",
                sentence=f"The file {uri} is declared as {codec}, and its extension is {suffix or 'missing'}.",
                cure=f"Name it .{min(EXTENSIONS[codec])}, or correct the codec.",
                where=where(file),
            )


def files_are_what_they_say(view: MessageView, media_root: Path) -> Iterator[Finding]:
    """Looks into the files below `media_root`; a URI that leaves it is never opened."""
    root = media_root.resolve()
    for resource, file, codec in _files(view):
        uri = text(file, "URI")
        if not uri:
            continue
        path = (root / uri).resolve() if "://" not in uri and "\x00" not in uri else None
        if path is None or not path.is_relative_to(root):
            yield Finding(
                code="uri_outside",
                sentence=f"The file {uri} of the {name_of(resource)} is not inside the delivery.",
                cure="Use a path below the message's folder, such as resources/track.flac.",
                where=where(file),
            )
            continue
        if not path.is_file():
            yield Finding(
                code="file_not_delivered",
                sentence=f"The file {uri} of the {name_of(resource)} is not in the delivery.",
                cure="Add the file, or take the resource out of the message.",
                where=where(file),
            )
            continue
        yield from _content(path, uri, codec, file)
        yield from _digest(path, uri, file)


def _content(path: Path, uri: str, codec: str, file: etree._Element) -> Iterator[Finding]:
    content = sniff(path) or "nothing that is known"
    suffix = path.suffix.lstrip(".").lower()
    if suffix in CONTENTS and content not in CONTENTS[suffix]:
        yield Finding(
            code="file_unlike_name",
            sentence=f"The file {uri} is {content}, whatever its extension says.",
            cure="Deliver the right file, under the extension of its content.",
            where=where(file),
        )
    if codec in CODEC_CONTENTS and content not in CODEC_CONTENTS[codec]:
        yield Finding(
            code="file_unlike_codec",
            sentence=f"The file {uri} is declared as {codec}, and it is {content}.",
            cure="Deliver the right file, or correct the codec.",
            where=where(file),
        )


def _digest(path: Path, uri: str, file: etree._Element) -> Iterator[Finding]:
    stated = text(file, "HashSum/HashSumValue").lower()
    algorithm = HASHES.get(text(file, "HashSum/Algorithm"))
    if not stated or not algorithm:
        return
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
    if found != stated:
        yield Finding(
            code="hash_differs",
            sentence=f"The file {uri} is not the one that the message describes: its digest differs.",
            cure="Build the message again from the files that are delivered.",
            where=where(file),
        )
