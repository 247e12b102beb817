"""A revocation reaches what was made, whatever it went through; sampling, likenesses and places at the gates."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from typing import Any

import pytest

from artists.services import consents, training
from generation import services as studio
from generation.models import Upload
from generation.services import model_origins
from release import services
from release.consent_effects import effects_of
from release.gates import gates
from release.training import training_answers, update_due
from tests.label.conftest import as_
from tests.release.conftest import House, tone
from tests.release.test_datasets import OURS, agree, begin, exported, offer_ours, put
from tests.support import run_jobs

pytestmark = pytest.mark.django_db


def codes(release: Any) -> list[str]:
    return [gate.code for gate in gates(release)]


def test_a_revocation_reaches_datasets_exports_models_and_what_they_made(house: House) -> None:
    offer_ours()
    consent = agree(house, after="stays")
    dataset = begin(house)
    member = put(house, dataset, house.master(parts=("voice",)))
    version = exported(house, dataset)
    model_origins.state_origin(
        engine="audiocraft", name=OURS, basis="dataset", version=version, actor=house.cast.rights
    )
    made = house.master(parts=("voice", "model_take"))
    release = house.release(house.recording(made))
    assert "consent_missing" not in codes(release)

    def told(**when: Any) -> Any:
        return effects_of(consent, **when)

    now, then = told(), told(revoked_on=dt.date(2026, 12, 24))
    for effects in (now, then):
        assert [row.pk for row in effects.members] == [member.pk]
        assert [one.version.pk for one in effects.versions] == [version.pk]
        assert [row.name for row in effects.models] == [OURS]
        assert [row.pk for row in effects.masters] == [made.pk]
    assert (now.over, [one.fate for one in now.releases]) == (False, ["free"])
    assert (then.over, [one.fate for one in then.releases]) == (True, ["not_out"])
    assert "trains nothing new" in then.versions[0].sentence

    client = as_(house.cast.mara)
    page = client.get(f"/consents/{consent.pk}/effects/?revoked_on=2026-12-24").content.decode()
    assert "Nothing is made with it" in page
    assert "must not go out" in page
    assert client.get(f"/consents/{consent.pk}/revoke/").status_code == 200
    api = client.get(f"/api/consent-effects/{consent.pk}/?revoked_on=2026-12-24").json()
    assert (api["models"], api["releases"][0]["fate"]) == ([OURS], "not_out")
    consents.revoke_consent(consent, actor=house.cast.mara)
    assert "consent_missing" in codes(release)
    agree(house)  # agreed anew: it may go out
    assert "consent_missing" not in codes(release)


def test_somebody_elses_recording_is_sold_under_a_licence_or_their_consent_and_where_that_covers(
    house: House,
) -> None:
    master = house.master(parts=("voice", "borrowed"))
    house.declare(master)
    release = house.release(house.recording(master))
    [gate] = [gate for gate in gates(release) if gate.code == "licence_forbids_sale"]
    assert "no consent for sampling" in gate.sentence
    upload = Upload.objects.get(declared="third_party")
    assert gate.cure_url == f"/uploads/{upload.pk}/"
    theirs = agree(house, "sampling", how="document", whose="other", territories=["DE"])
    client = as_(house.cast.mara)
    assert client.post(f"/uploads/{upload.pk}/agreements/", {"consent": theirs.pk}).status_code == 302
    assert "licence_forbids_sale" not in codes(release)
    assert ["for DE only" in gate.sentence for gate in gates(release) if gate.code == "consent_missing"] == [
        True
    ]
    services.change_release(release, territories=["DE"], actor=house.cast.release)
    release.refresh_from_db()
    assert "consent_missing" not in codes(release)
    consents.revoke_consent(theirs, actor=house.cast.rights)
    assert {"licence_forbids_sale", "consent_missing"} <= set(codes(release))


@pytest.mark.parametrize(
    ("terms", "holds"),
    [
        ({}, True),
        ({"engines": ["musicgen"]}, True),
        ({"engines": ["stable-audio-open"]}, False),
        ({"projects": ["5f3c6a3e-0000-4000-8000-000000000000"]}, None),
        ({"ends_on": dt.date(2026, 2, 1)}, None),
    ],
)
def test_somebody_elses_recording_is_given_to_a_model_under_a_consent_that_covers_it(
    house: House, terms: dict[str, Any], holds: bool | None
) -> None:
    project = studio.create_project(title="Given", artist=house.cast.artist, actor=house.cast.mara)
    upload = studio.import_upload(
        project, file=io.BytesIO(tone(333.0)), filename="a.wav", name="Loop", role="drums", declared="third_party",
        licence="Heard on the radio", may_be_sold=False, actor=house.cast.mara,
    )  # fmt: skip
    from generation.services import permits
    from generation.services.givens import Resolved, thing_of

    thing = thing_of(f"upload:{upload.pk}", project, user=house.cast.mara)
    given = [Resolved(role="style", thing=thing, kind="audio", from_ms=None, to_ms=None)]

    def allowed() -> Any:
        return permits.check_licences(
            given, permits.foreign_inside(project, given), tools=("audiocraft", "musicgen")
        )

    with pytest.raises(studio.BadValue, match="somebody else's"):
        allowed()
    theirs = agree(house, "sampling", how="document", whose="other", **terms)
    if holds is None:  # it cannot even be said to stand on that
        with pytest.raises((studio.BadValue, consents.ConsentMissing)):
            studio.rest_upload(upload, consent=theirs, actor=house.cast.mara)
        return
    studio.rest_upload(upload, consent=theirs, actor=house.cast.mara)
    if holds:
        assert allowed() == (theirs,)
    else:
        with pytest.raises(studio.BadValue):
            allowed()


def test_another_artists_recording_called_ones_own_closes_the_gate_until_they_agree(house: House) -> None:
    other, stranger = house.cast.other_artist, house.cast.stranger
    theirs = studio.create_project(title="Far", artist=other, actor=stranger)
    # The very bytes that the voice of the next song will have.
    studio.import_upload(
        theirs, file=io.BytesIO(tone(110.0 * 2)), filename="a.wav", name="Far", role="lead_vocal",
        declared="own_performance", actor=stranger,
    )  # fmt: skip
    release = house.release(house.recording(house.master(parts=("voice",))))
    [gate] = [gate for gate in gates(release) if gate.code == "sampling_missing"]
    assert "Far Side Choir" in gate.sentence
    agree(house, "sampling", artist=other)
    assert "sampling_missing" not in codes(release)


def test_a_likeness_that_a_model_made_is_on_no_cover_without_a_consent_for_those_places(house: House) -> None:
    release = house.ready(parts=("voice",))

    def cover(**values: Any) -> Any:
        return services.upload_artwork(
            release, file=io.BytesIO(house.cover), filename="cover.jpg", actor=house.cast.release, **values
        )

    assert not cover(origin="human", likeness=True).likeness  # a photograph is no replica
    with pytest.raises(consents.ConsentMissing, match="replica of a likeness"):
        cover(origin="trained_model", likeness=True)
    answer = as_(house.cast.release).post(
        f"/releases/{release.pk}/artwork/",
        {"file": io.BytesIO(house.cover), "origin": "trained_model", "likeness": "on"},
    )
    assert (answer.status_code, b"replica of a likeness" in answer.content) == (422, True)
    agree(house, "likeness", territories=["DE"])
    with pytest.raises(consents.ConsentMissing):
        cover(origin="trained_model", likeness=True)  # the release goes everywhere
    consent = agree(house, "likeness")
    assert cover(origin="trained_model", likeness=True).likeness
    assert "consent_missing" not in codes(release)
    assert [one.release.pk for one in effects_of(consent).releases] == [release.pk]
    consents.revoke_consent(consent, actor=house.cast.mara)
    assert "consent_missing" in codes(release)


def test_the_strictest_artist_on_a_release_answers_and_a_change_is_due_to_receivers(house: House) -> None:
    artist, other = house.cast.artist, house.cast.other_artist
    allowed = dict.fromkeys(training.TRAINING_USES, "allowed")
    training.choose_training(artist, answers=allowed, actor=house.cast.mara)
    release = house.ready(parts=("voice",))
    assert training_answers(release).answers == allowed
    house.approve(release)
    services.request_package(release, actor=house.cast.release)
    run_jobs()
    assert release.packages.get().asset is not None
    assert update_due(release) == ""

    # The artist answers otherwise: what went out says something else.
    training.choose_training(artist, answers=allowed | {"ai_training": "notAllowed"}, actor=house.cast.mara)
    assert "The deals have to deny training" in update_due(release)
    page = as_(house.cast.release).get(f"/releases/{release.pk}/").content.decode()
    assert "An update is due." in page
    training.choose_training(artist, answers=allowed, actor=house.cast.mara)
    assert update_due(release) == ""

    # A guest's track: for each use the strictest of both counts, and who did not answer needs an agreement.
    guests = House(
        dataclasses.replace(house.cast, artist=other, mara=house.cast.stranger),
        house.imprint,
        house.cover,
        songs=7,
    )
    track = guests.recording(guests.master(parts=("voice",)), credit=False)
    assert track.artist == other
    services.add_track(release, recording=track, actor=house.cast.release)
    assert set(training_answers(release).answers.values()) == {"constrained"}
    answers = allowed | {"data_mining": "notAllowed", "ai_training": "constrained"}
    training.choose_training(other, answers=answers, actor=house.cast.stranger)
    assert training_answers(release).answers == answers
    assert not training_answers(release).denies
