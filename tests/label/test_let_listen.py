"""The way to a listening link stands where the sound is, for those who may make one."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.label.conftest import as_
from tests.scenes import Scene

pytestmark = pytest.mark.django_db


def test_a_master_and_a_release_lead_to_a_link_for_them(scene: Scene) -> None:
    pages = {
        reverse("generation:master", args=[scene.master.pk]): f"?master={scene.master.pk}",
        reverse("release:release", args=[scene.release.pk]): f"?release={scene.release.pk}",
    }
    for page, query in pages.items():
        address = reverse("label:listening-links") + query
        for maker in (scene.cast.owner, scene.cast.anr, scene.cast.release):
            assert address in as_(maker).get(page).content.decode(), page
            kind, _, pk = query[1:].partition("=")
            asked = as_(maker).get(address).content.decode()
            assert f'name="{kind}" value="{pk}"' in asked, "the form has it already"
        for reader in (scene.cast.rights, scene.cast.mara):
            assert address not in as_(reader).get(page).content.decode(), page
