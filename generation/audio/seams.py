"""Seams between what is there and what is new: a section replaced, a piece made longer. Pure.

All sound is float32 `[channels, samples]` at one rate. Outside of the crossfades the source comes back bit by bit.

Gains follow the correlation of the two sounds where they cross, so that the power stays even: equal gain for the same
sound, equal power for unrelated ones, and what lies between for the rest (M. Fink, M. Holters and U. Zölzer,
Signal-matched power-complementary cross-fading, DAFx 2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from generation.audio import phase
from generation.audio.arrays import Audio, Samples, SoundError, amplitude, decibels, valid_audio
from generation.audio.loudness import integrated_lufs

CROSSFADE_MS: Final = 40.0
MAX_CROSSFADE_MS: Final = 2_000.0
CONTEXT_S: Final = 4.0
MAX_GAIN_DB: Final = 12.0
"""A level further off is no matter of level: what is new is meant to be quieter or louder."""
_LEAST_OVERLAP_S: Final = 1.0
_DECLICK_S: Final = 0.003
_SILENT: Final = 10 ** (-60 / 20)
_CEILING: Final = 10 ** (-0.1 / 20)


class Stretch(NamedTuple):
    """`from_ms`..`to_ms` of the source stand untouched in the result, from `at_ms` on."""

    from_ms: int
    to_ms: int
    at_ms: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Spliced:
    """The result; `facts` in whole numbers and words; `kept`: what of the source stands in it, bit by bit."""

    audio: Audio
    facts: Mapping[str, str | int]
    kept: tuple[Stretch, ...]


def splice(
    source: Audio,
    new: Audio,
    *,
    sample_rate_hz: int,
    start_s: float,
    end_s: float,
    new_from_s: float | None = None,
    crossfade_ms: float = CROSSFADE_MS,
    match_level: bool = True,
    context_s: float = CONTEXT_S,
    align_ms: float = 0.0,
    tempo_bpm: float | None = None,
) -> Spliced:
    """Put `new` in the place of `start_s`..`end_s` of the source; as long and with as many channels as the source.

    `new_from_s` is the moment of the source at which `new` begins: `start_s` where it is the section alone, 0 where a
    model made all of it again. What `new` has beyond the section is used: the first crossfade then ends where the
    section begins, so that an attack on its first beat stays crisp; else it begins there. The second one ends where
    the section ends. At the very beginning or end of the source there is nothing to cross.

    `match_level`: one gain for all of `new`, so that it is as loud as the surroundings (`context_s` on either side),
    or, where `new` covers them, as loud as the source was there. `align_ms`: `new` may be moved by so much to fit: by
    its waveform or attacks where it covers the surroundings, else by the beat of `tempo_bpm`.

    Raises SoundError: wrong_shape, not_finite, bad_section, too_short (`new` does not fill the section).
    """
    source, new = valid_audio(source), as_channels(valid_audio(new), source.shape[0])
    length = source.shape[1]
    start, end = _samples(start_s, sample_rate_hz), min(length, _samples(end_s, sample_rate_hz))
    if not 0 <= start < end:
        raise SoundError(
            "The section must lie within the sound and end after it starts. Choose it again.",
            code="bad_section",
        )
    at = start if new_from_s is None else _samples(new_from_s, sample_rate_hz)
    if at > start or at + new.shape[1] < end:
        raise SoundError(
            f"The new sound fills {new.shape[1] / sample_rate_hz:.2f} s and not the whole section of "
            f"{(end - start) / sample_rate_hz:.2f} s. Make it longer, or the section shorter.",
            code="too_short",
        )
    context = max(0, _samples(context_s, sample_rate_hz))
    place = phase.Place(start=start, end=end, at=at, context=context, sample_rate_hz=sample_rate_hz)
    moved = phase.alignment(source, new, place, within_ms=align_ms, tempo_bpm=tempo_bpm)
    at += moved.samples
    level = _level(source, new, start, end, at, context, sample_rate_hz) if match_level else _Level()
    fresh = new * np.float32(amplitude(level.gain_db)) if level.gain_db else new

    fade = _fade_samples(crossfade_ms, sample_rate_hz)
    first = 0 if start == 0 and at <= 0 else max(start - fade if start else 0, at)
    last = length if end == length and at + new.shape[1] >= length else min(end, at + new.shape[1])
    if start == 0 and at > 0:
        first = at
    fade = max(1, min(fade, (last - first) // 2))
    out = source.copy()
    out[:, first:last] = fresh[:, first - at : last - at]
    laws = []
    if first > 0:
        laws.append(_cross(out, source, first, fade, rising=True))
    else:
        _declick(out[:, :last], sample_rate_hz)
    if last < length:
        laws.append(_cross(out, source, last - fade, fade, rising=False))
    else:
        _declick(out[:, first:][:, ::-1], sample_rate_hz)
    kept = (_kept(0, first, 0, sample_rate_hz), _kept(last, length, last, sample_rate_hz))
    facts: dict[str, str | int] = {
        "seam_from_ms": _ms(first, sample_rate_hz),
        "seam_to_ms": _ms(last, sample_rate_hz),
        "crossfade_ms": _ms(fade, sample_rate_hz) if laws else 0,
        **_law_facts(laws),
        **level.facts(),
        **moved.facts(sample_rate_hz),
    }
    return Spliced(audio=out, facts=facts, kept=tuple(one for one in kept if one is not None))


def extend(
    source: Audio,
    new: Audio,
    side: str = "end",
    *,
    sample_rate_hz: int,
    overlap_s: float = 0.0,
    crossfade_ms: float = CROSSFADE_MS,
    match_level: bool = True,
    context_s: float = CONTEXT_S,
    align_ms: float = 0.0,
) -> Spliced:
    """Set `new` after the source (`side` "end") or before it ("start"), crossed where they overlap.

    `overlap_s`: so much of `new` lies over the source: its beginning, where it goes on from the end. What of it is not
    needed for the crossfade serves to match level and place. An overlap that is shorter than the crossfade is made as
    long, and the result shorter by that (fact `overlap_ms`). The result has `source + new - overlap` samples, moved by
    the alignment.

    Raises SoundError: wrong_shape, not_finite, bad_side, too_short.
    """
    source, new = valid_audio(source), as_channels(valid_audio(new), source.shape[0])
    if side == "start":
        turned = _extended(
            source[:, ::-1],
            new[:, ::-1],
            sample_rate_hz,
            overlap_s,
            crossfade_ms,
            match_level,
            context_s,
            align_ms,
        )
        added = turned.audio.shape[1] - source.shape[1]
        audio = np.ascontiguousarray(turned.audio[:, ::-1])
        faded = source.shape[1] - turned.untouched
        kept = _kept(faded, source.shape[1], faded + added, sample_rate_hz)
    elif side == "end":
        turned = _extended(
            source, new, sample_rate_hz, overlap_s, crossfade_ms, match_level, context_s, align_ms
        )
        audio, kept = turned.audio, _kept(0, turned.untouched, 0, sample_rate_hz)
    else:
        raise SoundError("A sound is extended at its start or at its end. Choose one.", code="bad_side")
    return Spliced(audio=audio, facts={"side": side, **turned.facts}, kept=() if kept is None else (kept,))


def as_channels(audio: Audio, channels: int) -> Audio:
    """One channel as two equal ones, or two as their mean; else as it is."""
    if audio.shape[0] == channels:
        return audio
    if audio.shape[0] == 1:
        return np.repeat(audio, channels, axis=0)
    mono: Audio = audio.mean(axis=0, keepdims=True, dtype=np.float32)
    return mono


class _Extended(NamedTuple):
    audio: Audio
    facts: dict[str, str | int]
    untouched: int


def _extended(
    source: Audio, new: Audio, rate: int, overlap_s: float, crossfade_ms: float, match: bool,
    context_s: float, align_ms: float,
) -> _Extended:  # fmt: skip
    length = source.shape[1]
    fade = min(_fade_samples(crossfade_ms, rate), length // 2)
    overlap = max(0, _samples(overlap_s, rate))
    if fade < 1 or new.shape[1] <= max(overlap, fade):
        raise SoundError(
            "The new sound is not longer than what it overlaps. Make it longer, or the crossfade shorter.",
            code="too_short",
        )
    overlap = min(length, max(overlap, fade))
    context = max(0, _samples(context_s, rate))
    at = length - overlap
    place = phase.Place(start=length, end=at + new.shape[1], at=at, context=context, sample_rate_hz=rate)
    moved = phase.alignment(source, new, place, within_ms=align_ms, tempo_bpm=None)
    at = min(length - fade, max(0, at + moved.samples))
    level = _level(source, new, length, at + new.shape[1], at, context, rate) if match else _Level()
    fresh = new * np.float32(amplitude(level.gain_db)) if level.gain_db else new
    out = np.zeros((source.shape[0], at + new.shape[1]), dtype=np.float32)
    out[:, : length - fade] = source[:, : length - fade]
    out[:, length - fade :] = fresh[:, length - fade - at :]
    law = _cross(out, source, length - fade, fade, rising=True)
    facts: dict[str, str | int] = {
        "overlap_ms": _ms(length - at, rate),
        "crossfade_ms": _ms(fade, rate),
        **_law_facts([law]),
        **level.facts(),
        **moved.facts(rate),
    }
    return _Extended(out, facts, length - fade)


@dataclass(frozen=True, kw_only=True)
class _Level:
    gain_db: float = 0.0
    reference: str = "none"
    limited: str = ""

    def facts(self) -> dict[str, str | int]:
        found: dict[str, str | int] = {
            "level_matched_to": self.reference,
            "gain_millibel": round(self.gain_db * 100),
        }
        return found | ({"gain_limited_by": self.limited} if self.limited else {})


def _level(source: Audio, new: Audio, start: int, end: int, at: int, context: int, rate: int) -> _Level:
    """The gain for `new`, which begins at the source's sample `at`."""
    sides = [(max(0, start - context), start), (end, min(source.shape[1], end + context))]
    shared = [(max(low, at), min(high, at + new.shape[1])) for low, high in sides]
    covered = sum(max(0, high - low) for low, high in shared) >= _LEAST_OVERLAP_S * rate
    if covered:
        theirs = _level_db(_pieces(new, [(low - at, high - at) for low, high in shared]), rate)
        wanted = _level_db(_pieces(source, shared), rate)
    else:
        theirs = _level_db(_pieces(new, [(max(0, start - at), end - at)]), rate)
        wanted = _level_db(_pieces(source, sides), rate)
    if theirs is None or wanted is None:
        return _Level()
    gain_db = min(MAX_GAIN_DB, max(-MAX_GAIN_DB, wanted - theirs))
    limited = "range" if gain_db != wanted - theirs else ""
    part = new[:, max(0, start - at) : max(0, end - at)]
    peak = float(np.abs(part).max()) if part.size else 0.0
    room = max(_CEILING, float(np.abs(source).max()))
    if gain_db > 0 and peak * amplitude(gain_db) > room:
        gain_db, limited = max(0.0, decibels(room / peak)), "peak"
    return _Level(
        gain_db=round(gain_db, 2), reference="source" if covered else "surroundings", limited=limited
    )


def _pieces(audio: Audio, spans: list[tuple[int, int]]) -> Audio:
    return np.concatenate([audio[:, low : max(low, high)] for low, high in spans], axis=1)


def _level_db(audio: Audio, rate: int) -> float | None:
    """LUFS, or RMS where the sound is too short for it; None for silence."""
    lufs = integrated_lufs(audio, rate)
    if lufs is not None:
        return lufs
    if not audio.shape[1]:
        return None
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))
    return decibels(rms) if rms > _SILENT else None


def _cross(out: Audio, source: Audio, first: int, fade: int, *, rising: bool) -> float:
    """Mix the source into `out` over the fade, in place. Returns the correlation that the gains follow, 0..1."""
    fresh = out[:, first : first + fade].astype(np.float64)
    old = source[:, first : first + fade].astype(np.float64)
    related = correlation(old, fresh)
    # Begins and ends level, so that not even its slope clicks.
    angle = np.sin((np.arange(fade) + 0.5) / fade * (np.pi / 2)) ** 2 * (np.pi / 2)
    up, down = (np.sin(angle), np.cos(angle)) if rising else (np.cos(angle), np.sin(angle))
    even = np.sqrt(1 + 2 * related * up * down)
    out[:, first : first + fade] = (fresh * up + old * down) / even
    return related


def correlation(one: Samples, other: Samples) -> float:
    """How alike two sounds of one shape are: 0 (unrelated, opposed or silent) to 1 (the same but for gain)."""
    power = float(np.sum(one * one)) * float(np.sum(other * other))
    if power <= 1e-20:
        return 0.0
    return min(1.0, max(0.0, float(np.sum(one * other)) / float(np.sqrt(power))))


def _law_facts(laws: list[float]) -> dict[str, str | int]:
    if not laws:
        return {"crossfade_law": "none"}
    least = min(laws)
    law = "equal gain" if least >= 0.95 else "equal power" if max(laws) <= 0.05 else "by correlation"
    return {"crossfade_law": law, "crossfade_correlation_permille": round(1000 * sum(laws) / len(laws))}


def _declick(view: Audio, rate: int) -> None:
    """Let the first milliseconds of this view rise from nothing: it begins or ends a piece."""
    count = min(view.shape[1], max(1, round(_DECLICK_S * rate)))
    view[:, :count] *= np.sin((np.arange(count) + 0.5) / count * (np.pi / 2)).astype(np.float32)


def _fade_samples(crossfade_ms: float, rate: int) -> int:
    return max(1, round(min(MAX_CROSSFADE_MS, max(0.0, crossfade_ms)) * rate / 1000))


def _samples(seconds: float, rate: int) -> int:
    return round(seconds * rate)


def _ms(samples: int, rate: int) -> int:
    return round(samples * 1000 / rate)


def _kept(first: int, last: int, at: int, rate: int) -> Stretch | None:
    """In whole milliseconds, and never more than what is untouched."""
    from_ms, to_ms = -(-first * 1000 // rate), last * 1000 // rate
    if to_ms <= from_ms:
        return None
    return Stretch(from_ms, to_ms, from_ms + _ms(at - first, rate))
