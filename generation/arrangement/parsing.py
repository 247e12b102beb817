"""From JSON to an arrangement, strictly: what is not exactly right is refused with its place and its cure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from generation.arrangement.document import VERSION, Arrangement, Clip, Track, in_order
from provenance.elements import ROLES
from provenance.errors import UserFault

MAX_TRACKS: Final = 64
MAX_CLIPS: Final = 2_000
MAX_DURATION_S: Final = 60 * 60
MAX_NAME_CHARACTERS: Final = 200
MAX_DOCUMENT_BYTES: Final = 4_000_000
SAMPLE_RATES_HZ: Final = (8_000, 192_000)
TEMPO_MILLI_BPM: Final = (10_000, 999_000)
GAIN_MILLIBEL: Final = (-9_600, 2_400)
PAN_PERCENT: Final = (-100, 100)

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_METRE: Final = re.compile(r"([1-9]|[12][0-9]|3[0-2])/(1|2|4|8|16|32)")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x80-\x9f]")


class BadDocument(UserFault):
    """An arrangement that cannot be accepted. `path` names the place: `tracks[0].clips[3].gain_millibel`."""

    code = "bad_document"

    def __init__(self, code: str, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message, code=code)
        self.path = path


def parse_bytes(data: bytes) -> Arrangement:
    """Parse a document as it is stored or sent. Raises BadDocument, also for a key that occurs twice."""
    if len(data) > MAX_DOCUMENT_BYTES:
        raise BadDocument("too_many", "", "The document is larger than 4 MB; split the arrangement.")
    try:
        document = json.loads(data, object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:  # broken text, broken JSON, a number of thousands of digits
        raise BadDocument("not_json", "", "This is not a JSON document. Save it again.") from error
    return parse(document)


def parse(document: object) -> Arrangement:
    """The arrangement that a JSON document describes. Raises BadDocument for anything else."""
    fields = _object(document, "", {"v", "sample_rate_hz", "tempo_milli_bpm", "metre", "tracks"})
    version = _integer(fields, "v", "", (1, 1_000_000))
    if version != VERSION:
        raise BadDocument(
            "bad_version", "v", f"This is version {version}; this program writes version {VERSION}."
        )
    rate = _integer(fields, "sample_rate_hz", "", SAMPLE_RATES_HZ)
    metre = _text(fields, "metre", "")
    if _METRE.fullmatch(metre) is None:
        raise BadDocument(
            "bad_metre", "metre", 'Write the metre as beats and beat unit, such as "4/4" or "6/8".'
        )
    tracks = _list(fields, "tracks", "", MAX_TRACKS, "tracks")
    arrangement = Arrangement(
        sample_rate_hz=rate,
        tempo_milli_bpm=_integer(fields, "tempo_milli_bpm", "", TEMPO_MILLI_BPM),
        metre=metre,
        tracks=tuple(_track(item, f"tracks[{n}]", rate) for n, item in enumerate(tracks)),
    )
    _check_whole(arrangement)
    return arrangement


def _track(item: object, path: str, rate: int) -> Track:
    fields = _object(item, path, {"id", "name", "role", "gain_millibel", "pan_percent", "mute", "clips"})
    role = _text(fields, "role", path)
    if role not in ROLES:
        raise BadDocument("bad_role", f"{path}.role", f"No such role. Use one of: {', '.join(ROLES)}.")
    clips = _list(fields, "clips", path, MAX_CLIPS, "clips")
    return Track(
        id=_id(fields, path),
        name=_name(fields, path),
        role=role,
        gain_millibel=_integer(fields, "gain_millibel", path, GAIN_MILLIBEL),
        pan_percent=_integer(fields, "pan_percent", path, PAN_PERCENT),
        mute=_boolean(fields, "mute", path),
        clips=in_order(tuple(_clip(clip, f"{path}.clips[{n}]", rate) for n, clip in enumerate(clips))),
    )


_CLIP_KEYS: Final = {
    "id",
    "asset",
    "name",
    "start_samples",
    "offset_samples",
    "length_samples",
    "gain_millibel",
    "fade_in_samples",
    "fade_out_samples",
    "mute",
}


def _clip(item: object, path: str, rate: int) -> Clip:
    fields = _object(item, path, _CLIP_KEYS)
    longest = MAX_DURATION_S * rate
    asset = _text(fields, "asset", path)
    if _DIGEST.fullmatch(asset) is None:
        raise BadDocument(
            "bad_digest", f"{path}.asset", "An asset is named by 64 lowercase hexadecimal digits."
        )
    length = _integer(fields, "length_samples", path, (1, longest))
    clip = Clip(
        id=_id(fields, path),
        asset=asset,
        name=_name(fields, path),
        start_samples=_integer(fields, "start_samples", path, (0, longest)),
        offset_samples=_integer(fields, "offset_samples", path, (0, longest)),
        length_samples=length,
        gain_millibel=_integer(fields, "gain_millibel", path, GAIN_MILLIBEL),
        fade_in_samples=_integer(fields, "fade_in_samples", path, (0, length)),
        fade_out_samples=_integer(fields, "fade_out_samples", path, (0, length)),
        mute=_boolean(fields, "mute", path),
    )
    if clip.end_samples > longest or clip.offset_samples + length > longest:
        raise BadDocument(
            "too_long",
            path,
            f"The clip ends after {MAX_DURATION_S // 60} minutes; move it earlier or trim it.",
        )
    if clip.fade_in_samples + clip.fade_out_samples > length:
        raise BadDocument(
            "fades_overlap", path, "The two fades are longer than the clip; shorten one of them."
        )
    return clip


def _check_whole(arrangement: Arrangement) -> None:
    clips = [clip.id for _, clip in arrangement.clips()]
    if len(clips) > MAX_CLIPS:
        raise BadDocument("too_many", "tracks", f"There are {len(clips)} clips; {MAX_CLIPS} are possible.")
    for ids, what in (([track.id for track in arrangement.tracks], "tracks"), (clips, "clips")):
        if (
            twin := next((name for name in ids if ids.count(name) > 1), None)
            if len(set(ids)) < len(ids)
            else None
        ):
            raise BadDocument(
                "duplicate_id", "tracks", f"Two {what} have the id {twin}; give one of them another."
            )


def _object(item: object, path: str, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise BadDocument("wrong_type", path, f"An object with keys is due here, not {_kind(item)}.")
    if unknown := sorted(str(key)[:40] for key in set(item) - keys):
        shown = ", ".join(ascii(name) for name in unknown[:5])
        raise BadDocument("unknown_key", path, f"Unknown: {shown}. Remove what this version does not define.")
    if absent := sorted(keys - set(item)):
        raise BadDocument("missing_key", path, f"Missing: {', '.join(absent)}.")
    return item


def _list(fields: Mapping[str, Any], key: str, path: str, most: int, what: str) -> list[Any]:
    value = fields[key]
    if not isinstance(value, list):
        raise BadDocument("wrong_type", _join(path, key), f"A list is due here, not {_kind(value)}.")
    if len(value) > most:
        raise BadDocument(
            "too_many", _join(path, key), f"There are {len(value)} {what}; {most} are possible."
        )
    return value


def _integer(fields: Mapping[str, Any], key: str, path: str, limits: tuple[int, int]) -> int:
    value = fields[key]
    if type(value) is not int:
        raise BadDocument("wrong_type", _join(path, key), f"A whole number is due here, not {_kind(value)}.")
    low, high = limits
    if not low <= value <= high:
        raise BadDocument("out_of_range", _join(path, key), f"Use a whole number from {low} to {high}.")
    return value


def _boolean(fields: Mapping[str, Any], key: str, path: str) -> bool:
    value = fields[key]
    if type(value) is not bool:
        raise BadDocument("wrong_type", _join(path, key), f"True or false is due here, not {_kind(value)}.")
    return value


def _text(fields: Mapping[str, Any], key: str, path: str) -> str:
    value = fields[key]
    if not isinstance(value, str):
        raise BadDocument("wrong_type", _join(path, key), f"Text is due here, not {_kind(value)}.")
    if _CONTROL.search(value):
        raise BadDocument("bad_text", _join(path, key), "Remove the control characters from this text.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadDocument(
            "bad_text", _join(path, key), "Remove the broken character from this text."
        ) from None
    return value


def _name(fields: Mapping[str, Any], path: str) -> str:
    value = _text(fields, "name", path)
    if len(value) > MAX_NAME_CHARACTERS:
        raise BadDocument(
            "out_of_range", _join(path, "name"), f"Use at most {MAX_NAME_CHARACTERS} characters."
        )
    return value


def _id(fields: Mapping[str, Any], path: str) -> str:
    value = _text(fields, "id", path)
    if _ID.fullmatch(value) is None:
        raise BadDocument(
            "bad_id",
            _join(path, "id"),
            "An id is 1 to 64 letters, digits, hyphens or underscores, without spaces.",
        )
    return value


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "the number " + repr(value)[:24]
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise BadDocument("duplicate_key", "", "A key occurs twice in one object; save the document again.")
    return found


def _no_constant(name: str) -> NoReturn:
    raise BadDocument("wrong_type", "", f"{name} is no number of JSON; use a whole number.")
