"""The sketch engine's modes that work on given notes: go on, vary, loosen, play."""

from generation.engine.base import GenerationRequest, Kept, RequestRefused
from generation.engine.sketch_modes import RHYTHM
from generation.engine.sketch_takes import Piece
from generation.modes import CONTINUE_NOTES, HUMANISE, NOTES_INPUT, VARY
from generation.symbolic import midi, notefile, render, reworking
from generation.symbolic.notes import Score
from generation.symbolic.planning import RING_S
from generation.symbolic.reworking import Reworked
from generation.symbolic.theory import TICKS

MOST_SECONDS = 600.0
REVERB = 0.25


def given_score(
    request: GenerationRequest, role: str, *, least_s: float, most_s: float
) -> tuple[Score, dict[str, str | int]]:
    """Return the notes given under a role, and what was narrowed in reading them. Raises RequestRefused."""
    given = request.given(role)
    assert given is not None
    assert given.notes is not None
    try:
        found = notefile.read(given.notes, f"{role}.mid")
    except notefile.BadNotes as error:
        raise RequestRefused("inputs", error.message) from error
    seconds = found.duration_ms / 1000
    if not least_s <= seconds <= most_s:
        raise RequestRefused(
            "inputs", f"The {role} lasts {seconds:.1f} s; give {least_s:g} to {most_s:g} seconds of notes."
        )
    told: dict[str, str | int] = {"given_sha256": given.sha256}
    if found.remarks:
        told["given_narrowed"] = " ".join(found.remarks)
    return midi.read(found.midi), told


class Reworker:
    """Writes a take's notes from given ones and a seed."""

    def __init__(self, request: GenerationRequest) -> None:
        self._request = request
        self._score, self._told = given_score(request, NOTES_INPUT, least_s=0.5, most_s=MOST_SECONDS)
        self.parts = len(self._score.parts)

    def __call__(self, seed: int) -> Piece:
        done = self._reworked(seed)
        values = self._request.parameters
        reverb = values.get("reverb")
        score = done.score
        rate = render.SAMPLE_RATE_HZ
        end = score.samples(score.end_tick, rate)
        source_ms = round(score.seconds(done.source_ticks) * 1000)
        return Piece(
            score=score,
            samples=end + round(RING_S * rate),
            fade_from=end,
            # What is only played or loosened keeps its own balance; what is new is balanced like other takes.
            sound=render.Sound(
                reverb=REVERB if reverb is None else float(reverb),
                balanced=self._request.mode in (CONTINUE_NOTES, VARY),
            ),
            facts={**self._told, **done.notes},
            kept=(Kept(role=NOTES_INPUT, from_ms=0, to_ms=source_ms, at_ms=0),) if source_ms else (),
        )

    def _reworked(self, seed: int) -> Reworked:
        score, values = self._score, self._request.parameters
        strength = float(values.get("strength", 0.5))
        match self._request.mode:
            case mode if mode == CONTINUE_NOTES:
                tempo_us = score.changes[-1].us_per_quarter if score.changes else score.us_per_quarter
                bar_s = score.metre.bar_ticks * tempo_us / TICKS / 1e6
                bars = max(1, round(self._request.duration_s / bar_s))
                return reworking.continued(score, bars=bars, strength=strength, seed=seed)
            case mode if mode == VARY:
                return reworking.varied(
                    score, keep=str(values.get("keep", RHYTHM)), strength=strength, seed=seed
                )
            case mode if mode == HUMANISE:
                return reworking.humanised(score, amount=float(values.get("humanise", 0.5)), seed=seed)
            case _:
                return Reworked(score=score)
