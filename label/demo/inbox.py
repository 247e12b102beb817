"""A first week of submissions to the demo label, from senders who do not exist."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
import soundfile as sf

from artists.models import Submission, UploadLink
from artists.services import incoming, review, submissions, upload_links
from label.demo.cast import Cast

RATE_HZ = 44_100
_NONE = dict.fromkeys(("lyrics", "composition", "vocals", "instruments", "production"), "no")
_MINOR, _MAJOR = (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 5, 7, 9, 11)


@dataclass(frozen=True)
class _Sent:
    name: str
    title: str
    message: str
    ai: dict[str, str] = field(default_factory=dict)
    tools: str = ""
    rights: str = "own"
    rights_note: str = ""
    playlist: str = ""
    #: Beats per minute, lowest note in Hz, scale; none: only a playlist is sent.
    sounds: tuple[tuple[int, float, tuple[int, ...]], ...] = ()


_WEEK = (
    _Sent(
        "Kestrel Bay Radio", "Signal at Five", "Recorded in one evening, in the boat shed.",
        sounds=((84, 110.0, _MINOR),),
    ),
    _Sent(
        "Pell & Orrin", "The Ferry Did Not Come", "The second voice is mine, through a model of my own voice.",
        ai={"vocals": "partly"}, tools="a voice model of our own singer", sounds=((70, 98.0, _MINOR),),
    ),
    _Sent(
        "Grey Ledger", "Interest", "Strings and drums are generated. We kept what resisted us.",
        ai={"instruments": "yes", "production": "partly"}, tools="MusicGen, then tape",
        sounds=((112, 130.8, _MAJOR), (96, 116.5, _MINOR)),
    ),
    _Sent(
        "Ines Vantreight", "Nine Rooms", "A playlist says it better than a file.",
        playlist="https://music.invalid/nine-rooms",
    ),
    _Sent(
        "Salt Meridian", "Low Water Mark", "The middle part quotes a hymn; we asked, and they said yes.",
        rights="samples", rights_note="Four bars of a hymn, with its publisher's leave.", sounds=((60, 87.3, _MAJOR),),
    ),
)  # fmt: skip


def seed_inbox(cast: Cast) -> None:
    """Five submissions through the way in, one of them heard, noted, scored and voted on. Call once."""
    anr = cast.users["anr"]
    link, _ = upload_links.make_upload_link(name="Open door (fictional)", days=60, actor=anr)
    first, *_ = (_send(link, place, one) for place, one in enumerate(_WEEK))
    review.score(first, values={"coherence": 4, "timbre": 5, "mix": 3}, actor=anr)
    review.note(
        first, text="Here the floor gives way. This is the song.", file=first.files.get(), from_ms=9_000, to_ms=13_000,
        actor=anr,
    )  # fmt: skip
    review.vote(first, vote="yes", reason="A room one hears, and a voice that trusts it.", actor=anr)


def _send(link: UploadLink, place: int, one: _Sent) -> Submission:
    rows = []
    for number, (bpm, root_hz, scale) in enumerate(one.sounds, start=1):
        data = _piece(10 * place + number, bpm, root_hz, scale)
        name = f"{one.title}{f' {number}' if len(one.sounds) > 1 else ''}.wav"
        row, _ = incoming.begin(link, filename=name, length=len(data), sender=f"demo {place}")
        rows.append(incoming.append(row, offset=0, stream=io.BytesIO(data), length=len(data)))
    sent, _ = submissions.submit(
        link, files=rows, sender=f"demo {place}", artist_name=f"{one.name} (fictional)", title=one.title,
        contact_email=f"{one.name.split()[0].lower()}@sender.invalid", message=one.message, playlist=one.playlist,
        ai={**_NONE, **one.ai}, tools=one.tools, rights=one.rights, rights_note=one.rights_note, consent=True,
    )  # fmt: skip
    return sent


def _piece(seed: int, bpm: int, root_hz: float, scale: tuple[int, ...], *, bars: int = 6) -> bytes:
    """Chords with a plucked line over them and a soft pulse below, as WAV bytes; the same call gives the same."""
    rng = np.random.Generator(np.random.PCG64(seed))
    beat = round(60 / bpm * RATE_HZ)
    out = np.zeros((2, bars * 4 * beat + 2 * RATE_HZ))

    def hertz(step: int) -> float:
        octave, degree = divmod(step, 7)
        return float(root_hz * 2 ** (octave + scale[degree] / 12))

    def add(at: int, sound: np.ndarray, pan: float) -> None:
        sound = sound[: out.shape[1] - at]
        out[:, at : at + len(sound)] += np.outer((1 - pan, pan), sound)

    roots = [0, *rng.choice((3, 4, 5, 2), size=3)]
    for bar in range(bars):
        root = int(roots[bar % 4])
        for voice, pan in zip((0, 2, 4, 7), (0.35, 0.6, 0.45, 0.65), strict=True):
            add(bar * 4 * beat, _tone(hertz(root + voice), 4.4 * beat, attack_s=0.4, partials=3) * 0.07, pan)
        for step in range(8):
            if rng.random() < 0.7 + 0.03 * bar:
                note = root + 7 + int(rng.choice((0, 2, 4, 5, 7, 9)))
                add(
                    bar * 4 * beat + step * beat // 2,
                    _pluck(hertz(note), 1.5 * beat, rng) * 0.16,
                    0.3 + 0.4 * (step % 2),
                )
        for step in range(4 if bar > 1 else 0):
            add(
                bar * 4 * beat + step * beat,
                _tone(hertz(root - 7), 0.5 * beat, attack_s=0.01, partials=2) * 0.22,
                0.5,
            )
    out *= np.minimum(1, np.arange(out.shape[1])[::-1] / RATE_HZ)
    file = io.BytesIO()
    sf.write(
        file, (out * 0.5 / np.abs(out).max()).T.astype(np.float32), RATE_HZ, format="WAV", subtype="PCM_16"
    )
    return file.getvalue()


def _tone(frequency_hz: float, length: float, *, attack_s: float, partials: int) -> np.ndarray:
    t = np.arange(round(length)) / RATE_HZ
    sound = sum(np.sin(2 * np.pi * frequency_hz * n * t + n) / n**1.7 for n in range(1, partials + 1))
    return np.asarray(sound * np.minimum(1, t / attack_s) * np.minimum(1, (t[-1] - t) / (0.3 * t[-1])))


def _pluck(frequency_hz: float, length: float, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(round(length)) / RATE_HZ
    bright = rng.uniform(2.5, 5)
    sound = sum(np.sin(2 * np.pi * frequency_hz * n * t) / n * np.exp(-bright * n * t) for n in range(1, 6))
    return np.asarray(sound * np.minimum(1, t / 0.004))
