"""From wishes to a plan: what the brief states, else what the prompt hints at, else what the genre does.

Everything chosen here is the same for all seeds of a request: takes of one run share key, tempo and form.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from generation.symbolic import form, genres, instruments
from generation.symbolic.compose import KIT_ROLES, Plan
from generation.symbolic.instruments import HARMONY_ROLES, ROLE_ORDER, Wanted
from generation.symbolic.notes import us_per_quarter
from generation.symbolic.theory import METRES, TICKS, BadTheory, Key, Metre

RING_S = 1.6  # how long the last chord may ring after it is let go

# Mood words: shift of energy, and whether they suggest a minor key (None: no opinion).
MOODS: tuple[tuple[str, float, bool | None], ...] = (
    (r"dark|ominous|tense|brooding|gloomy|sinister|haunting", 0.0, True),
    (r"sad|melanchol\w*|wistful|lonely|mournful|bittersweet|nostalgi\w*|longing", -0.1, True),
    (r"calm|peaceful|gentle|soft|sleepy|dreamy|relax\w*|tender|quiet|intimate", -0.15, None),
    (r"happy|joyful|bright|cheerful|sunny|uplifting|hopeful|playful|warm", 0.05, False),
    (r"energetic|driving|powerful|epic|aggressive|euphoric|intense|angry|wild|fast", 0.2, None),
)
MELODIC = {"keys": (4, 11, 0), "guitar": (24, 26, 27), "strings": (40, 42), "pads": (88, 52)}
FALLBACK = {
    "keys": (4, 11, 16, 8, 90, 21), "guitar": (25, 27, 46, 105), "strings": (48, 89, 52), "pads": (89, 52, 99, 48),
    "lead": (73, 71, 65, 80, 4, 11, 24, 48), "bass": (33, 38, 32, 43), "drums": (0, 8, 16, 25, 40), "percussion": (0,),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What somebody asked for, in words and numbers; empty or None where they left it open."""

    prompt: str = ""
    genre: str = ""
    mood: str = ""
    tempo_bpm: float | None = None
    key: str = ""
    metre: str = ""
    structure: tuple[str, ...] = ()
    energy: tuple[float, ...] = ()
    instruments: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()
    density: float = 0.5
    swing: float | None = None
    humanise: float = 0.5
    lead: bool = True
    roles: tuple[str, ...] = ()  # exactly these play; empty: whoever the words and the genre call for


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The plan, and in words how the wishes were read."""

    plan: Plan
    samples: int
    fade_from: int
    notes: dict[str, str]


def plan(wishes: Wishes, *, duration_s: float, sample_rate_hz: int) -> Planned:
    """Return a plan that fills the duration to the sample: whole bars, the last of them the ending, then ring-out.

    Raises:
        BadTheory: a key or metre that is none, stated in the wishes (hints in the prompt are dropped instead).
    """
    notes: dict[str, str] = {}
    genre = _genre(wishes, notes)
    lift, minor = _mood(f"{wishes.mood} {wishes.prompt}")
    lift += genre.energy - 0.5
    key = _key(wishes, genre, minor)
    metre = (
        Metre.parse(wishes.metre) if wishes.metre else hinted_metre(wishes.prompt) or Metre.parse(genre.metre)
    )
    tempo = wishes.tempo_bpm or hinted_tempo(wishes.prompt) or genre.tempo_bpm
    quarter_us = us_per_quarter(tempo)
    samples = round(duration_s * sample_rate_hz)
    bar_us = metre.bar_ticks * quarter_us / TICKS
    bars = max(1, int((duration_s * 1e6 + 1) // bar_us))
    programs = _orchestra(wishes, genre, notes)
    labels = wishes.structure or _structure(genre, bars)
    labels = tuple(label for label in labels if label.strip()) or ("A",)
    sections, dropped = form.plan(labels, bars=bars, energy=wishes.energy, lift=lift)
    if dropped:
        notes["sections_dropped"] = ", ".join(dropped)
    last_s = duration_s - (bars - 1) * bar_us / 1e6
    ring_s = min(RING_S, 0.45 * last_s)
    end_tick = math.floor((duration_s - ring_s) * 1e6 * TICKS / quarter_us)
    return Planned(
        plan=Plan(
            genre=genre,
            key=key,
            metre=metre,
            us_per_quarter=quarter_us,
            bars=bars,
            end_tick=end_tick,
            sections=form.with_layers(sections, tuple(programs)),
            programs=programs,
            density=wishes.density,
            swing=genre.swing if wishes.swing is None else wishes.swing,
            humanise=wishes.humanise,
        ),
        samples=samples,
        fade_from=round((duration_s - ring_s) * sample_rate_hz),
        notes=notes,
    )


def hinted_tempo(text: str) -> float | None:
    """Return the tempo that running text names ("at 92 bpm"), None where there is none or it is out of range."""
    match = re.search(r"(?<![\d.])(\d{2,3}(?:\.\d{1,3})?)\s*-?\s*bpm\b", text, re.I)
    value = float(match[1]) if match else 0.0
    return value if 20 <= value <= 300 else None


def hinted_key(text: str) -> Key | None:
    """Return the key that running text names ("in D minor", "F# dorian"); a lone letter is not a key."""
    modes = "major|minor|dorian|phrygian|lydian|mixolydian|locrian"
    for match in re.finditer(rf"\b([A-G](?:#|♯|b|♭|[ -]sharp|[ -]flat)?)[ -]({modes})\b", text, re.I):
        try:
            return Key.parse(f"{match[1]} {match[2]}")
        except BadTheory:
            continue
    return None


def hinted_metre(text: str) -> Metre | None:
    """Return the metre that running text names: "6/8", "waltz"."""
    match = re.search(r"(?<![\d/])(\d{1,2}/\d{1,2})(?![\d/])", text)
    if match and match[1] in METRES:
        return Metre.parse(match[1])
    return Metre.parse("3/4") if re.search(r"\bwaltz\b", text, re.I) else None


def _genre(wishes: Wishes, notes: dict[str, str]) -> genres.Genre:
    stated = genres.find(wishes.genre) if wishes.genre.strip() else None
    if stated:
        return stated
    hinted = genres.find(instruments.without_negated(f"{wishes.prompt} {wishes.mood}"))
    chosen = hinted or genres.DEFAULT
    if wishes.genre.strip():
        notes["genre_fallback"] = f"no rules for {wishes.genre.strip()[:60]!r}; played as {chosen.name}"
    elif not hinted:
        notes["genre_fallback"] = f"no genre stated; played as {chosen.name}"
    return chosen


def _mood(text: str) -> tuple[float, bool | None]:
    lift, minor = 0.0, None
    for words, shift, suggests in MOODS:
        if re.search(rf"\b(?:{words})\b", text, re.I):
            lift += shift
            minor = suggests if minor is None else minor
    return max(-0.3, min(0.3, lift)), minor


def _key(wishes: Wishes, genre: genres.Genre, minor: bool | None) -> Key:
    if wishes.key:
        return Key.parse(wishes.key)
    usual = hinted_key(wishes.prompt)
    if usual:
        return usual
    usual = Key.parse(genre.key)
    if minor is not None and minor != usual.is_minor:
        return Key(usual.tonic, "minor" if minor else "major")
    return usual


def _structure(genre: genres.Genre, bars: int) -> tuple[str, ...]:
    return genre.structures[max(least for least in genre.structures if least <= bars)]


def _orchestra(wishes: Wishes, genre: genres.Genre, notes: dict[str, str]) -> dict[str, tuple[int, ...]]:
    """Return who plays: what was asked for, else the genre's own; nothing that was forbidden.

    Three instruments or more are taken as the whole band; fewer are joined by the genre's rhythm and harmony, unless
    the wishes say "solo" or "only".
    """
    text = instruments.without_negated(wishes.prompt)
    wanted, unknown = instruments.find(wishes.instruments)
    if not wishes.instruments:
        wanted, _ = instruments.find([text])
    if unknown:
        notes["instruments_not_available"] = ", ".join(unknown)
    forbidden = (*wishes.avoid, *instruments.negated(wishes.prompt))
    banned = instruments.bans(forbidden, wanted=wanted)
    roles = set(wishes.roles) or _roles(wishes, genre, wanted, text)
    if not wishes.lead:
        roles.discard("lead")
    if not wishes.roles:
        roles -= banned.roles
    if not wishes.roles and not roles & set(HARMONY_ROLES):
        roles.add(next((r for r in ("keys", "pads", "guitar", "strings") if r not in banned.roles), "keys"))
    order = [role for role in genres.ROLES[genre.name] if role in roles]
    order += [role for role in ROLE_ORDER if role in roles and role not in order]
    return {role: _programs(role, genre, wanted, banned) for role in order}


def _roles(wishes: Wishes, genre: genres.Genre, wanted: Sequence[Wanted], text: str) -> set[str]:
    asked = {item.role for item in wanted}
    alone = re.search(
        r"\b(?:solo|only|just|alone|unaccompanied)\b", " ".join((*wishes.instruments, text)), re.I
    )
    whole_band = bool(wishes.instruments) and (len(asked) >= 3 or (alone and asked))
    if not whole_band:
        asked |= set(genres.ROLES[genre.name])
    return asked | {"lead"}


def _programs(
    role: str, genre: genres.Genre, wanted: Sequence[Wanted], banned: instruments.Bans
) -> tuple[int, ...]:
    named = [program for item in wanted if item.role == role for program in item.programs]
    if role == "lead" and not named:  # nobody was named to lead: somebody of the band does
        asked = [item for item in wanted if item.role in MELODIC]
        named = [p for item in asked for p in (item.programs or MELODIC[item.role])]
        named = [p for p in named if p not in (48, 49, 50, 51, 89, 95)]  # ensembles and pads blur a line
    usual = genre.programs.get(role, ())
    if role in KIT_ROLES:  # numbers of kits, which no ban of programs means
        return tuple(dict.fromkeys(named)) or tuple(usual) or FALLBACK[role]
    for options in (named, usual, FALLBACK[role]):
        allowed = tuple(dict.fromkeys(program for program in options if program not in banned.programs))
        if allowed:
            return allowed
    return FALLBACK[role][-1:]
