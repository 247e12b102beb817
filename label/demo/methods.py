"""Three artists who do not exist, and three ways to work with a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from artists import services as people
from artists.models import Artist
from artists.services import training
from artists.services.methods import method_in_force, write_method
from label.demo.cast import Cast


@dataclass(frozen=True)
class Lesson:
    """What an artist changes after a master of theirs was held against the method, and why."""

    reason: str
    rules: dict[str, Any]


@dataclass(frozen=True)
class Practice:
    """An artist with their words and their rules."""

    name: str
    kind: str
    statement: str
    rules: dict[str, Any]
    training: str
    lesson: Lesson | None = None


PRACTICES = (
    Practice(
        name="Ilva Rask (fictional)",
        kind=Artist.Kind.PERSON,
        statement=(
            "I ask for music without affect and get it: hours of it, smooth, about nothing. I keep it. I cut it, slow "
            "it, sing against it and work it over until something breaks through that was not in it. If nothing breaks "
            "through I throw it away. The human is for the breaking."
        ),
        rules={
            "material": {"texture": "transformed", "full_take": "transformed", "vocal": "never"},
            "human": ["lyrics", "arrangement", "performance:lead_vocal", "mix"],
        },
        training="constrained",
        lesson=Lesson(
            reason=(
                "Nothing Breaks was refuted, and rightly: what I keep of a generated take brings its arrangement "
                "along, however small I cut it. What is mine is the voice, the words and the mix."
            ),
            rules={
                "material": {"texture": "transformed", "full_take": "transformed", "vocal": "never"},
                "human": ["lyrics", "performance:lead_vocal", "mix"],
            },
        ),
    ),
    Practice(
        name="Corvin Aldermoor (fictional)",
        kind=Artist.Kind.PERSON,
        statement=(
            "The machine gives me a harmony to lean on. I write every line against it, as one builds a vault on a "
            "wooden frame. Then the frame is taken away. If one chord of it still sounds, the piece is not finished."
        ),
        rules={
            "material": {"scaffold": "never", "full_take": "never"},
            "engines": ["sketch"],
            "human": ["melody", "harmony", "arrangement"],
        },
        training="notAllowed",
    ),
    Practice(
        name="Tam & Ode (fictional)",
        kind=Artist.Kind.DUO,
        statement=(
            "We feed it fragments of ours to see what it thinks we are. It bends them; we laugh, or we do not, and go "
            "back to the tape. None of its distortions is kept. It is a mirror, and nobody hangs a mirror on a record."
        ),
        rules={
            "material": {"mirror": "never", "distortion": "never", "reference": "freely"},
            "human": ["melody", "lyrics", "harmony", "arrangement", "performance:lead_vocal"],
        },
        training="notAllowed",
    ),
)


def seed_methods(cast: Cast) -> list[Artist]:
    """The three artists with their methods and their answers to training, made once."""
    owner = cast.users["owner"]
    made = []
    for practice in PRACTICES:
        artist = Artist.objects.filter(name=practice.name).first() or people.create_artist(
            name=practice.name,
            sort_name=practice.name.removesuffix(" (fictional)"),
            kind=practice.kind,
            actor=owner,
        )
        people.add_artist_member(artist, user=cast.users["artist"], actor=owner)
        if method_in_force(artist) is None:
            write_method(
                artist, statement=practice.statement, rules=practice.rules, actor=cast.users["artist"]
            )
            training.choose_training(
                artist,
                answers=dict.fromkeys(training.TRAINING_USES, practice.training),
                actor=cast.users["artist"],
            )
        made.append(artist)
    return made
