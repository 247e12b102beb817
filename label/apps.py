from __future__ import annotations

from django import forms
from django.apps import AppConfig
from django.conf import settings

#: What an empty field of every form says to do; Django's own words only complain.
EMPTY: tuple[tuple[type[forms.Field], str], ...] = (
    (forms.Field, "Fill this in."),
    (forms.ChoiceField, "Choose one."),
    (forms.ModelChoiceField, "Choose one."),
    (forms.DateField, "Choose a day."),
    (forms.FileField, "Choose a file."),
)


class LabelConfig(AppConfig):
    name = "label"

    def ready(self) -> None:
        # WhiteNoise warns about a missing folder on every request cycle; collected files come there later, if at all.
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        for field, words in EMPTY:
            field.default_error_messages = {**field.default_error_messages, "required": words}
