"""Forms of the tool catalogue and of terms that are stated later. The services check; these parse."""

from __future__ import annotations

from typing import Any

from django import forms

from generation.forms import TermsField
from generation.models import ToolTerms

_DAY = forms.DateInput(attrs={"type": "date"})
_TRAINED = [
    ("unknown", "Unknown"),
    ("licensed", "Yes"),
    ("unlicensed", "No"),
    ("none", "It was not trained"),
]


class ToolForm(forms.Form):
    key = forms.CharField(max_length=50, help_text="Small letters, digits, hyphens: what imports refer to.")
    name = forms.CharField(max_length=80)
    provider = forms.CharField(max_length=80)


class TermsForm(forms.Form):
    """One reading of a tool's terms."""

    licence = forms.CharField(
        max_length=120, help_text="In a line: the licence's name, or what the terms say."
    )
    plan = forms.CharField(max_length=60, required=False)
    model = forms.CharField(max_length=80, required=False)
    model_version = forms.CharField(label="Version of the model", max_length=40, required=False)
    terms_url = forms.CharField(label="Address of the terms", max_length=300, required=False)
    snapshot = forms.FileField(
        label="The terms as they read today",
        required=False,
        help_text="A saved page, PDF or picture. Kept as it is.",
    )
    commercial = forms.ChoiceField(label="May outputs be sold?", choices=ToolTerms.Answer.choices)
    store_release = forms.ChoiceField(
        label="May they be released in stores?", choices=ToolTerms.Answer.choices
    )
    downloads = forms.ChoiceField(
        label="May outputs leave the tool?", choices=ToolTerms.Answer.choices, initial="unknown"
    )
    revenue_cap_usd = forms.IntegerField(
        label="Only below this yearly revenue", required=False, min_value=1, help_text="Empty: no cap."
    )
    output_owner = forms.CharField(label="Who owns the output", max_length=80, required=False)
    attribution = forms.CharField(
        label="Credit that is owed",
        max_length=200,
        required=False,
        help_text="Word for word. Empty: none.",
    )
    retroactive = forms.ChoiceField(
        label="Do these terms say that they hold for earlier outputs?",
        choices=ToolTerms.Answer.choices,
        initial="unknown",
    )
    input_licence = forms.CharField(
        label="What it may do with what it is given", max_length=200, required=False
    )
    voice_rule = forms.CharField(label="What it asks about voices", max_length=200, required=False)
    training_licence = forms.ChoiceField(label="Was it trained under licences?", choices=_TRAINED)
    training_on_outputs = forms.ChoiceField(
        label="May outputs train another model?", choices=ToolTerms.Answer.choices, initial="unknown"
    )
    trained_model = forms.BooleanField(label="It is a trained model", required=False, initial=True)
    marks = forms.CharField(
        label="Marks it leaves", max_length=80, required=False, help_text="Watermark, C2PA."
    )
    blocked_by = forms.CharField(
        label="Receivers that refuse it",
        max_length=400,
        required=False,
        help_text="Their names, separated by commas: believe, tunecore.",
    )
    notes = forms.CharField(max_length=400, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    source = forms.CharField(max_length=200, help_text="Which document says so.")
    source_date = forms.DateField(label="Read on", widget=_DAY)
    certainty = forms.ChoiceField(
        choices=[("", "choose"), *ToolTerms.Certainty.choices], label="How sure is it"
    )

    def clean_blocked_by(self) -> tuple[str, ...]:
        names = self.cleaned_data["blocked_by"].split(",")
        return tuple(name.strip().lower() for name in names if name.strip())


class AnswerForm(forms.Form):
    question = forms.CharField()
    answer = forms.ChoiceField(choices=[("yes", "Yes"), ("no", "No")], widget=forms.RadioSelect)
    source = forms.CharField(max_length=200, help_text="Which document, letter or person says so.")
    reason = forms.CharField(max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class StatedTermsForm(forms.Form):
    terms = TermsField(label="Tool and plan", queryset=ToolTerms.objects.none())
    plan = forms.CharField(label="The plan's own name", max_length=60, required=False)
    made_on = forms.DateField(label="Made on", required=False, widget=_DAY)
    terms_snapshot = forms.FileField(label="The terms of that day", required=False)
    receipt = forms.FileField(label="Receipt of the plan", required=False)

    def __init__(self, *args: Any, terms: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["terms"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = terms
