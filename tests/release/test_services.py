"""Imprints, recordings, credits, releases, tracks and covers: what is kept, and what is refused with what to do."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from PIL import Image

from provenance.errors import UserFault
from provenance.models import Entry
from release import services
from release.artwork import BadArtwork
from release.errors import BadField
from release.identifiers import BadIdentifier
from release.models import Artwork, Contribution, Release, Track, Work
from release.services import ContributionRow

pytestmark = pytest.mark.django_db

IMPRINT = {
    "name": "Deep Cut (fictional)", "p_line_owner": "Deep Cut", "c_line_owner": "Deep Cut", "isrc_prefix": "DE-ABC",
    "gtin_prefix": "590-1234", "catalogue_prefix": "DCT", "dpid": "PADPIDA2007050901U",
}  # fmt: skip


def test_an_imprint_is_kept_without_hyphens_and_with_its_entry(house):
    imprint = services.create_imprint(**IMPRINT, actor=house.cast.owner)
    assert (imprint.isrc_prefix, imprint.gtin_prefix) == ("DEABC", "5901234")
    assert imprint.entry.kind == "imprint.created"
    assert imprint.entry.actor_id == str(house.cast.owner.pk)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "  ", "Write the imprint's name"),
        ("name", "RUNOUT grooves (FICTIONAL)", "of this name already"),
        ("isrc_prefix", "QZ", "five characters"),
        ("isrc_prefix", "XYABC", "not a prefix that ISRC agencies give out"),
        ("gtin_prefix", "40x", "company prefix"),
        ("catalogue_prefix", "dw x", "two to eight capital letters"),
        ("dpid", "PADPIDA2007050901X", "wrong check digit"),
    ],
)
def test_an_imprint_that_cannot_be_is_refused_and_nothing_is_written(house, field, value, says):
    before = Entry.objects.count()
    with pytest.raises(UserFault, match=says):
        services.create_imprint(**IMPRINT | {field: value}, actor=house.cast.owner)
    assert Entry.objects.count() == before


def test_a_master_becomes_a_recording_of_a_new_work(house):
    master = house.master(parts=("voice",))
    recording = services.create_recording(
        master, imprint=house.imprint, title=" Slow Harbour ", iswc="T-034.524.680-1", language="en",
        actor=house.cast.release,
    )  # fmt: skip
    assert (recording.title, recording.isrc) == ("Slow Harbour", "QZDWX2600001")
    assert (recording.work.title, recording.work.iswc) == ("Slow Harbour", "T0345246801")
    with pytest.raises(BadField, match="a recording already"):
        services.create_recording(master, imprint=house.imprint, title="Again", actor=house.cast.release)


def test_a_wrong_iswc_gives_out_no_number(house):
    master = house.master(parts=("voice",))
    with pytest.raises(BadIdentifier, match="asks for 1"):
        services.create_recording(
            master, imprint=house.imprint, title="X", iswc="T-034.524.680-2", actor=house.cast.release
        )
    assert not Work.objects.exists()
    assert house.recording(master).isrc == "QZDWX2600001"


def test_a_recording_keeps_its_isrc_whatever_else_changes(house):
    recording = house.recording(house.master(parts=("voice",)))
    changed = services.change_recording(
        recording, title="Slow Harbour II", explicit=True, actor=house.cast.release
    )
    assert (changed.title, changed.explicit, changed.isrc) == ("Slow Harbour II", True, recording.isrc)
    with pytest.raises(BadField, match="cannot be changed: isrc"):
        services.change_recording(recording, isrc="QZDWX2699999", actor=house.cast.release)
    before = Entry.objects.count()
    services.change_recording(changed, title="Slow Harbour II", actor=house.cast.release)
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    ("shares", "says"),
    [
        ((9900,), r"total 99 %; they must total 100 %\. 1 % is missing"),
        ((5000, 5001), r"total 100\.01 %; .* 0\.01 % is too much"),
        ((0,), r"total 0 %"),
        ((10_001,), "between 0 and 100"),
    ],
)
def test_shares_that_do_not_total_100_are_refused_with_what_is_missing(house, shares, says):
    recording = house.recording(house.master(parts=("voice",)))
    roles = ("composer", "lyricist")
    rows = [
        ContributionRow(person=house.writer, role=role, share_bp=share)
        for role, share in zip(roles, shares, strict=False)
    ]
    with pytest.raises(BadField, match=says):
        services.set_contributions(recording, rows=rows, actor=house.cast.release)
    assert sum(row.share_bp for row in recording.contributions.filter(active=True)) == 10_000


def test_credits_replace_each_other_and_the_old_ones_stay_on_record(house):
    recording = house.recording(house.master(parts=("voice",)))
    old = recording.contributions.filter(active=True).count()
    row = ContributionRow(person=house.writer, role="composer", share_bp=10_000)
    services.set_contributions(recording, rows=[row], actor=house.cast.rights)
    assert [row.role for row in recording.contributions.filter(active=True)] == ["composer"]
    assert Contribution.objects.filter(recording=recording).count() == old + 1


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "at least one contributor"),
        ([("composer", 5000), ("composer", 5000)], "there twice as Composer"),
        ([("hypeman", 10_000)], "not a role that can be credited"),
        ([("composer", 10_000), ("producer", 5000)], "shares of the recording total 50 %"),
    ],
)
def test_credits_that_make_no_sense_are_refused(house, rows, says):
    recording = house.recording(house.master(parts=("voice",)))
    given = [ContributionRow(person=house.writer, role=role, share_bp=share) for role, share in rows]
    with pytest.raises(BadField, match=says):
        services.set_contributions(recording, rows=given, actor=house.cast.release)


def test_a_release_gets_its_numbers_and_lines_from_its_imprint(house):
    release = services.create_release(
        imprint=house.imprint,
        artist=house.cast.artist,
        title="Dead Wax",
        kind="Album",
        actor=house.cast.release,
    )
    assert (release.gtin, release.catalogue_number) == ("4012345000016", "DWX-001")
    assert (release.p_line_owner, release.territories, release.state) == (
        "Runout Grooves (fictional)",
        ["Worldwide"],
        "draft",
    )


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"gtin": "4012345000017"}, "it is 4012345000016"),
        ({"gtin": "12"}, "12 digits"),
        ({"title": " "}, "Write the title"),
        ({"kind": "Mixtape"}, "Choose one of"),
        ({"territories": []}, "at least one territory"),
        ({"territories": ["de"]}, "two capital letters"),
        ({"territories": ["Worldwide", "DE"]}, "Worldwide alone"),
        ({"state": "packaged"}, "cannot be changed: state"),
    ],
)
def test_release_data_that_cannot_be_is_refused(house, values, says):
    release = house.release(cover=None)
    with pytest.raises(UserFault, match=says):
        services.change_release(release, actor=house.cast.release, **values)


def test_two_releases_never_share_a_barcode(house):
    first, second = house.release(cover=None), house.release(cover=None, title="Other")
    with pytest.raises(BadField, match="has this barcode already"):
        services.change_release(second, actor=house.cast.release, gtin=first.gtin)


def test_tracks_are_added_moved_and_taken_off_without_gaps(house):
    recordings = [house.recording(house.master(parts=("voice",)), title=f"Song {n}") for n in range(3)]
    release = house.release(*recordings, cover=None)
    tracks = list(release.tracks.filter(active=True).order_by("number"))
    with pytest.raises(BadField, match="on this release already"):
        services.add_track(release, recording=recordings[0], actor=house.cast.release)
    services.move_track(tracks[2], number=1, actor=house.cast.release)
    assert _titles(release) == ["Song 2", "Song 0", "Song 1"]
    with pytest.raises(BadField, match="from 1 to 3"):
        services.move_track(tracks[2], number=4, actor=house.cast.release)
    services.remove_track(Track.objects.get(pk=tracks[0].pk), actor=house.cast.release)
    assert _titles(release) == ["Song 2", "Song 1"]
    assert Track.objects.filter(release=release).count() == 3


def _titles(release: Release) -> list[str]:
    tracks = release.tracks.filter(active=True).order_by("number")
    assert [track.number for track in tracks] == list(range(1, len(tracks) + 1))
    return [track.recording.title for track in tracks]


def test_a_track_that_was_taken_off_cannot_be_taken_off_or_moved_again(house):
    release = house.release(house.recording(house.master(parts=("voice",))), cover=None)
    track = release.tracks.get()
    services.remove_track(track, actor=house.cast.release)
    stale = Track.objects.get(pk=track.pk)
    with pytest.raises(BadField, match="not on the release any more"):
        services.remove_track(stale, actor=house.cast.release)
    with pytest.raises(BadField, match="not on the release any more"):
        services.move_track(stale, number=1, actor=house.cast.release)


def _picture(size: tuple[int, int] = (3000, 3000), *, mode: str = "RGB", kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, format=kind)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "origin", "error", "says"),
    [
        (b"", "c.jpg", "human", BadArtwork, "empty"),
        (b"just words", "c.jpg", "human", BadArtwork, "no picture"),
        (_picture((2999, 2999)), "c.jpg", "human", BadArtwork, "3000 x 3000 are needed"),
        (_picture((3000, 3001)), "c.jpg", "human", BadArtwork, "must be square"),
        (_picture(mode="CMYK"), "c.jpg", "human", BadArtwork, "Convert it to RGB"),
        (_picture()[:9000], "c.jpg", "human", BadArtwork, "damaged"),
        (_picture(kind="PNG"), "c.jpg", "human", BadArtwork, "named .jpg and is a PNG"),
        (_picture(), "c.jpg", "unknown", BadField, "Say who or what made the cover"),
    ],
)
def test_a_cover_that_receivers_bounce_is_refused_and_not_kept(house, data, name, origin, error, says):
    release = house.release(cover=None)
    before = Entry.objects.count()
    with pytest.raises(error, match=says):
        services.upload_artwork(
            release, file=io.BytesIO(data), filename=name, origin=origin, actor=house.cast.release
        )
    assert not Artwork.objects.exists()
    assert Entry.objects.count() == before


def test_the_newest_cover_counts_and_says_who_made_it(house):
    release = house.release(cover="trained_model")
    services.upload_artwork(
        release, file=io.BytesIO(_picture()), filename="new.jpg", origin="human", actor=house.cast.release
    )
    cover = services.cover_of(release)
    assert (cover.origin, cover.width_px) == ("human", 3000)
    assert Artwork.objects.filter(release=release).count() == 2


def test_a_withdrawn_release_stays_as_it_is(house):
    release = house.release(house.recording(house.master(parts=("voice",))))
    services.withdraw_release(release, actor=house.cast.release)
    release.refresh_from_db()
    assert release.state == "withdrawn"
    with pytest.raises(UserFault, match="withdrawn"):
        services.change_release(release, genre="Drone", actor=house.cast.release)
    with pytest.raises(UserFault, match="withdrawn"):
        house.approve(release)
    with pytest.raises(UserFault, match="withdrawn"):
        services.remove_track(release.tracks.get(), actor=house.cast.release)


def test_a_release_is_due_when_its_date_came_without_a_package(house):
    release = house.release(cover=None, release_date=dt.date(2026, 1, 1))
    assert services.is_due(release, today=dt.date(2026, 1, 1))
    assert not services.is_due(release, today=dt.date(2025, 12, 31))
