"""Forms of the roster and of accounts. Checks that hold for everybody are in the services."""

from __future__ import annotations

from typing import Any

from django import forms

from artists.models import Artist, Role


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
    status = forms.ChoiceField(choices=Artist.Status.choices, initial=Artist.Status.SIGNED)
    isni = forms.CharField(
        label="ISNI", max_length=24, required=False, help_text="16 characters, if there is one."
    )
    is_ai_persona = forms.BooleanField(
        label="AI persona", required=False, help_text="An invented artist that looks or sounds like a person."
    )
    method = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
        help_text="How this artist works with AI, in their words.",
    )


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
