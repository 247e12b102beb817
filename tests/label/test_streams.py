"""Who may read which part of the ledger: everything, whole families of streams, or single ones."""

from __future__ import annotations

import pytest

from generation import services
from label.lines import lines
from label.streams import Readable, readable
from provenance import finding, queries
from tests.cast import Cast, make_cast


def page_of(allowed: Readable) -> finding.LedgerPage:
    return finding.page(finding.Wanted(streams=allowed.only, families=allowed.families))


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def test_staff_read_songs_artists_and_releases_but_not_accounts_and_imprints(cast: Cast) -> None:
    project = services.create_project(title="Low Tide", artist=cast.artist, actor=cast.mara)
    for user in (cast.anr, cast.release):
        allowed = readable(user)
        assert project.stream in allowed
        assert f"artist:{cast.other_artist.pk}" in allowed
        assert "label" not in allowed
        assert "imprint:1" not in allowed
        page = page_of(allowed)
        streams = {entry.stream.partition(":")[0] for entry in page.entries}
        assert streams == {"artist", "project"}, "others are in the ledger, and not on the page"
    assert (
        queries.entries_for(streams=["label"]).exists()
        or queries.entries_for()
        .exclude(stream__startswith="artist:")
        .exclude(stream__startswith="project:")
        .exists()
    )


def test_owner_and_rights_read_everything(cast: Cast) -> None:
    for user in (cast.owner, cast.rights):
        assert "anything:at-all" in readable(user)
        assert len(page_of(readable(user)).entries) == queries.entries_for().count()


def test_an_artist_reads_their_own_streams_alone(cast: Cast) -> None:
    own = services.create_project(title="Low Tide", artist=cast.artist, actor=cast.mara)
    other = services.create_project(title="High Tide", artist=cast.other_artist, actor=cast.stranger)
    allowed = readable(cast.mara)
    assert own.stream in allowed
    assert other.stream not in allowed
    seen = {entry.stream for entry in page_of(allowed).entries}
    assert seen == {own.stream, f"artist:{cast.artist.pk}"}


def test_somebody_who_may_read_nothing_gets_an_empty_page(cast: Cast) -> None:
    assert page_of(readable(cast.collaborator)).entries == ()


def test_a_page_of_the_ledger_asks_the_vault_once(cast: Cast, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for number in range(8):
        project = services.create_project(title=f"Song {number}", artist=cast.artist, actor=cast.mara)
        services.save_brief(project, values=services.BriefValues(purpose="Opening"), actor=cast.mara)
    with django_assert_max_num_queries(4):
        found = lines(page_of(readable(cast.owner)).entries)
    assert len(found) > 16
