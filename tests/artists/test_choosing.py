"""What a searchable select is told: names in any script, aliases, former names; nobody whom the reader may not see."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.test.html import parse_html
from django.urls import reverse

from artists import services
from artists.choosing import Chooser, choices
from artists.models import Artist
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def named(cast: Cast) -> dict[str, Artist]:
    def make(name: str, **more: Any) -> Artist:
        return services.create_artist(name=name, actor=cast.owner, **more)

    main = make("Fernweh Kollektiv")
    found = {
        "main": main,
        "alias": make("Тихий час", kind="alias", alias_of=main),
        "bjork": make("Björk Ásgeir", isni="0000000121032683"),
        "signs": make("久石 譲二"),
        "double": make("Ferne Weh"),
    }
    services.merge_artists(found["double"], into=main, reason="", actor=cast.owner)
    return found


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("fernw koll", "main"),
        ("BJORK", "bjork"),
        ("тихий", "alias"),
        ("久石", "signs"),
        ("0000 0001 2103 2683", "bjork"),
    ],
)
def test_names_are_found_in_any_script_and_numbers_exactly(
    cast: Cast, named: dict[str, Artist], words: str, first: str
) -> None:
    assert choices(cast.anr, "artists", words)[0].id == str(named[first].pk)


def test_who_is_behind_an_alias_or_took_a_former_name_is_found_by_it(
    cast: Cast, named: dict[str, Artist]
) -> None:
    by_alias = choices(cast.anr, "artists", "тихий")
    assert [(one.name, one.note) for one in by_alias][1] == ("Fernweh Kollektiv", "also Тихий час")
    by_former = choices(cast.anr, "artists", "Ferne Weh")
    assert [(one.name, one.note) for one in by_former] == [("Fernweh Kollektiv", "Ferne Weh is a part of it")]
    assert str(named["double"].pk) not in {one.id for one in by_former}  # merged: nothing is put on it


def test_nobody_is_told_of_whom_they_may_not_see(
    cast: Cast, named: dict[str, Artist], client: Client
) -> None:
    assert choices(cast.mara, "artists", "fernweh") == []
    assert [one.name for one in choices(cast.mara, "artists", "nightjar")] == [cast.artist.name]
    assert choices(cast.stranger, "artists", "nightjar") == choices(cast.stranger, "people", "mara") == []
    assert [one.id for one in choices(cast.mara, "accounts", cast.owner.full_name)] == []
    assert [one.id for one in choices(cast.anr, "accounts", cast.owner.full_name)] == [str(cast.owner.pk)]
    address = reverse("artists:choose", args=["artists"])
    assert client.get(address, {"words": "nightjar"}).status_code == 302
    client.force_login(cast.mara)
    assert client.get(address, {"words": "nightjar"}).json()["found"][0]["name"] == cast.artist.name
    assert client.get(address, {"words": "!?"}).json() == {"found": []}
    assert client.get(reverse("artists:choose", args=["ledgers"])).status_code == 404


def test_the_select_says_what_django_s_own_would(cast: Cast, named: dict[str, Artist]) -> None:
    from django import forms

    class Plain(forms.Form):
        artist = forms.ModelChoiceField(
            queryset=Artist.objects.filter(merged_into=None), empty_label="choose <one>"
        )

    class Searched(Plain):
        artist = forms.ModelChoiceField(
            queryset=Artist.objects.filter(merged_into=None),
            empty_label="choose <one>",
            widget=Chooser("artists"),
        )

    for data in (None, {"artist": str(named["bjork"].pk)}, {"artist": "nonsense"}):
        for initial in ({}, {"artist": named["main"]}, {"artist": named["main"].pk}):
            plain, searched = (str(kind(data, initial=initial)["artist"]) for kind in (Plain, Searched))
            inside = searched.removeprefix(
                f'<dw-choose source="{reverse("artists:choose", args=["artists"])}">'
            )
            inside = inside.removesuffix("</dw-choose>")
            assert parse_html(inside) == parse_html(plain)
