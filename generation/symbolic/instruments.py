"""Instrument words, and what they mean here: a role and General MIDI programs. Banning by words works the same way."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

HARMONY_ROLES = ("keys", "guitar", "pads", "strings")
ROLE_ORDER = ("lead", "keys", "guitar", "strings", "pads", "bass", "drums", "percussion")

# Words, role, programs. The longest matching words win, so "bass guitar" is no guitar.
_TABLE: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("piano|grand piano|upright piano|felt piano", "keys", (0, 1)),
    ("rhodes|electric piano|e-piano|wurlitzer|wurli|fender rhodes", "keys", (4, 5)),
    ("honky tonk|honky-tonk", "keys", (3,)),
    ("harpsichord", "keys", (6,)),
    ("clavinet|clav", "keys", (7,)),
    ("celesta|celeste", "keys", (8,)),
    ("glockenspiel|bell|bells", "keys", (9,)),
    ("music box|musicbox", "keys", (10,)),
    ("vibraphone|vibes", "keys", (11,)),
    ("marimba", "keys", (12,)),
    ("organ|hammond|hammond organ|electric organ", "keys", (16, 17)),
    ("church organ|pipe organ", "keys", (19,)),
    ("accordion", "keys", (21,)),
    ("kalimba|thumb piano", "keys", (108,)),
    ("keys|keyboard|synth|synthesizer|synthesiser|synth stab|stab", "keys", (4, 90, 5)),
    ("guitar|acoustic guitar|steel guitar|steel-string guitar", "guitar", (25, 24)),
    ("nylon guitar|classical guitar|ukulele", "guitar", (24,)),
    ("electric guitar|clean guitar", "guitar", (27,)),
    ("jazz guitar|archtop", "guitar", (26,)),
    ("overdriven guitar|overdrive guitar|crunch guitar", "guitar", (29,)),
    ("distorted guitar|distortion guitar|heavy guitar", "guitar", (30,)),
    ("banjo", "guitar", (105,)),
    ("harp", "guitar", (46,)),
    ("strings|string section|violins|orchestra|string ensemble|string quartet", "strings", (48, 49)),
    ("cello|viola", "strings", (42,)),
    ("pizzicato|pizzicato strings", "strings", (45,)),
    ("tremolo strings", "strings", (44,)),
    ("pad|synth pad|warm pad|drone|ambient pad", "pads", (89, 95)),
    ("choir|choir pad|vocal pad", "pads", (52, 91)),
    ("synth strings|string machine", "pads", (50, 51)),
    ("texture|atmosphere|soundscape", "pads", (99,)),
    ("bass", "bass", ()),
    ("upright bass|double bass|acoustic bass|contrabass|standup bass", "bass", (32,)),
    ("bass guitar|electric bass|finger bass|fingered bass", "bass", (33,)),
    ("picked bass", "bass", (34,)),
    ("fretless bass|fretless", "bass", (35,)),
    ("slap bass", "bass", (36,)),
    ("synth bass|sub bass|sub|808 bass|bass synth|moog bass|acid bass", "bass", (38, 39)),
    ("drum|drums|drum kit|drumkit|drum set|beat|beats|live drums|rock drums", "drums", ()),
    ("brushes|brushed drums|brush kit|brushed drum kit|jazz drums", "drums", (40,)),
    ("drum machine|electronic drums", "drums", (24, 25)),
    ("808|909|808 drums|tr-808|trap drums", "drums", (25,)),
    ("percussion|shaker|tambourine|conga|congas|bongo|bongos|hand percussion|hand drums", "percussion", ()),
    ("flute", "lead", (73,)),
    ("clarinet", "lead", (71,)),
    ("oboe", "lead", (68,)),
    ("sax|saxophone|alto sax|alto saxophone", "lead", (65,)),
    ("tenor sax|tenor saxophone", "lead", (66,)),
    ("trumpet|brass", "lead", (56,)),
    ("muted trumpet|mute trumpet", "lead", (59,)),
    ("trombone", "lead", (57,)),
    ("french horn|horn|horns", "lead", (60,)),
    ("violin|fiddle", "lead", (40, 110)),
    ("whistle|tin whistle|penny whistle", "lead", (74,)),  # the soundfont's own whistle is out of tune
    ("recorder", "lead", (74,)),
    ("pan flute|panpipes", "lead", (75,)),
    ("harmonica", "lead", (22,)),
    ("sitar", "lead", (104,)),
    ("synth lead|lead synth|lead|square lead|saw lead|pluck", "lead", (80, 81)),
)

# What a bare word bans besides its own programs: "no piano" means no piano of any kind, "no guitar" no guitar of any.
_FAMILIES: dict[str, tuple[int, ...]] = {
    "piano": tuple(range(6)),
    "guitar": tuple(range(24, 32)),
    "organ": tuple(range(16, 21)),
    "strings": (40, 41, 42, 43, 44, 45, 48, 49, 50, 51),
    "violin": (40, 110),
    "brass": (*range(56, 64),),
    "horns": (*range(56, 64),),
    "sax": (64, 65, 66, 67),
    "saxophone": (64, 65, 66, 67),
    "choir": (52, 53, 54, 85, 91),
    "synth": (38, 39, 50, 51, 62, 63, *range(80, 104)),
    "synthesizer": (38, 39, 50, 51, 62, 63, *range(80, 104)),
    "bell": (8, 9, 10, 14, 98, 112),
    "bells": (8, 9, 10, 14, 98, 112),
}
# A bare word that bans a whole role.
_ROLE_BANS: dict[str, tuple[str, ...]] = {
    "drum": ("drums", "percussion"),
    "drums": ("drums", "percussion"),
    "beat": ("drums", "percussion"),
    "beats": ("drums", "percussion"),
    "percussion": ("drums", "percussion"),
    "bass": ("bass",),
    "guitar": ("guitar",),
    "pad": ("pads",),
    "strings": ("strings",),
    "keys": ("keys",),
    "keyboard": ("keys",),
    "lead": ("lead",),
}
_EXTRA_BANS: dict[str, tuple[str, ...]] = {
    "melody": ("lead",), "lead melody": ("lead",), "cymbal": (), "pads": ("pads",),
}  # fmt: skip
_NEGATION = re.compile(
    r"\b(?:no|without|avoid|not any|don't use|do not use|never)\s+(?:the\s+|any\s+)?", re.I
)


@dataclass(frozen=True)
class Wanted:
    """An instrument somebody asked for. `programs` empty: whatever the genre uses for that role."""

    words: str
    role: str
    programs: tuple[int, ...]


@dataclass(frozen=True)
class Bans:
    """What must not sound."""

    roles: frozenset[str]
    programs: frozenset[int]


def find(phrases: Iterable[str]) -> tuple[tuple[Wanted, ...], tuple[str, ...]]:
    """Return the instruments named in the phrases, in order, and the phrases in which none was found."""
    found: list[Wanted] = []
    unknown: list[str] = []
    for phrase in phrases:
        here = [Wanted(words, *_entry(words)) for words in _matches(phrase)]
        found += here
        if not here and phrase.strip():
            unknown.append(phrase.strip())
    return tuple(found), tuple(unknown)


def bans(phrases: Iterable[str], *, wanted: Iterable[Wanted] = ()) -> Bans:
    """Return what the phrases forbid. What is asked for by name elsewhere is spared from a wider ban:
    "no piano" beside "Rhodes" leaves the Rhodes.
    """
    roles: set[str] = set()
    programs: set[int] = set()
    for phrase in phrases:
        for words in _matches(phrase):
            roles.update(_ROLE_BANS.get(words, ()))
            programs.update(_entry(words)[1])
            programs.update(_FAMILIES.get(words, ()))
        for words, banned in _EXTRA_BANS.items():
            if re.search(rf"\b{words}\b", phrase, re.I):
                roles.update(banned)
    named_outright = {
        program for words in phrases for match in _matches(words) for program in _entry(match)[1]
    }
    spared = {program for item in wanted for program in item.programs} - named_outright
    return Bans(frozenset(roles), frozenset(programs - spared))


def negated(text: str) -> tuple[str, ...]:
    """Return the phrases that running text forbids: "no drums, without a piano" gives "drums", "a piano"."""
    parts = []
    for match in _NEGATION.finditer(text):
        parts.append(
            re.split(r"[,.;:!?\n]|\bbut\b|\bwith\b", text[match.end() :], maxsplit=1)[0].strip()[:60]
        )
    return tuple(part for part in parts if part)


def without_negated(text: str) -> str:
    """Return the text with the phrases that `negated` finds taken out."""
    for phrase in negated(text):
        text = re.sub(_NEGATION.pattern + re.escape(phrase), " ", text, flags=re.I)
    return text


def _entry(words: str) -> tuple[str, tuple[int, ...]]:
    return _words()[words]


@cache
def _words() -> dict[str, tuple[str, tuple[int, ...]]]:
    return {word: (role, programs) for words, role, programs in _TABLE for word in words.split("|")}


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_words(), key=len, reverse=True)
    return re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, longest_first)) + r")(?:s|es)?(?![\w-])", re.I)


def _matches(phrase: str) -> list[str]:
    return [match[1].lower() for match in _pattern().finditer(" ".join(phrase.split()))]
