"""Forms of the workspace. They parse; what is possible is decided by the services, whose messages they show."""

from __future__ import annotations

from typing import Any

from django import forms

from artists.choosing import Chooser
from artists.models import Artist
from generation.models import ToolTerms, Upload
from generation.prompting import BriefValues
from generation.services import MINUTES_OF_A_DAY, MOST_JOBS
from provenance.elements import ROLES, elements_of, role_label

GENRES = ("ambient", "cinematic", "pop", "rock", "folk", "jazz", "lo-fi", "hip-hop", "house", "techno")
METRES = ("4/4", "3/4", "6/8", "5/4", "7/8")
INSTRUMENTS = ("piano", "keys", "strings", "pads", "guitar", "bass", "drums", "percussion", "voice")
ROLE_CHOICES = [(role, role_label(role)) for role in ROLES]


def words(text: str) -> tuple[str, ...]:
    """`intro, A, B` as a tuple; commas, semicolons, middle dots and new lines separate."""
    for mark in ";\n·":
        text = text.replace(mark, ",")
    return tuple(part.strip() for part in text.split(",") if part.strip())


def sections(text: str) -> tuple[str, ...]:
    """The parts of a song; without any comma, words stand for themselves: `intro A B`."""
    found = words(text)
    return found if len(found) > 1 else tuple(text.split())


class ProjectForm(forms.Form):
    title = forms.CharField(max_length=160, help_text="A working title; it can stay.")
    artist = forms.ModelChoiceField(queryset=Artist.objects.none(), widget=Chooser("artists"))

    def __init__(self, *args: Any, artists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["artist"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = artists
        if artists.count() == 1:
            field.initial = artists.first()


class BriefForm(forms.Form):
    purpose = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What is this song for?",
    )
    mood = forms.CharField(max_length=400, required=False)
    genre = forms.CharField(max_length=60, required=False, widget=forms.TextInput(attrs={"list": "genres"}))
    tempo_bpm = forms.FloatField(label="Tempo", required=False)
    key = forms.CharField(max_length=40, required=False, help_text="For example D minor.")
    metre = forms.ChoiceField(choices=[(metre, metre) for metre in METRES], initial="4/4")
    structure = forms.CharField(
        max_length=400,
        required=False,
        initial="intro, A, A', B, outro",
        help_text="Sections in order, with commas.",
    )
    energy = forms.CharField(
        label="Energy arc",
        max_length=400,
        required=False,
        initial="0.2, 0.5, 0.6, 0.9, 0.3",
        help_text="0 to 1, one per section.",
    )
    instruments = forms.CharField(
        max_length=400, required=False, help_text=f"With commas; for example {', '.join(INSTRUMENTS[:5])}."
    )
    avoid = forms.CharField(max_length=400, required=False, help_text="What must not be in it, with commas.")
    prompt = forms.CharField(
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Built from the rest while it is empty. Change it as you like.",
    )

    def clean_energy(self) -> tuple[float, ...]:
        try:
            return tuple(float(part) for part in words(self.cleaned_data["energy"]))
        except ValueError:
            raise forms.ValidationError("Write numbers between 0 and 1, with commas.") from None

    def values(self) -> BriefValues:
        data = dict(self.cleaned_data)
        for name in ("instruments", "avoid"):
            data[name] = words(data[name])
        data["structure"] = sections(data["structure"])
        return BriefValues(**data)

    @staticmethod
    def initial_of(values: BriefValues) -> dict[str, Any]:
        return {
            "purpose": values.purpose,
            "mood": values.mood,
            "genre": values.genre,
            "tempo_bpm": None if values.tempo_bpm is None else f"{values.tempo_bpm:g}",
            "key": values.key,
            "metre": values.metre or "4/4",
            "structure": ", ".join(values.structure),
            "energy": ", ".join(f"{value:g}" for value in values.energy),
            "instruments": ", ".join(values.instruments),
            "avoid": ", ".join(values.avoid),
            "prompt": values.prompt,
        }


class TermsField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A tool by its name and plan."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.tool.name}, {obj.plan or obj.licence}"


#: Nothing is claimed that nobody said: what is left open shows as unknown, and the gates ask for it.
WROTE = [
    ("", "not said"),
    ("mine", "written by me"),
    ("borrowed", "written by somebody else"),
    ("absent", "there is none in it"),
]


class UploadForm(forms.Form):
    file = forms.FileField()
    name = forms.CharField(max_length=120, required=False, help_text="Empty: the file's name.")
    role = forms.ChoiceField(label="What it plays", choices=ROLE_CHOICES, initial="lead_vocal")
    declared = forms.ChoiceField(
        label="Who or what made it",
        choices=Upload.Declared.choices,
        widget=forms.RadioSelect,
        initial="own_performance",
    )
    lyrics = forms.ChoiceField(choices=WROTE, required=False)
    melody = forms.ChoiceField(choices=WROTE, required=False)
    harmony = forms.ChoiceField(choices=WROTE, required=False)
    terms = TermsField(label="Tool", queryset=ToolTerms.objects.none(), required=False)
    tool_name = forms.CharField(
        label="A tool that is not in the list",
        max_length=80,
        required=False,
        help_text="Its terms are asked later.",
    )
    plan = forms.CharField(
        label="Your plan there", max_length=60, required=False, help_text="As the tool calls it: Free, Pro."
    )
    made_on = forms.DateField(label="Made on", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    terms_snapshot = forms.FileField(
        label="The terms of that day", required=False, help_text="A saved page, PDF or picture."
    )
    receipt = forms.FileField(label="Receipt of the plan", required=False, help_text="PDF, picture or text.")
    prompt = forms.CharField(max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    licence = forms.CharField(max_length=200, required=False, help_text="Which licence, from whom.")
    attribution = forms.CharField(
        label="Credit that is owed", max_length=200, required=False, help_text="Word for word. Empty: none."
    )
    may_be_sold = forms.BooleanField(label="The licence covers selling", required=False, initial=True)
    may_be_input = forms.BooleanField(
        label="The licence covers giving it to AI tools", required=False, initial=False
    )
    captured = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def written(self, role: str) -> dict[str, list[str]]:
        """Elements that the role carries by what was answered about them: mine, borrowed, absent."""
        found: dict[str, list[str]] = {"mine": [], "borrowed": [], "absent": []}
        for name in elements_of(role):
            # Playing and sound are the performer's; only what was written needs an answer.
            answer = self.cleaned_data[name] if name in ("lyrics", "melody", "harmony") else "mine"
            if answer:
                found[answer].append(name)
        return found

    def __init__(self, *args: Any, terms: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["terms"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = terms


class ArrangementForm(forms.Form):
    title = forms.CharField(max_length=120)


class MasterForm(forms.Form):
    target_lufs = forms.FloatField(label="Loudness", initial=-14.0)
    ceiling_dbtp = forms.FloatField(label="True peak ceiling", initial=-1.0)


class MemberForm(forms.Form):
    email = forms.EmailField(label="E-mail of their account")
    can_edit = forms.BooleanField(label="May change things", required=False)


class QuotaForm(forms.Form):
    artist = forms.ModelChoiceField(
        queryset=Artist.objects.filter(merged_into=None),
        required=False,
        empty_label="Everybody who has none of their own",
        widget=Chooser("artists"),
        label="Whose",
    )
    waiting = forms.IntegerField(
        label="Jobs that wait", min_value=0, max_value=MOST_JOBS, required=False, help_text="Empty: no limit."
    )
    running = forms.IntegerField(
        label="Jobs at once", min_value=1, max_value=MOST_JOBS, required=False, help_text="Empty: no limit."
    )
    gpu_minutes = forms.IntegerField(
        label="GPU minutes a day",
        min_value=0,
        max_value=MINUTES_OF_A_DAY,
        required=False,
        help_text="Empty: no limit.",
    )
