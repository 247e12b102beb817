"""Projects, members and briefs: what is written, what is refused, who may see it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from generation import access, services
from generation.errors import BadValue
from generation.models import Brief, Project
from provenance import ledger
from provenance.models import Entry
from tests.cast import Cast


def test_a_project_and_its_entry_are_one(project: Project, cast: Cast) -> None:
    body = ledger.body_of(project.entry)
    assert body["kind"] == "project.created"
    assert body["stream"] == f"project:{project.pk}"
    assert body["actor"]["id"] == str(cast.mara.pk)
    assert body["public"]["title"] == "Slow Harbour"


@pytest.mark.parametrize("title", ["", "   ", "a\0b", "x" * 161, None, "\ud800"])
def test_a_bad_title_is_refused_and_nothing_is_written(cast: Cast, title: Any) -> None:
    before = Entry.objects.count()
    with pytest.raises(BadValue) as refused:
        services.create_project(title=title, artist=cast.artist, actor=cast.mara)
    assert refused.value.field == "title"
    assert not Project.objects.exists()
    assert Entry.objects.count() == before


def test_staff_and_the_artist_see_a_project_and_strangers_get_404(project: Project, cast: Cast) -> None:
    for user in (*cast.staff, cast.mara):
        assert access.project_for(user, project.pk) == project
    for user in (cast.stranger, cast.collaborator):
        with pytest.raises(Http404):
            access.project_for(user, project.pk)
    for nothing in (uuid.uuid4(), "not-a-uuid"):
        with pytest.raises(Http404):
            access.project_for(cast.owner, nothing)


def test_only_the_owner_and_the_artist_change_a_project(project: Project, cast: Cast) -> None:
    for user in (cast.owner, cast.mara):
        assert access.project_for(user, project.pk, write=True) == project
    for user in (cast.anr, cast.release, cast.rights):
        with pytest.raises(PermissionDenied):
            access.project_for(user, project.pk, write=True)


def test_a_collaborator_sees_then_edits_then_is_out_again(project: Project, cast: Cast) -> None:
    services.add_member(project, user=cast.collaborator, can_edit=False, actor=cast.mara)
    assert access.project_for(cast.collaborator, project.pk) == project
    with pytest.raises(PermissionDenied):
        access.project_for(cast.collaborator, project.pk, write=True)
    services.add_member(project, user=cast.collaborator, can_edit=True, actor=cast.mara)
    access.project_for(cast.collaborator, project.pk, write=True)
    with pytest.raises(PermissionDenied):
        access.project_to_manage(cast.collaborator, project.pk)
    services.remove_member(project, user=cast.collaborator, actor=cast.mara)
    with pytest.raises(Http404):
        access.project_for(cast.collaborator, project.pk)
    kinds = list(Entry.objects.filter(stream=project.stream).values_list("kind", flat=True))
    assert kinds == [
        "project.created",
        "project.member_added",
        "project.member_added",
        "project.member_removed",
    ]


def test_who_may_start_a_project_for_whom(cast: Cast) -> None:
    for user in (cast.owner, cast.anr, cast.mara):
        assert access.artist_for_new_project(user, cast.artist.pk) == cast.artist
    for user in (cast.release, cast.rights, cast.collaborator, cast.stranger):
        with pytest.raises(Http404):
            access.artist_for_new_project(user, cast.artist.pk)


def test_a_brief_keeps_its_words_in_the_vault_only(project: Project, cast: Cast) -> None:
    values = services.BriefValues(
        purpose="late radio", mood="patient", genre="ambient techno", tempo_bpm=92.5, key="d minor", metre="6/8",
        instruments=("pads", "bass", " "), structure=("intro", "A", "B"), energy=(0.2, 0.9), avoid=("vocals",),
    )  # fmt: skip
    brief = services.save_brief(project, values=values, actor=cast.mara)
    assert (brief.number, brief.tempo_milli_bpm, brief.key, brief.metre) == (1, 92500, "D minor", "6/8")
    assert brief.instruments == ["pads", "bass"]
    body = bytes(brief.entry.body).decode()
    for word in ("late radio", "patient", "vocals"):
        assert word not in body
    assert brief.words["purpose"] == "late radio"
    assert "92.5 bpm" in brief.words["prompt"]
    assert "ambient techno" in brief.words["prompt"]
    assert services.brief_values(brief).avoid == ("vocals",)
    ledger.shred(brief.entry, actor=cast.mara)
    assert services.brief_values(Brief.objects.get(pk=brief.pk)).purpose == ""
    again = services.save_brief(project, values=services.BriefValues(prompt="just this"), actor=cast.mara)
    assert again.number == 2
    assert again.words == {"prompt": "just this"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tempo_bpm", 0), ("tempo_bpm", 301), ("tempo_bpm", float("nan")), ("tempo_bpm", True),
        ("key", "H sharp"), ("metre", "0/4"), ("metre", "4/5"), ("energy", (1.2,)), ("energy", (float("nan"),)),
        ("energy", (0.5,) * 65), ("genre", "x" * 61), ("mood", "a\0b"), ("prompt", None), ("instruments", "bass"),
        ("structure", ("A",) * 65), ("avoid", (3,)),
    ],
)  # fmt: skip
def test_a_bad_brief_is_refused_by_its_field(project: Project, cast: Cast, field: str, value: Any) -> None:
    with pytest.raises(BadValue) as refused:
        services.save_brief(project, values=services.BriefValues(**{field: value}), actor=cast.mara)
    assert refused.value.field == field
    assert not Brief.objects.exists()


def test_a_tempo_of_zero_says_what_to_write(project: Project, cast: Cast) -> None:
    with pytest.raises(BadValue, match="Write a tempo between 20 and 300"):
        services.save_brief(project, values=services.BriefValues(tempo_bpm=0), actor=cast.mara)
