"""Forms of methods and consents. Checks that hold for everybody are in the services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils import timezone

from artists.choosing import Chooser
from artists.method_rules import HUMAN, MATERIALS, USES, Rules, material_label
from artists.models import Consent, User
from artists.services.training import ANSWERS, TRAINING_USES
from provenance.elements import element_label

_USES = [("", "no rule"), *((use, words) for use, words in USES.items())]
#: What is asked for most; the rest is for the API.
_PEOPLE = tuple(
    name
    for name in HUMAN
    if not name.startswith("performance:")
    or name.endswith(("lead_vocal", "backing_vocal", "guitar", "keys", "drums"))
)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


class MethodForm(forms.Form):
    """The artist's words, and a choice for every kind of material."""

    statement = forms.CharField(
        label="What is the human for?",
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="In your own words. Published only where you publish how a master was made.",
    )
    engines = forms.CharField(
        label="Tools that may be used",
        required=False,
        help_text="Names with commas, e.g. sketch. Empty: all.",
    )
    modes = forms.CharField(
        label="Ways of asking", required=False, help_text="E.g. text_to_music, continuation. Empty: all."
    )
    human = forms.MultipleChoiceField(
        label="What must be human",
        required=False,
        choices=[(name, element_label(name)) for name in _PEOPLE],
        widget=forms.CheckboxSelectMultiple,
    )
    reason = forms.CharField(
        label="Why it changes", required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="From the second version on; it stays with the version, sealed.",
    )  # fmt: skip
    based_on = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, meaning in MATERIALS.items():
            self.fields[f"material-{kind}"] = forms.ChoiceField(
                label=material_label(kind).capitalize(), choices=_USES, required=False, help_text=meaning
            )

    @property
    def materials(self) -> list[Any]:
        return [self[f"material-{kind}"] for kind in MATERIALS]

    @staticmethod
    def of(rules: Rules, statement: str, number: int) -> dict[str, Any]:
        """Initial values."""
        return {
            "statement": statement,
            "engines": ", ".join(rules.engines),
            "modes": ", ".join(rules.modes),
            "human": list(rules.human),
            "based_on": number,
            **{f"material-{kind}": use for kind, use in rules.material.items()},
        }

    def rules(self, kept: Rules) -> dict[str, Any]:
        """The rules as stated; elements that the form does not show stay as they were in `kept`."""
        data = self.cleaned_data
        hidden = [name for name in kept.human if name not in _PEOPLE]
        return {
            "material": {kind: data[f"material-{kind}"] for kind in MATERIALS if data[f"material-{kind}"]},
            "engines": _split(data["engines"]),
            "modes": _split(data["modes"]),
            "human": [*data["human"], *hidden],
        }


class ConsentForm(forms.Form):
    kind = forms.ChoiceField(label="What is agreed to", choices=Consent.Kind.choices)
    giver_name = forms.CharField(
        label="Who agrees", max_length=120, help_text="Sealed: read by few, erasable."
    )
    giver = forms.ModelChoiceField(
        label="Their account here", queryset=User.objects.none(), required=False, empty_label="none: a document",
        widget=Chooser("accounts"),
        help_text="With an account they answer and sign themselves.",
    )  # fmt: skip
    words = forms.CharField(
        label="In words", widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Which voice, work or catalogue, and for what. Sealed.",
    )  # fmt: skip
    engines = forms.CharField(
        label="Only these tools", required=False, help_text="Names with commas. Empty: all."
    )
    projects = forms.MultipleChoiceField(
        label="Only these projects",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all of the artist.",
    )
    territories = forms.CharField(
        initial="Worldwide", help_text="Two-letter codes with commas, or Worldwide."
    )
    starts_on = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    ends_on = forms.DateField(label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    whose = forms.ChoiceField(
        label="Whose it is", choices=Consent.Whose.choices, required=False,
        help_text="For training: the artist's own catalogue is agreed to by the artist's own people.",
    )  # fmt: skip
    captions = forms.BooleanField(
        label="Briefs and prompts may go along as captions", required=False, help_text="For training."
    )
    fee = forms.CharField(required=False, max_length=200, help_text="Sealed.")
    after = forms.ChoiceField(label="After a revocation", choices=Consent.After.choices)
    sell_off_days = forms.IntegerField(label="Days of sell-off", required=False, min_value=0, max_value=3650)

    def __init__(
        self, *args: Any, givers: Any, projects: Iterable[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["projects"]
        assert isinstance(chosen, forms.MultipleChoiceField)
        chosen.choices = list(projects)
        field = self.fields["giver"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = givers
        self.fields["starts_on"].initial = timezone.now().date()

    def values(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        data["engines"], data["territories"] = _split(data["engines"]), _split(data["territories"])
        data["sell_off_days"] = data["sell_off_days"] or 0
        data["whose"] = data["whose"] or Consent.Whose.ARTIST
        return data


_ANSWER_WORDS = {"allowed": "allowed", "constrained": "only by agreement", "notAllowed": "not allowed"}
_USE_WORDS = {
    "data_mining": "Data mining",
    "ai_inference": "As input of a model",
    "ai_training": "Training a model",
    "ai_generative_training": "Training a model that generates",
}


class TrainingForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for use in TRAINING_USES:
            self.fields[use] = forms.ChoiceField(
                label=_USE_WORDS[use], choices=[(answer, _ANSWER_WORDS[answer]) for answer in ANSWERS]
            )


def training_rows(answers: dict[str, str]) -> list[tuple[str, str]]:
    return [(_USE_WORDS[use], _ANSWER_WORDS[answers[use]]) for use in TRAINING_USES if use in answers]
