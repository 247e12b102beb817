"""The sketch engine's modes that compose: from words, around a melody, over chords, beside a source."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from generation.engine.base import BriefSpec, GenerationRequest, RequestRefused
from generation.engine.sketch_heard import heard
from generation.engine.sketch_hummed import hummed_score
from generation.engine.sketch_modes import HALF_BAR, ROLES
from generation.engine.sketch_notes import given_score
from generation.engine.sketch_takes import Piece
from generation.modes import ACCOMPANY, CHORDS, HARMONISE, MELODY, MELODY_INPUT, NOTES_INPUT, PARTS, SOURCE
from generation.symbolic import arranging, chords, instruments, render
from generation.symbolic.arranging import Arranged
from generation.symbolic.compose import Composition, described
from generation.symbolic.keyfinding import key_of
from generation.symbolic.notes import Note, Score
from generation.symbolic.planning import Planned, Wishes, hinted_key, plan
from generation.symbolic.source import chords_of, heard_key
from generation.symbolic.theory import Key

MOST_SECONDS = {MELODY: 300.0, HARMONISE: 300.0, PARTS: 600.0, ACCOMPANY: 600.0}

# Where a genre's balance departs from the common one, dB.
BALANCE_DB: dict[str, dict[str, float]] = {
    "ambient": {"pads": 4.0, "lead": -3.5, "bass": -2.0, "drums": -6.0},
    "lo-fi hip-hop": {"keys": 1.5, "lead": -2.5},
    "house": {"drums": 2.0, "lead": -2.0, "bass": 1.0},
    "folk": {"guitar": 1.5, "drums": -4.0},
    "jazz": {"drums": -3.5, "keys": -0.5},
    "cinematic": {"strings": 2.5, "drums": -1.5, "pads": 1.5},
    "rock": {"guitar": 2.0, "drums": 1.0, "lead": -0.5},
}
HIGH_CUT_HZ = {"lo-fi hip-hop": 6_500.0}


@dataclass(frozen=True)
class Writer:
    """Writes a take's notes from its seed. `parts` is how many there will be."""

    arranged: Arranged
    sound: render.Sound
    facts: Mapping[str, str | int]

    @property
    def parts(self) -> int:
        return len(self.arranged.planned.plan.programs)

    def __call__(self, seed: int) -> Piece:
        music = self.arranged.composed(seed)
        planned = self.arranged.planned
        return Piece(
            score=music.score,
            samples=planned.samples,
            fade_from=planned.fade_from,
            sound=self.sound,
            facts={**_facts(planned, music), **self.arranged.notes, **self.facts},
        )


def writer(request: GenerationRequest) -> Writer:
    """Return who writes the takes of a composing mode.

    Raises:
        RequestRefused: what is given cannot be read or used; the message says what to change.
        BadTheory: a key or metre that is none.
    """
    wishes = _wishes(request)
    rate = render.SAMPLE_RATE_HZ
    told: dict[str, str | int] = {}
    colour = float(request.parameters.get("colour", 0.3))
    halves = request.parameters.get("harmonic_rhythm") == HALF_BAR
    match request.mode:
        case "melody_guided" | "harmonisation":
            score, told = _melody(request, wishes)
            straight = _straight(wishes)
            if request.mode == MELODY:
                arranged = arranging.around_melody(
                    straight,
                    score,
                    duration_s=request.duration_s,
                    sample_rate_hz=rate,
                    colour=colour,
                    halves=halves,
                )
            else:
                arranged = arranging.under_melody(
                    straight, score, sample_rate_hz=rate, colour=colour, halves=halves
                )
        case "chord_progression" | "accompaniment":
            arranged, told = _over_chords(request, wishes)
        case "parts":
            arranged, told = _beside(request, _straight(replace(wishes, roles=_targets(request, wishes))))
        case _:
            planned = plan(wishes, duration_s=request.duration_s, sample_rate_hz=rate)
            arranged = Arranged(planned=planned, harmony=lambda seed: None)
    return Writer(arranged, _sound(request, arranged.planned), told)


def _melody(request: GenerationRequest, wishes: Wishes) -> tuple[Score, dict[str, str | int]]:
    given = request.given(MELODY_INPUT)
    if given is not None and given.audio is not None:
        return hummed_score(given, tempo_bpm=wishes.tempo_bpm, metre=wishes.metre)
    return given_score(request, MELODY_INPUT, least_s=1.0, most_s=MOST_SECONDS[request.mode])


def _over_chords(request: GenerationRequest, wishes: Wishes) -> tuple[Arranged, dict[str, str | int]]:
    stated = Key.parse(wishes.key) if wishes.key else hinted_key(wishes.prompt)
    told: dict[str, str | int] = {}
    progression = None
    if request.chords.strip():
        try:
            progression = chords.parse(request.chords, key=stated)
        except chords.BadChords as error:
            raise RequestRefused(error.code, error.message) from error
    if request.mode == ACCOMPANY and request.given(NOTES_INPUT) is not None:
        if progression is not None:
            raise RequestRefused("chords", "Give the chords in words or as notes, not both.")
        score, told = given_score(request, NOTES_INPUT, least_s=0.5, most_s=MOST_SECONDS[ACCOMPANY])
        key, known = heard_key(score, wishes.key)
        told["key_known"] = known
        spans = chords_of(score, key)
        bars: list[list[chords.NamedChord]] = [[] for _ in range(score.bars)]
        for span in spans:
            assert isinstance(span.chord, chords.NamedChord)
            bars[span.start // score.metre.bar_ticks].append(span.chord)
        progression = chords.Progression(tuple(map(tuple, bars)), (("A", score.bars),))
        wishes = replace(
            wishes, metre=str(score.metre), tempo_bpm=wishes.tempo_bpm or 60e6 / score.us_per_quarter
        )
        stated = key
    elif request.mode == ACCOMPANY and progression is None:
        raise RequestRefused("chords", "Write the chords, such as Dm | Bb | F | C, or give them as notes.")
    if progression is not None:
        told["chords_given"] = progression.symbols()[:1_000]
    key_used = stated or (_key_of(progression) if progression is not None else None)
    if request.mode == ACCOMPANY:
        wishes = replace(wishes, roles=request.targets or _band(wishes, request))
    elif request.mode == CHORDS:
        wishes = replace(wishes, lead=False)
    arranged = arranging.over_chords(
        wishes, progression, key=key_used, duration_s=request.duration_s, sample_rate_hz=render.SAMPLE_RATE_HZ
    )
    return arranged, told


def _beside(request: GenerationRequest, wishes: Wishes) -> tuple[Arranged, dict[str, str | int]]:
    source = request.given(SOURCE)
    assert source is not None
    rate = render.SAMPLE_RATE_HZ
    if source.audio is None:
        score, told = given_score(request, SOURCE, least_s=1.0, most_s=MOST_SECONDS[PARTS])
        return arranging.beside_notes(wishes, score, sample_rate_hz=rate), told
    found = heard(
        source.audio, source.sample_rate_hz, tempo_bpm=wishes.tempo_bpm, key=wishes.key, metre=wishes.metre
    )
    arranged = arranging.beside(
        wishes, key=found.key, metre=found.metre, tempo_us=found.tempo_us, spans=found.spans,
        samples=round(source.audio.shape[1] * rate / source.sample_rate_hz), sample_rate_hz=rate, shift=found.shift,
    )  # fmt: skip
    return arranged, dict(found.facts)


def _targets(request: GenerationRequest, wishes: Wishes) -> tuple[str, ...]:
    """Return the parts that are asked for, by name or in the prompt's words."""
    if request.targets:
        return tuple(role for role in ROLES if role in request.targets)
    wanted, _ = instruments.find([*wishes.instruments, instruments.without_negated(request.prompt)])
    asked = {item.role for item in wanted}
    if not asked:
        raise RequestRefused(
            "targets", "Say which part you want: bass, drums, keys, guitar, strings, pads or a lead."
        )
    return tuple(role for role in ROLES if role in asked)


def _band(wishes: Wishes, request: GenerationRequest) -> tuple[str, ...]:
    """Return bass, drums and who plays chords in the genre."""
    usual = plan(wishes, duration_s=request.duration_s, sample_rate_hz=render.SAMPLE_RATE_HZ).plan.programs
    comping = [role for role in usual if role in instruments.HARMONY_ROLES]
    return (*comping[:2], "bass", "drums")


def _key_of(progression: chords.Progression) -> Key | None:
    """Return the key of chords; the root counts double, the last chord is home more likely than others."""
    notes: list[Note] = []
    played = [chord for bar in progression.bars for chord in bar]
    for place, chord in enumerate(played):
        notes += [Note(480 * place, 60 + pitch, 480, 80) for pitch in chord.pitch_classes]
        notes.append(Note(480 * place, 48 + chord.root, 480, 80))
    notes.append(Note(480 * len(played), 36 + played[0].root, 480, 80))
    return key_of(notes)


def _straight(wishes: Wishes) -> Wishes:
    """Given notes are not swung, so nothing beside them is unless somebody asks."""
    return replace(wishes, swing=0.0 if wishes.swing is None else wishes.swing)


def _wishes(request: GenerationRequest) -> Wishes:
    brief = request.brief or BriefSpec()
    values = request.parameters
    swing = values.get("swing")
    return Wishes(
        prompt=request.prompt,
        genre=brief.genre,
        mood=brief.mood,
        tempo_bpm=brief.tempo_bpm,
        key=brief.key,
        metre=brief.metre,
        structure=brief.structure,
        energy=brief.energy,
        instruments=brief.instruments,
        avoid=brief.avoid,
        density=float(values.get("density", 0.5)),
        swing=None if swing is None else float(swing),
        humanise=float(values.get("humanise", 0.5)),
        lead=bool(values.get("lead", True)),
    )


def _sound(request: GenerationRequest, planned: Planned) -> render.Sound:
    genre = planned.plan.genre
    reverb = request.parameters.get("reverb")
    return render.Sound(
        reverb=genre.reverb if reverb is None else float(reverb),
        ducking=genre.ducking,
        high_cut_hz=HIGH_CUT_HZ.get(genre.name, 0.0),
        balance_db=BALANCE_DB.get(genre.name, {}),
    )


def _facts(planned: Planned, music: Composition) -> dict[str, str | int]:
    piece = planned.plan
    sections, names = described(piece.sections, music.spans, piece.metre)
    return {
        "genre": piece.genre.name,
        "sections": sections,
        "chords": names,
        "density_percent": round(piece.density * 100),
        "swing_percent": round(piece.swing * 100),
        "humanise_percent": round(piece.humanise * 100),
        **planned.notes,
    }
