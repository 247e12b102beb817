"""The form of a prompt run: it has just the fields that the chosen mode and engine understand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.conf.locale import LANG_INFO

from artists.method_rules import MATERIALS
from generation.asking import Way
from generation.modes import AUDIO, NOTES, Given, Mode
from provenance.elements import role_label

#: What parameters are called in the form, so that none of them meets a field of ours.
PARAMETER = "p_"
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,3})?)")


def clock(milliseconds: int) -> str:
    """`1:02.5`, as the form reads it again."""
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes}:{rest / 1000:04.1f}" if rest % 100 == 0 else f"{minutes}:{rest / 1000:06.3f}"


class ClockField(forms.CharField):
    """A moment as `1:02.5` or as seconds; whole milliseconds when read."""

    def clean(self, value: Any) -> Any:
        text = super().clean(value).strip()
        if not text:
            return None
        found = _CLOCK.fullmatch(text)
        if found is None:
            raise forms.ValidationError("Write a moment as 1:02.5, or as seconds.")
        return int(found[1] or 0) * 60_000 + round(float(found[2].replace(",", ".")) * 1000)


class RunForm(forms.Form):
    """`mode` and `way` decide which fields there are; `things` is what the project can give (`reading.givens`)."""

    prompt = forms.CharField(max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 4}))
    negative_prompt = forms.CharField(
        label="Keep away from",
        max_length=4000,
        required=False,
        help_text="What must not be heard, with commas.",
    )
    lyrics = forms.CharField(
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="The words that are sung. Name the sections in brackets: [verse], [chorus], [bridge].",
    )
    language = forms.ChoiceField(label="Sung in", required=False)
    chords = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "Dm | Bb | F | C", "autocapitalize": "off"}),
        help_text="A chord a bar, with strokes between them. Empty: the engine finds a progression.",
    )
    targets = forms.MultipleChoiceField(
        label="Which parts", required=False, widget=forms.CheckboxSelectMultiple
    )
    from_ms = ClockField(label="From", required=False)
    to_ms = ClockField(label="To", required=False)
    duration_s = forms.FloatField(label="Length", initial=30)
    variations = forms.IntegerField(initial=6)
    base_seed = forms.IntegerField(
        label="First seed",
        required=False,
        help_text="Empty: by chance. The same seed gives the same take again.",
    )
    material = forms.ChoiceField(
        label="What it is for",
        required=False,
        choices=[("", "not said"), *((kind, kind.replace("_", " ")) for kind in MATERIALS)],
        help_text="The method says what may end up in a master. It can be said later, take by take.",
    )
    overnight = forms.BooleanField(
        label="Make it overnight",
        required=False,
        help_text="Waits for the quiet hours, and leaves the day to others.",
    )
    sweep_parameter = forms.ChoiceField(label="Compare over", required=False)
    sweep_values = forms.CharField(
        label="Values",
        max_length=200,
        required=False,
        help_text="2 to 8, with commas. All else stays equal, seeds too.",
    )
    acknowledge_warnings = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, *, mode: Mode, way: Way, things: Sequence[Any], initial: Mapping[str, Any]
    ) -> None:
        self.mode, self.way, self.things = mode, way, {thing.ref: thing for thing in things}
        super().__init__(data, initial=dict(initial))
        self._shape_words()
        self._shape_givens()
        self._shape_amount()
        for spec in way.parameters:
            self.fields[PARAMETER + spec["name"]] = _parameter(spec, way)
        sweepable = [
            (one["name"], one["title"]) for one in way.parameters if one["kind"] in ("int", "float", "choice")
        ]
        self._choices("sweep_parameter", [("", "nothing"), *sweepable])
        for name in ("sweep_parameter", "sweep_values"):
            self._keep(name, bool(sweepable))

    # -- which fields there are ---------------------------------------------------------------------------------------

    def _shape_words(self) -> None:
        mode, way = self.mode, self.way
        self._keep("prompt", mode.prompt != "none", required=mode.prompt == "required")
        self._keep("negative_prompt", way.negative_prompt)
        self._keep("lyrics", mode.lyrics != "none", required=mode.lyrics == "required")
        self._keep("chords", mode.chords)
        self._keep("language", bool(way.languages) and mode.lyrics != "none")
        self._keep("targets", bool(way.targets))
        if "language" in self.fields:
            self._choices("language", [("", "as the words suggest"), *map(_language, way.languages)])
        if "targets" in self.fields:
            self._choices("targets", [(role, role_label(role)) for role in way.targets])

    def _shape_givens(self) -> None:
        shown = [(given, kinds) for given in self.mode.given if (kinds := self.way.reads(given))]
        self.roles = tuple(given.role for given, _ in shown)
        for given, kinds in shown:
            self.fields[given.role] = forms.ChoiceField(
                label=given.title,
                required=given.required,
                choices=[
                    ("", "choose one" if given.required else "none"),
                    *_options(self.things.values(), kinds),
                ],
                help_text=_wanted(given, kinds),
                error_messages={"required": f"Choose {given.title[0].lower()}{given.title[1:]}."},
            )
        sounds = any(AUDIO in kinds for _, kinds in shown)
        for name in ("from_ms", "to_ms"):
            self._keep(name, sounds, required=self.mode.section)

    def _shape_amount(self) -> None:
        mode, way = self.mode, self.way
        self._keep("duration_s", mode.length != "source")
        self._keep("variations", way.chance)
        self._keep("base_seed", way.chance)
        if "duration_s" in self.fields:
            field = self.fields["duration_s"]
            field.label = "How much more" if mode.length == "added" else "Length"
            field.help_text = f"{way.min_s:g} to {way.max_s:g} seconds."
            if not way.min_s <= float(field.initial or 0) <= way.max_s:
                field.initial = min(way.max_s, max(way.min_s, 10.0))
        if "variations" in self.fields:
            self.fields["variations"].help_text = f"1 to {way.most}. Each has its own seed."

    def _keep(self, name: str, wanted: bool, *, required: bool | None = None) -> None:
        if not wanted:
            del self.fields[name]
        elif required is not None:
            self.fields[name].required = required

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    # -- in parts, for the page ---------------------------------------------------------------------------------------

    def _bound(self, names: Iterable[str]) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    @property
    def given_fields(self) -> list[forms.BoundField]:
        return self._bound(self.roles)

    @property
    def parameter_fields(self) -> list[forms.BoundField]:
        return self._bound(PARAMETER + spec["name"] for spec in self.way.parameters)

    @property
    def given_now(self) -> list[Any]:
        """The things that are chosen at the moment, as `(role, thing)`."""
        found = []
        for role in self.roles:
            ref = str(self[role].value() or "").partition("|")[0]
            if ref in self.things:
                found.append((role, self.things[ref]))
        return found

    # -- what was said ------------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        start, end = data.get("from_ms"), data.get("to_ms")
        if start is not None and end is not None and end <= start:
            self.add_error("to_ms", "The end must come after the beginning.")
        if bool(data.get("sweep_parameter")) != bool(data.get("sweep_values")):
            self.add_error("sweep_values", "Name both: the control, and the values to compare.")
        return data

    @property
    def sweep(self) -> tuple[str, list[Any]] | None:
        """The control to compare over and its values, each as its control reads it. Raises `ValidationError`."""
        name = self.cleaned_data.get("sweep_parameter")
        if not name:
            return None
        field = self.fields[PARAMETER + name]
        return name, [
            field.clean(part.strip()) for part in self.cleaned_data["sweep_values"].split(",") if part.strip()
        ]

    @property
    def givens(self) -> list[dict[str, Any]]:
        """What is given: role, ref, kind, and the stretch of it where only that is meant."""
        found: list[dict[str, Any]] = []
        for role in self.roles:
            ref, _, kind = str(self.cleaned_data.get(role) or "").partition("|")
            if not ref:
                continue
            given: dict[str, Any] = {"role": role, "ref": ref, "kind": kind}
            if not self.mode.section and kind != NOTES and not found:
                given |= {
                    "from_ms": self.cleaned_data.get("from_ms"),
                    "to_ms": self.cleaned_data.get("to_ms"),
                }
            found.append(given)
        return found

    @property
    def section_ms(self) -> tuple[int, int] | None:
        if not self.mode.section:
            return None
        return self.cleaned_data["from_ms"], self.cleaned_data["to_ms"]

    @property
    def parameters(self) -> dict[str, Any]:
        """The controls that were set; what is left open is the engine's choice."""
        found: dict[str, Any] = {}
        for spec in self.way.parameters:
            value = self.cleaned_data.get(PARAMETER + spec["name"])
            if value in (None, ""):
                continue
            if spec["kind"] == "bool" and not isinstance(value, bool):
                value = value == "on"
            found[spec["name"]] = value
        return found


def _language(code: str) -> tuple[str, str]:
    info: Any = LANG_INFO.get(code.lower()) or LANG_INFO.get(code.split("-")[0].lower()) or {}
    return code, str(info.get("name", code))


def _options(things: Iterable[Any], kinds: Sequence[str]) -> list[Any]:
    """What can be given, by what it is; a take that is sound and notes stands there as both."""
    groups: dict[str, list[tuple[str, str]]] = {}
    titles = {
        "take": "Takes",
        "stem": "Stems",
        "upload": "Recordings and files",
        "render": "Renders",
        "master": "Masters",
    }
    for thing in things:
        both = [kind for kind in kinds if kind in thing.kinds]
        group = groups.setdefault(titles.get(thing.ref.partition(":")[0], "Other"), [])
        for kind in both:
            words = f"{thing.title}, its notes" if kind == NOTES and len(thing.kinds) > 1 else thing.title
            group.append((f"{thing.ref}|{kind}", words))
    return [(title, options) for title, options in groups.items() if options]


def _wanted(given: Given, kinds: Sequence[str]) -> str:
    what = (
        "Sound or notes" if len(kinds) > 1 else {AUDIO: "Sound", NOTES: "Notes (MIDI or MusicXML)"}[kinds[0]]
    )
    return f"{what}, {given.min_s:g} to {given.max_s:g} seconds." if AUDIO in kinds else f"{what}."


def _parameter(spec: Mapping[str, Any], way: Way) -> forms.Field:
    """One knob as a field: what it does in words, its range where a range helps, empty where the engine may choose."""
    title, hint, default = str(spec["title"]), str(spec["help"]), spec.get("default")
    common: dict[str, Any] = {"label": title, "required": False, "help_text": hint}
    low, high = spec.get("minimum"), spec.get("maximum")
    match spec["kind"]:
        case "bool":
            if default is None:
                choices = [("", "as the engine chooses"), ("on", "on"), ("off", "off")]
                return forms.ChoiceField(choices=choices, **common)
            return forms.BooleanField(initial=bool(default), **common)
        case "choice":
            named = {one["name"]: one["title"] for one in way.models} if spec["name"] == "model" else {}
            gone = {one["name"] for one in way.models if not one["present"]} if named else set()
            offered = [
                (one, named.get(one, one.replace("_", " "))) for one in spec["choices"] if one not in gone
            ]
            empty = [] if default in {one for one, _ in offered} else [("", "as the engine chooses")]
            return forms.ChoiceField(choices=[*empty, *offered], initial=default, **common)
        case "int":
            return forms.IntegerField(min_value=low, max_value=high, initial=default, **common)
        case _:
            step = 0.05 if low is not None and high is not None and high - low <= 2 else "any"
            widget = forms.NumberInput(attrs={"step": step})
            return forms.FloatField(min_value=low, max_value=high, initial=default, widget=widget, **common)
