"""Forms of releases. They parse; the services decide."""

from __future__ import annotations

from typing import Any

from django import forms

from artists.choosing import Chooser
from artists.models import Artist
from provenance.elements import Origin
from release.models import Imprint, Recording, Release, Work
from release.services import STATED_ORIGINS

ORIGIN_WORDS = {
    Origin.HUMAN: "made by a person",
    Origin.TRAINED_MODEL: "made by a trained model",
    Origin.PROCEDURAL: "made by rules and chance",
    Origin.MIXED: "of several origins",
    Origin.THIRD_PARTY: "somebody else's, licensed",
}
ORIGIN_CHOICES = [(origin.value, ORIGIN_WORDS[origin]) for origin in STATED_ORIGINS]
LANGUAGES = [
    ("zxx", "no words"),
    ("en", "English"),
    ("de", "German"),
    ("fr", "French"),
    ("es", "Spanish"),
    ("it", "Italian"),
    ("pt", "Portuguese"),
    ("sv", "Swedish"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
]


def choose(form: forms.Form, name: str, rows: Any) -> None:
    """Give a model choice its rows; a single one is chosen already."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows
    if rows.count() == 1:
        field.initial = rows.first()


class ReleaseForm(forms.Form):
    title = forms.CharField(max_length=160)
    kind = forms.ChoiceField(choices=Release.Kind.choices)
    artist = forms.ModelChoiceField(
        queryset=Artist.objects.none(), empty_label="choose one", widget=Chooser("artists")
    )
    imprint = forms.ModelChoiceField(queryset=Imprint.objects.none(), empty_label="choose one")

    def __init__(self, *args: Any, artists: Any, imprints: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "artist", artists)
        choose(self, "imprint", imprints)


class ReleaseEditForm(forms.Form):
    title = forms.CharField(max_length=160)
    kind = forms.ChoiceField(choices=Release.Kind.choices)
    genre = forms.CharField(max_length=60, required=False)
    language = forms.ChoiceField(
        label="Language of the titles", choices=[row for row in LANGUAGES if row[0] != "zxx"]
    )
    release_date = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    original_date = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Only if it came out before.",
    )
    territories = forms.CharField(
        max_length=1000, help_text="Worldwide, or two-letter countries with commas."
    )
    p_line_year = forms.IntegerField(label="P line year", required=False)
    p_line_owner = forms.CharField(label="P line owner", max_length=120, required=False)
    c_line_year = forms.IntegerField(label="C line year", required=False)
    c_line_owner = forms.CharField(label="C line owner", max_length=120, required=False)
    gtin = forms.CharField(
        label="Barcode", max_length=20, help_text="GTIN, given out from the imprint's range."
    )
    deny_ai_training = forms.BooleanField(
        label="Deny the training of generative AI",
        required=False,
        help_text="Goes into the deals and the credentials.",
    )

    def clean_territories(self) -> list[str]:
        return [part.strip() for part in self.cleaned_data["territories"].split(",") if part.strip()]


class RecordingForm(forms.Form):
    title = forms.CharField(max_length=160)
    version_title = forms.CharField(max_length=80, required=False, help_text="For example Radio Edit.")
    imprint = forms.ModelChoiceField(queryset=Imprint.objects.none(), empty_label="choose one")
    work = forms.ModelChoiceField(
        queryset=Work.objects.none(),
        required=False,
        empty_label="a new composition",
        help_text="Choose one if this is another recording of it.",
    )
    iswc = forms.CharField(
        label="ISWC", max_length=20, required=False, help_text="If the work has one already."
    )
    language = forms.ChoiceField(label="Language of the lyrics", choices=LANGUAGES)
    explicit = forms.BooleanField(label="Explicit", required=False)

    def __init__(self, *args: Any, imprints: Any, works: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "imprint", imprints)
        field = self.fields["work"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = works


class TrackForm(forms.Form):
    recording = forms.ModelChoiceField(queryset=Recording.objects.none(), empty_label="choose one")

    def __init__(self, *args: Any, recordings: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self, "recording", recordings)


class ArtworkForm(forms.Form):
    file = forms.FileField(label="Cover")
    origin = forms.ChoiceField(label="Who or what made it", choices=ORIGIN_CHOICES)
    likeness = forms.BooleanField(
        label="It shows a likeness of somebody, as a model made them",
        required=False,
        help_text="Whoever it shows has agreed to that: their consent is on the artist's page.",
    )


class ImprintForm(forms.Form):
    name = forms.CharField(max_length=80)
    p_line_owner = forms.CharField(label="P line owner", max_length=120)
    c_line_owner = forms.CharField(label="C line owner", max_length=120)
    isrc_prefix = forms.CharField(
        label="ISRC prefix", max_length=8, help_text="Five characters, from your agency."
    )
    gtin_prefix = forms.CharField(label="GTIN prefix", max_length=14, help_text="6 to 11 digits, from GS1.")
    catalogue_prefix = forms.CharField(max_length=8, help_text="For example DWX.")
    dpid = forms.CharField(label="DDEX party id", max_length=24, required=False)


class ResolveForm(forms.Form):
    element = forms.CharField(max_length=40)
    origin = forms.ChoiceField(choices=ORIGIN_CHOICES)
    reason = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
