"""Gates: each closes with a reason and the way to the cure, and opens when it is cured."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import resolve

from artists import services as people
from artists.errors import NothingToSign
from generation import services as studio
from label.demo.signers import Signers
from provenance.models import Entry
from release import services
from release.errors import GatesClosed
from release.gates import gates, lead_days
from release.models import Contribution, Recording, Release

pytestmark = pytest.mark.django_db


def blocks(release: Release) -> list[str]:
    return [gate.code for gate in gates(release) if gate.level == "block"]


def sentence(release: Release, code: str) -> str:
    return next(f"{gate.sentence} {gate.why}" for gate in gates(release) if gate.code == code)


def test_a_release_in_order_waits_only_for_its_approval_and_then_for_nothing(house):
    release = house.ready()
    assert blocks(release) == ["not_approved"]
    assert "Rights or the owner" in sentence(release, "not_approved")
    house.approve(release)
    assert blocks(release) == []
    release.refresh_from_db()
    assert release.state == "approved"


def test_every_closed_gate_says_why_and_leads_to_a_page_that_exists(house):
    master = house.master(parts=("voice", "model_take"), elements=["melody"])
    house.declare(master, approve=False, melody="trained_model")
    release = house.release(house.recording(master, credit=False), cover=None, genre="")
    found = [gate for gate in gates(release) if gate.level == "block"]
    assert {gate.code for gate in found} == {
        "missing_metadata",
        "no_artwork",
        "unknown_origin",
        "statement_against_evidence",
        "not_declared",
        "licence_forbids_sale",
        "shares",
    }
    for gate in found:
        assert gate.sentence.endswith(".")
        assert resolve(gate.cure_url).view_name == gate.cure


def test_an_unknown_origin_is_named_until_rights_settles_it(house):
    master = house.master(parts=("voice", "sketch"), elements=["melody"])
    declaration = house.declare(master, lyrics="human")
    release = house.release(house.recording(master))
    assert set(blocks(release)) == {"unknown_origin", "statement_against_evidence"}
    assert "nobody knows who or what made the lyrics" in sentence(release, "unknown_origin")
    services.resolve(
        declaration, element="lyrics", origin="human", reason="The notebook is here.", actor=house.cast.rights
    )
    assert blocks(release) == ["not_approved"]


def test_a_musicgen_take_in_the_lineage_forbids_sale_with_its_source(house):
    release = house.ready(parts=("voice", "model_take"))
    assert blocks(release) == ["licence_forbids_sale"]
    said = sentence(release, "licence_forbids_sale")
    assert "MusicGen" in said
    assert "CC-BY-NC-4.0" in said
    assert "forbid commercial use and release in stores" in said
    assert "take 1" in said.lower()
    assert "Source: " in said


def test_the_same_song_with_a_sketch_in_its_place_may_be_sold(house):
    assert blocks(house.ready(parts=("voice", "sketch"))) == ["not_approved"]


def test_terms_that_do_not_say_block_as_well(house):
    release = house.ready(parts=("voice", "choir"), tool="producer-ai")
    assert blocks(release) == ["licence_forbids_sale"]
    assert "do not say whether they allow" in sentence(release, "licence_forbids_sale")


def test_later_terms_do_not_free_what_was_made_under_the_old_ones(house):
    release = house.ready(parts=("voice", "model_take"))
    terms = studio.terms_in_force("musicgen")
    studio.record_terms(
        terms.tool,
        values=studio.TermsValues(
            licence="Invented: now everything is allowed", commercial="yes", store_release="yes", source="invented",
            source_date=dt.date(2026, 11, 20), certainty="confirmed",
        ),
        actor=house.cast.rights,
    )  # fmt: skip
    assert blocks(release) == ["licence_forbids_sale"]


@pytest.mark.parametrize(
    ("part", "expected"), [("licensed", ["not_approved"]), ("borrowed", ["licence_forbids_sale"])]
)
def test_third_party_material_needs_a_licence_that_covers_selling(house, part, expected):
    assert blocks(house.ready(parts=("voice", part))) == expected


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"genre": ""}, "The genre is missing."),
        ({"release_date": None}, "The release date is missing."),
        ({"p_line_owner": ""}, "The P line is not complete."),
        ({"c_line_year": None}, "The C line is not complete."),
    ],
)
def test_missing_data_closes_its_gate(house, changes, says):
    release = services.change_release(house.ready(), actor=house.cast.release, **changes)
    assert blocks(release) == ["missing_metadata"]
    assert says in sentence(release, "missing_metadata")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"original_date": dt.date(2027, 2, 1)}, "original date is after"),
        ({"p_line_year": 1066}, "1066 cannot be right"),
    ],
)
def test_data_that_cannot_be_right_closes_its_gate(house, changes, says):
    release = services.change_release(house.ready(), actor=house.cast.release, **changes)
    assert blocks(release) == ["invalid_metadata"]
    assert says in sentence(release, "invalid_metadata")


def test_an_imprint_without_a_party_id_sends_no_message(house):
    bare = services.create_imprint(
        name="No Id (fictional)", p_line_owner="X", c_line_owner="X", isrc_prefix="QZABC", gtin_prefix="5901234",
        catalogue_prefix="NOI", actor=house.cast.owner,
    )  # fmt: skip
    master = house.master(parts=("voice",))
    house.declare(master)
    house.imprint = bare
    release = house.release(house.recording(master))
    assert blocks(release) == ["missing_metadata"]
    assert "no DDEX party id" in sentence(release, "missing_metadata")


def test_a_release_without_tracks_or_cover_says_so(house):
    release = house.release(cover=None)
    assert set(blocks(release)) == {"no_tracks", "no_artwork"}
    with pytest.raises(GatesClosed, match="Clear the gates first"):
        house.approve(release)


def test_a_statement_against_the_evidence_blocks_until_it_is_declared_anew(house):
    master = house.master(parts=("voice", "choir"))
    house.declare(master, **{"performance:pads": "human"})
    release = house.release(house.recording(master))
    assert blocks(release) == ["statement_against_evidence"]
    house.declare(master, **{"performance:pads": "trained_model"})
    assert blocks(release) == ["not_approved"]


@pytest.mark.parametrize("draft", [True, False])
def test_without_the_artists_approval_nothing_goes_out(house, draft):
    master = house.master(parts=("voice",))
    if draft:
        house.declare(master, approve=False)
    release = house.release(house.recording(master))
    assert blocks(release) == ["not_declared"]
    expected = "is a draft" if draft else "has not declared"
    assert expected in sentence(release, "not_declared")


def test_shares_of_99_that_slipped_in_some_other_way_close_the_gate(house):
    release = house.ready()
    recording = Recording.objects.get()
    row = recording.contributions.get(role="composer", active=True)
    Contribution.objects.create(
        recording=recording, scope="work", person=row.person, role="arranger", share_bp=1, entry=row.entry
    )
    assert blocks(release) == ["shares"]
    assert "total 100.01 %" in sentence(release, "shares")


def test_a_credit_for_what_a_model_made_alone_is_against_the_evidence(house):
    release = house.ready(parts=("voice", "choir"))
    recording = Recording.objects.get()
    rows = [services.ContributionRow(person=house.writer, role="composer", share_bp=10_000)]
    rows.append(services.ContributionRow(person=house.writer, role="performer:pads"))
    services.set_contributions(recording, rows=rows, actor=house.cast.release)
    assert blocks(release) == ["statement_against_evidence"]
    assert "which the ledger says a model made alone" in sentence(release, "statement_against_evidence")


def test_a_person_who_is_not_credited_is_worth_a_warning_not_a_block(house):
    release = house.ready()
    warnings = [gate for gate in gates(release) if gate.level == "warn"]
    assert [gate.code for gate in warnings] == ["credit_missing"]
    assert "production and mix" in warnings[0].sentence


@pytest.mark.parametrize(
    "change", ["data", "track", "cover", "credits", "declaration", "title of a recording"]
)
def test_an_approval_lapses_with_any_later_change(house, change):
    release = house.ready()
    house.approve(release)
    assert blocks(release) == []
    recording = Recording.objects.get()
    match change:
        case "data":
            services.change_release(release, actor=house.cast.release, genre="Drone")
        case "track":
            other = house.master(parts=("voice",))
            house.declare(other)
            services.add_track(release, recording=house.recording(other), actor=house.cast.release)
        case "cover":
            house.release_cover(release, origin="trained_model")
        case "credits":
            row = services.ContributionRow(person=house.writer, role="composer", share_bp=10_000)
            services.set_contributions(recording, rows=[row], actor=house.cast.release)
        case "declaration":
            house.declare(recording.master, melody="human")
        case _:
            services.change_recording(recording, actor=house.cast.release, title="Slower Harbour")
    release.refresh_from_db()
    assert blocks(release) == ["not_approved"]
    assert "changed since" in sentence(release, "not_approved")
    assert release.state == "draft"
    assert Entry.objects.filter(kind="release.state_changed", stream=release.stream).count() == 2
    with pytest.raises(GatesClosed, match="Nobody approved"):
        services.request_package(release, actor=house.cast.release)


def test_only_rights_and_the_owner_approve(house):
    release = house.ready()
    for user in (house.cast.release, house.cast.anr, house.cast.mara):
        with pytest.raises(Exception, match="approved by rights or by the owner"):
            services.approve_release(release, actor=user)
    services.approve_release(release, actor=house.cast.owner)


def test_days_to_go_are_counted_from_today(house):
    release = house.release(cover=None, release_date=dt.date(2027, 1, 15))
    assert lead_days(release, today=dt.date(2027, 1, 10)) == 5
    assert lead_days(release, today=dt.date(2027, 1, 16)) == -1


def codes(release):
    return blocks(Release.objects.get(pk=release.pk))


def test_a_declaration_counts_once_its_own_person_signed_it(house):
    master = house.master(parts=("voice",))
    house.declare(master, sign=False)
    release = house.release(house.recording(master))
    (closed,) = [gate for gate in gates(release) if gate.level == "block"]
    assert (closed.code, closed.cure_url) == ("declaration_unsigned", f"/masters/{master.pk}/declaration/")
    with pytest.raises(GatesClosed, match="not signed by who made it"):
        services.approve_release(release, actor=house.cast.rights)
    with pytest.raises(NothingToSign):  # it is not theirs to sign
        house.signers.sign(house.cast.rights, master.project.stream, purpose="declaration")
    house.signers.sign(house.cast.mara, master.project.stream)  # "sign this session" covers it
    assert codes(release) == ["not_approved"]
    house.declare(master, sign=False)  # a new declaration wants a new signature
    assert codes(release) == ["declaration_unsigned"]


def test_every_standing_approval_is_signed_by_who_gave_it(house):
    release = house.ready(parts=("voice",))
    services.approve_release(release, actor=house.cast.rights)
    (closed,) = [gate for gate in gates(release) if gate.level == "block"]
    assert (closed.code, closed.cure_url) == ("approval_unsigned", f"/sign/approval/{release.stream}/")
    assert "Ria Echter" in closed.sentence
    with pytest.raises(GatesClosed):
        services.request_package(release, actor=house.cast.release)
    house.signers.sign(house.cast.rights, release.stream, purpose="approval")
    assert codes(release) == []
    services.approve_release(release, actor=house.cast.owner)
    assert codes(release) == ["approval_unsigned"], "each approval, not only one"
    Signers(second_owner(house)).sign(house.cast.owner, release.stream, purpose="approval")
    assert codes(release) == []
    services.change_release(release, genre="Drone", actor=house.cast.release)
    assert codes(release) == ["not_approved"]


def test_an_unsigned_approval_of_a_closed_account_keeps_nothing_shut_and_opens_nothing(house):
    release = house.ready(parts=("voice",))
    services.approve_release(release, actor=house.cast.rights)
    people.deactivate_user(house.cast.rights, actor=house.cast.owner)
    assert codes(release) == ["approval_unsigned"]
    owner = second_owner(house)
    services.approve_release(release, actor=owner)
    house.signers.sign(owner, release.stream, purpose="approval")
    assert codes(release) == []


def second_owner(house):
    return people.create_user(
        email="second@label.invalid", full_name="Olga Zweit (fictional)", password="a-Fictional-Passphrase-8",
        role="owner",
    )  # fmt: skip
