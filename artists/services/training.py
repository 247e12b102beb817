"""What an artist answers to others who would train on their work; the newest answers count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import transaction

from artists.events import practice as events
from artists.models import Artist, TrainingChoice, User
from artists.services.consents import BadConsent
from artists.services.methods import next_training_number
from provenance.ledger import record

#: The uses that cawg.training-mining asks about, and what may be answered.
TRAINING_USES: Final = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
ANSWERS: Final = ("allowed", "constrained", "notAllowed")
_SAID: Final = {"allowed": "allowed", "constrained": "by agreement", "notAllowed": "not allowed"}


def choose_training(artist: Artist, *, answers: Mapping[str, str], actor: User) -> TrainingChoice:
    """The artist's answers to others who would train on their work; the same answers again write nothing."""
    if not isinstance(answers, Mapping) or set(answers) != set(TRAINING_USES):
        raise BadConsent(f"Answer all of: {', '.join(TRAINING_USES)}.", field="answers")
    if any(answer not in ANSWERS for answer in answers.values()):
        raise BadConsent(f"Answer with one of: {', '.join(ANSWERS)}.", field="answers")
    chosen = {use: str(answers[use]) for use in TRAINING_USES}
    with transaction.atomic():
        Artist.objects.select_for_update().get(pk=artist.pk)
        last = training_choice(artist)
        if last is not None and last.answers == chosen:
            return last
        choice = TrainingChoice(
            artist=artist, number=next_training_number(artist), answers=chosen, chosen_by=actor
        )
        said = ", ".join(f"{use.replace('_', ' ')} {_SAID[answer]}" for use, answer in chosen.items())
        choice.entry = record(
            events.TrainingChosen(
                stream=f"artist:{artist.pk}",
                artist_name=artist.name,
                number=choice.number,
                answers=chosen,
                said=said,
            ),
            actor=actor,
        )
        choice.save(force_insert=True)
    return choice


def training_choice(artist: Artist) -> TrainingChoice | None:
    """The newest answers; None where the artist has not answered."""
    return TrainingChoice.objects.filter(artist=artist).select_related("entry").order_by("-number").first()
