"""Forms of datasets and of models that were made from them. The services check; these parse."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from generation.models import DatasetVersion, ModelOrigin

_REF = re.compile(r"(take|stem|upload|render|master)[:/s]+([0-9a-f-]{36})", re.IGNORECASE)


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


class DatasetForm(forms.Form):
    title = forms.CharField(max_length=120)
    purpose = forms.CharField(
        label="What for", max_length=400, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Which model is trained, and what it is to do. Everybody whose work it is reads this; it stays in "
        "the ledger.",
    )  # fmt: skip
    tools = forms.CharField(
        label="Tools that are trained", required=False, max_length=400,
        help_text="Their keys with commas, e.g. musicgen. Consents that name tools have to name these.",
    )  # fmt: skip
    territories = forms.CharField(
        label="Where it is used", initial="Worldwide", help_text="Two-letter codes with commas, or Worldwide."
    )

    def clean_tools(self) -> list[str]:
        return _split(self.cleaned_data["tools"])

    def clean_territories(self) -> list[str]:
        return _split(self.cleaned_data["territories"])


class RecordingForm(forms.Form):
    """A recording by what it is chosen from, or by its address or reference."""

    recording = forms.CharField(
        label="Recording", max_length=300, help_text="Its address, or master:<id>, upload:<id>, stem:<id>."
    )

    def clean_recording(self) -> str:
        found = _REF.search(self.cleaned_data["recording"])
        if found is None:
            raise forms.ValidationError("Paste the address of a master or an upload, or its reference.")
        return f"{found[1].lower()}:{found[2].lower()}"


class VersionField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: DatasetVersion) -> str:
        return f"{obj.dataset.title}, version {obj.number}"


class OriginForm(forms.Form):
    engine = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(widget=forms.HiddenInput)
    basis = forms.ChoiceField(label="Made from", choices=ModelOrigin.Basis.choices)
    version = VersionField(
        label="Which version", queryset=DatasetVersion.objects.none(), required=False, empty_label="none"
    )
    source = forms.CharField(
        label="Whose catalogue, or where its card is", max_length=200, required=False,
        help_text="For what this label did not train itself.",
    )  # fmt: skip
    document = forms.FileField(
        label="Their agreement",
        required=False,
        help_text="PDF, PNG, JPEG or text. For an outsider's catalogue.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["version"]
        assert isinstance(field, forms.ModelChoiceField)
        rows = DatasetVersion.objects.filter(asset__isnull=False).select_related("dataset")
        field.queryset = rows.order_by("dataset__title", "-number")
