"""Forms of the roster and of accounts. Checks that hold for everybody are in the services."""

from __future__ import annotations

from typing import Any

from django import forms

from artists.choosing import Chooser
from artists.models import Artist, ArtistDocument, Role, TeamMember, User


class LoginForm(forms.Form):
    username = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), strip=False
    )


class AcceptForm(forms.Form):
    full_name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text="Ten characters or more; a sentence is good.",
    )


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.ARTIST)
    artist = forms.ModelChoiceField(
        queryset=Artist.objects.none(),
        required=False,
        empty_label="none",
        widget=Chooser("artists"),
        help_text="Whom an artist's account acts for.",
    )

    def __init__(self, *args: Any, artists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["artist"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = artists


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


class ArtistForm(forms.Form):
    name = forms.CharField(max_length=120)
    sort_name = forms.CharField(max_length=120, required=False, help_text="For example “Assembly, Nightjar”.")
    kind = forms.ChoiceField(choices=Artist.Kind.choices)
    alias_of = forms.ModelChoiceField(
        queryset=Artist.objects.none(),
        required=False,
        empty_label="nobody",
        widget=Chooser("artists"),
        help_text="For an alias: whose it is.",
    )
    isni = forms.CharField(
        label="ISNI", max_length=40, required=False, help_text="16 characters, if there is one."
    )
    about = forms.CharField(
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Public, in a few sentences. How they work is their method.",
    )
    tags = forms.CharField(max_length=400, required=False, help_text="With commas between them.")
    is_ai_persona = forms.BooleanField(
        label="AI persona", required=False, help_text="An invented artist that looks or sounds like a person."
    )

    def __init__(self, *args: Any, artists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["alias_of"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = artists.filter(alias_of=None).order_by("name")

    def clean_tags(self) -> list[str]:
        return [tag for tag in self.cleaned_data["tags"].split(",") if tag.strip()]


class NewArtistForm(ArtistForm):
    status = forms.ChoiceField(choices=Artist.Status.choices, initial=Artist.Status.PROSPECT)
    another = forms.BooleanField(
        required=False, label="It is another artist; put it on the roster all the same"
    )


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=Artist.Status.choices, label="Becomes")
    since = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Today, if it is left empty.",
    )
    reason = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Kept sealed: staff and the artist's own people can read it.",
    )

    def __init__(self, *args: Any, artist: Artist, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        titles = dict(Artist.Status.choices)
        self.fields["status"].choices = [(one, titles[one]) for one in artist.next_states]  # type: ignore[attr-defined]


class PictureForm(forms.Form):
    picture = forms.FileField(widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png"}))


class TeamForm(forms.Form):
    role = forms.ChoiceField(choices=TeamMember.Role.choices)
    user = forms.ModelChoiceField(
        label="Of the house",
        queryset=User.objects.none(),
        required=False,
        empty_label="nobody",
        widget=Chooser("accounts"),
    )
    name = forms.CharField(label="Or an outsider's name", max_length=160, required=False)
    contact = forms.CharField(max_length=300, required=False, help_text="Name and contact are kept sealed.")

    def __init__(self, *args: Any, users: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["user"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = users


class DocumentForm(forms.Form):
    file = forms.FileField(help_text="Any kind of file, up to 50 MB.")
    kind = forms.ChoiceField(choices=ArtistDocument.Kind.choices)
    dated = forms.DateField(
        label="Date on it", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class MergeForm(forms.Form):
    into = forms.ModelChoiceField(
        label="Into",
        queryset=Artist.objects.none(),
        widget=Chooser("artists"),
        help_text="Who stays, with all that both have.",
    )
    reason = forms.CharField(max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, artists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["into"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = artists.order_by("name")


class BulkForm(forms.Form):
    """What to do with many artists. Fields that the action does not need stay empty."""

    action = forms.ChoiceField(
        choices=[
            ("status", "Change status"),
            ("manager", "Assign a manager"),
            ("tag", "Add a tag"),
            ("untag", "Take a tag off"),
            ("export", "Export as CSV"),
        ]
    )
    status = forms.ChoiceField(choices=[("", "–"), *Artist.Status.choices], required=False)
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(max_length=1000, required=False)
    manager = forms.ModelChoiceField(
        queryset=User.objects.none(), required=False, empty_label="–", widget=Chooser("accounts")
    )
    tag = forms.CharField(max_length=40, required=False)

    def __init__(self, *args: Any, users: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["manager"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = users


class RosterFileForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    text = forms.CharField(required=False, widget=forms.HiddenInput, strip=False, max_length=4_000_000)
    encoding = forms.CharField(required=False, widget=forms.HiddenInput, max_length=20)


class PersonForm(forms.Form):
    credit_name = forms.CharField(label="Credited name", max_length=120)
    legal_name = forms.CharField(
        max_length=160, required=False, help_text="Kept sealed; only documents that need it show it."
    )
    ipi = forms.CharField(label="IPI name number", max_length=16, required=False, help_text="11 digits.")
    isni = forms.CharField(label="ISNI", max_length=24, required=False)
    society = forms.CharField(max_length=32, required=False, help_text="For example GEMA, PRS, ASCAP.")
    country = forms.CharField(max_length=2, required=False, help_text="Two letters.")


class PasswordForm(forms.Form):
    old = forms.CharField(
        label="Password now",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
    )
    new = forms.CharField(
        label="New password",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text="Ten characters or more; a sentence is good.",
    )


class SshKeyForm(forms.Form):
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=64)
    label = forms.CharField(
        label="What you call it", max_length=80, initial="ssh key", help_text="For example “studio laptop”."
    )
    signature = forms.CharField(
        widget=forms.Textarea(
            attrs={
                "rows": 8,
                "spellcheck": "false",
                "class": "mono",
                "placeholder": "-----BEGIN SSH SIGNATURE-----",
            }
        ),
        help_text="What ssh-keygen wrote beside the file, with its first and last line.",
    )
