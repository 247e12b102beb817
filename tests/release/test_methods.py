"""Methods that are verified: each rule against lineage and sound, with real renders and real masters."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from artists.services import consents, training
from artists.services.methods import method_in_force, write_method
from generation import services as studio
from generation.audio.measured import alarms
from generation.models import MethodCheck, Upload
from generation.services import making
from provenance import audiofile
from provenance.models import Job
from release.evidence import evidence_for
from release.gates import gates
from release.how_made import account, address_of
from release.packaging import methods
from release.packaging.facts import TrackFacts
from tests.generation.tunes import RATE_HZ, mixed, tune, wav
from tests.label.conftest import as_
from tests.release.conftest import House, _made
from tests.support import run_jobs

pytestmark = pytest.mark.django_db

NO_SCAFFOLD = {"material": {"scaffold": "never"}, "human": ["melody", "performance:lead_vocal"]}
SCAFFOLD, VOICE = tune(1), tune(2)
SECONDS = 14.0


def sound(data: bytes, *, printed: bool = False) -> Any:
    made = _made(data, role="full_mix")
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.write(data)
        file.flush()
        known = (audiofile.fingerprint(file.name) or "") if printed else ""
    return making.MadeAudio(
        **{
            **vars(made),
            "probe": {**made.probe, "samples": 617_400, "duration_ms": 14_000},
            "fingerprint": known,
        }
    )


def make_take(
    house: House, project: Any, *, material: str, audio: Any = SCAFFOLD, printed: bool = False
) -> Any:
    from django.db import transaction

    run = studio.request_run(
        project, brief=None, engine="sketch", duration_s=8, variations=1, prompt="slow, warm", material=material,
        actor=house.cast.mara,
    )  # fmt: skip
    Job.objects.filter(pk=run.job_id).update(state=Job.State.DONE)
    with transaction.atomic():
        take = making.add_take(
            making.run_to_make(str(run.pk)),
            making.MadeTake(
                number=1,
                seed=run.seeds[0],
                mix=sound(wav(audio), printed=printed),
                facts={"engine": "sketch"},
            ),
        )
    return studio.shortlist_take(take, reason="To write against.", actor=house.cast.mara)


def voice(house: House, project: Any, audio: Any) -> Upload:
    return studio.import_upload(
        project, file=io.BytesIO(wav(audio)), filename="voice.wav", name="Voice", role="lead_vocal",
        declared="own_performance", actor=house.cast.mara,
    )  # fmt: skip


def master_of(house: House, project: Any, clips: list[tuple[Any, ...]]) -> Any:
    """Clips: role, asset, length; and where they begin, in the asset and on the timeline."""
    arrangement = studio.create_arrangement(project, title="First", actor=house.cast.mara)
    tracks = [
        {"id": f"t{n}", "name": role, "role": role, "gain_millibel": -600, "pan_percent": 0, "mute": False,
         "clips": [{"id": f"c{n}", "asset": sha256, "name": role, "start_samples": start, "offset_samples": offset,
                    "length_samples": length, "gain_millibel": 0, "fade_in_samples": 0, "fade_out_samples": 0,
                    "mute": False}]}
        for n, (role, sha256, length, offset, start) in enumerate(((*clip, 0, 0)[:5] for clip in clips), 1)
    ]  # fmt: skip
    version = studio.save_version(
        arrangement,
        document={"v": 1, "sample_rate_hz": 44_100, "tempo_milli_bpm": 92_000, "metre": "4/4", "tracks": tracks},
        base_version=1, actor=house.cast.mara,
    )  # fmt: skip
    render = studio.request_render(version, actor=house.cast.mara)
    run_jobs()
    render.refresh_from_db()
    master = studio.request_master(render, actor=house.cast.mara)
    run_jobs()
    master.refresh_from_db()
    return master


def verdicts(master: Any) -> dict[str, str]:
    check = studio.newest_check(master)
    assert check is not None
    return {one["rule"]: one["verdict"] for one in check.outcomes}


@pytest.fixture
def project(house: House) -> Any:
    write_method(
        house.cast.artist, statement="The scaffold must be gone.", rules=NO_SCAFFOLD, actor=house.cast.mara
    )
    return studio.create_project(title="Gone", artist=house.cast.artist, actor=house.cast.mara)


WHOLE = round(SECONDS * 44_100)


def test_a_scaffold_that_is_gone_is_confirmed_by_lineage_and_sound_and_can_be_published(house, project):
    take = make_take(house, project, material="scaffold")
    lead = voice(house, project, VOICE)
    master = master_of(house, project, [("lead_vocal", lead.asset.sha256, WHOLE)])
    assert set(verdicts(master).values()) == {"confirmed"}
    check = studio.newest_check(master)
    assert check.comparisons == 2  # the take against the master and against the voice
    # An address by chance; without an account; nothing of what was sealed but the statement.
    page = as_(house.cast.mara).post(f"/masters/{master.pk}/made/", {"slug": ""})
    assert page.status_code == 302
    slug = master.published.get().slug
    assert len(slug) > 20
    text = as_(None).get(f"/made/{slug}/").content.decode()
    assert "The scaffold must be gone." in text
    assert f"of {alarms().pairs}" in text
    assert "Mixed into this very master on purpose" in text
    assert "<svg" in text
    assert str(take.pk) not in text
    # The same goes into a package and a dossier, for as long as it is public.
    house.declare(master)
    recording = house.recording(master)
    track = TrackFacts(
        number=1, recording=recording, master=master, evidence=evidence_for(master), credits=(), tools=()
    )
    file = (methods.page(track) or b"").decode()
    record = methods.method_record(track)
    assert record is not None
    assert "The scaffold must be gone." in file
    assert (record.statement, record.published_at) == (
        "The scaffold must be gone.",
        address_of(master.published.get()),
    )
    assert {rule.verdict for rule in record.rules} == {"confirmed"}
    hostile = replace(account(check), title="<img src=x>", statement="<script>alert(1)</script>")
    for template in ("release/account.html", "release/how_made_file.html"):
        words = render_to_string(template, {"account": hostile, "address": ""})
        assert "<script>" not in words
        assert "<img" not in words
    as_(house.cast.mara).post(f"/masters/{master.pk}/made/", {"action": "withdraw"})
    assert as_(None).get(f"/made/{slug}/").status_code == 404
    assert methods.page(track) is None
    sealed = methods.method_record(track)
    assert sealed is not None
    assert (sealed.statement, sealed.published_at) == ("", "")
    # Over the API the same, by the same people.
    mara = as_(house.cast.mara)
    told = mara.post(f"/api/how-made/{master.pk}/publish/", {"slug": "gone"}, content_type="application/json")
    assert told.json()["address"].endswith("/made/gone/")
    assert told.json()["lines"][0]["verdict"] == "confirmed"
    assert as_(None).get("/made/gone/").status_code == 200
    assert as_(house.cast.anr).post(f"/api/how-made/{master.pk}/withdraw/").status_code == 403
    assert mara.post(f"/api/how-made/{master.pk}/withdraw/").json()["address"] == ""
    assert as_(None).get("/made/gone/").status_code == 404
    assert as_(house.cast.stranger).post(f"/masters/{master.pk}/made/", {}).status_code == 404


def test_a_scaffold_on_the_timeline_is_refuted_and_closes_the_gate_until_the_method_changes(house, project):
    take = make_take(house, project, material="scaffold")
    lead = voice(house, project, VOICE)
    master = master_of(
        house, project, [("lead_vocal", lead.asset.sha256, WHOLE), ("pads", take.asset.sha256, WHOLE)]
    )
    assert verdicts(master)["material:scaffold"] == "refuted"
    check = studio.newest_check(master)
    assert bytes(take.made_by.leaf_hash).hex() in check.outcomes[0]["entries"]
    house.declare(master)
    release = house.release(house.recording(master))
    refused = [gate for gate in gates(release) if gate.code == "method_refuted"]
    assert any("scaffold" in gate.sentence for gate in refused)
    # The artist allows it from now on, with a reason, and chooses that version for this master.
    newer = write_method(
        house.cast.artist, statement="The scaffold may stay.",
        rules={"material": {"scaffold": "freely"}, "human": ["performance:lead_vocal"]},
        reason="I came to like it.", actor=house.cast.mara,
    )  # fmt: skip
    studio.request_check(master, method=newer, actor=house.cast.mara)
    run_jobs()
    assert verdicts(master) == {"human:performance:lead_vocal": "confirmed"}
    assert not [gate for gate in gates(release) if gate.code.startswith("method")]


def test_a_scaffold_smuggled_in_with_an_own_recording_is_heard(house, project):
    take = make_take(house, project, material="scaffold")
    lead = voice(house, project, mixed(SCAFFOLD, VOICE, -6))
    master = master_of(house, project, [("lead_vocal", lead.asset.sha256, WHOLE)])
    assert verdicts(master)["material:scaffold"] == "refuted"
    assert verdicts(master)["human:performance:lead_vocal"] == "refuted"
    found = studio.newest_check(master).outcomes[0]
    assert "is heard in" in found["because"]
    assert f"of {alarms().pairs}" in found["limits"]  # the false-alarm rate that applies
    assert found["grounds"] == ["sound", "statement"]
    # Both sides can be listened to, at the moment that is meant; the gate leads there.
    house.declare(master)
    release = house.release(house.recording(master))
    gate = next(gate for gate in gates(release) if gate.code == "method_refuted")
    page = as_(house.cast.mara).get(gate.cure_url).content.decode()
    for address in ("master-audio", "take-audio"):
        pk = master.pk if address == "master-audio" else take.pk
        assert reverse(f"generation:{address}", args=[pk]) in page
    assert "data-from-ms" in page


def upload_of(house: House, project: Any, data: bytes) -> Upload:
    return studio.import_upload(
        project, file=io.BytesIO(data), filename="my own voice.wav", name="Voice", role="lead_vocal",
        declared="own_performance", actor=house.cast.mara,
    )  # fmt: skip


def test_a_take_that_was_renamed_and_brought_in_as_an_own_recording_is_caught(house, project):
    take = make_take(house, project, material="scaffold")
    # The very bytes of the take, under another name.
    same = upload_of(house, project, wav(SCAFFOLD))
    assert same.asset == take.asset
    master = master_of(house, project, [("lead_vocal", same.asset.sha256, WHOLE)])
    # It stays the take, whatever it is called now: there is no lead vocal in the master, and no melody of anybody's.
    assert verdicts(master)["material:scaffold"] == "refuted"
    assert verdicts(master)["human:melody"] == "refuted"
    # Two semitones up and without its first seconds: other bytes, another pitch.
    moved = upload_of(house, project, wav(tune(1, semitones=2)[:, 2 * RATE_HZ :]))
    length = moved.asset.probe["samples"]
    master = master_of(house, project, [("lead_vocal", moved.asset.sha256, length)])
    assert verdicts(master)["material:scaffold"] == "refuted"
    assert verdicts(master)["human:performance:lead_vocal"] == "refuted"
    assert "2 semitones up" in studio.newest_check(master).outcomes[0]["because"]


def test_a_take_of_another_project_that_is_brought_in_as_an_own_recording_is_caught(house, project):
    other = studio.create_project(title="Elsewhere", artist=house.cast.artist, actor=house.cast.mara)
    take = make_take(house, other, material="scaffold", printed=True)
    part = upload_of(house, project, wav(SCAFFOLD[:, RATE_HZ:]))
    run_jobs()
    master = master_of(house, project, [("lead_vocal", part.asset.sha256, part.asset.probe["samples"])])
    assert verdicts(master)["human:performance:lead_vocal"] == "refuted"
    assert verdicts(master)["material:scaffold"] == "undecided"  # whoever made it did not say here what it is
    page = as_(house.cast.mara).get(f"/masters/{master.pk}/method/").content.decode()
    assert "a take made in another project" in page
    assert str(take.pk) not in page


def test_two_halves_side_by_side_are_not_a_transformation(house, project):
    write_method(
        house.cast.artist, statement="Only in pieces.", rules={"material": {"scaffold": "transformed"}},
        reason="I cut.", actor=house.cast.mara,
    )  # fmt: skip
    take = make_take(house, project, material="scaffold")
    half = WHOLE // 2
    halves = [("pads", take.asset.sha256, half, 0, 0), ("keys", take.asset.sha256, WHOLE - half, half, half)]
    assert verdicts(master_of(house, project, halves))["material:scaffold"] == "refuted"
    splinters = [
        ("pads", take.asset.sha256, WHOLE // 8, place * WHOLE // 8, (7 - place) * WHOLE // 8)
        for place in range(8)
    ]
    assert verdicts(master_of(house, project, splinters))["material:scaffold"] == "confirmed"


def test_what_would_not_be_recognised_here_is_undecided_not_confirmed(house, project):
    # Two seconds are too little to know a piece by.
    make_take(house, project, material="scaffold", audio=SCAFFOLD[:, : 2 * RATE_HZ])
    lead = voice(house, project, VOICE)
    master = master_of(house, project, [("lead_vocal", lead.asset.sha256, WHOLE)])
    found = studio.newest_check(master).outcomes[0]
    assert found["verdict"] == "undecided"
    assert "would not be recognised" in found["because"]


def test_what_nobody_marked_is_undecided_until_it_is_marked_and_then_checked_again(house, project):
    take = make_take(house, project, material="")
    lead = voice(house, project, VOICE)
    master = master_of(
        house, project, [("lead_vocal", lead.asset.sha256, WHOLE), ("pads", take.asset.sha256, WHOLE)]
    )
    assert verdicts(master)["material:scaffold"] == "undecided"
    before = MethodCheck.objects.count()
    answer = as_(house.cast.mara).post(f"/takes/{take.pk}/material/", {"material": "texture"})
    assert answer.status_code == 302
    run_jobs()
    assert MethodCheck.objects.count() == before + 1
    assert verdicts(master)["material:scaffold"] == "confirmed"


def test_a_voice_to_follow_needs_a_consent_that_is_signed_and_its_end_closes_the_gate(house, project):
    mara = house.cast.mara
    lead = voice(house, project, VOICE)
    with pytest.raises(consents.ConsentMissing, match="replica of a voice"):
        studio.mark_material(lead, kind="voice_reference", actor=mara)
    consent = consents.propose_consent(
        house.cast.artist, kind="voice", giver_name="Mara", giver=mara, words="My own voice.", fee="none",
        starts_on=project.created_at.date(), after="stop", actor=house.cast.rights,
    )  # fmt: skip
    consents.give_consent(consent, actor=mara)
    with pytest.raises(consents.ConsentMissing):  # given, not signed
        studio.mark_material(lead, kind="voice_reference", actor=mara)
    house.signers.sign(mara, f"artist:{house.cast.artist.pk}")
    studio.mark_material(lead, kind="voice_reference", actor=mara)
    master = master_of(house, project, [("lead_vocal", lead.asset.sha256, WHOLE)])
    house.declare(master)
    release = house.release(house.recording(master))
    assert "consent_missing" not in [gate.code for gate in gates(release)]
    consent.refresh_from_db()
    consents.revoke_consent(consent, reason="I changed my mind.", actor=mara)
    assert "consent_missing" in [gate.code for gate in gates(release)]
    page = as_(mara).get(f"/consents/{consent.pk}/effects/").content.decode()
    assert "must not go out" in page
    assert as_(house.cast.stranger).get(f"/consents/{consent.pk}/effects/").status_code == 404


def test_versions_keep_their_words_and_say_what_changed(house, project):
    artist, mara = house.cast.artist, house.cast.mara
    first = method_in_force(artist)
    page = as_(mara).post(
        f"/roster/{artist.pk}/method/new/",
        {"statement": "New words.", "material-scaffold": "transformed", "human": ["melody"], "based_on": 1},
    )
    assert page.status_code == 422  # no reason given
    page = as_(mara).post(
        f"/roster/{artist.pk}/method/new/",
        {"statement": "New words.", "material-scaffold": "transformed", "human": ["melody"], "based_on": 1,
         "reason": "It got dull."},
    )  # fmt: skip
    assert page.status_code == 302
    text = as_(mara).get(f"/roster/{artist.pk}/method/").content.decode()
    assert "The scaffold must be gone." in text
    assert "Changed: A generated scaffold may be in a master only transformed." in text
    assert "Dropped: The lead vocal performance must be human." in text
    assert first.statement == "The scaffold must be gone."
    assert as_(house.cast.rights).post(f"/roster/{artist.pk}/method/new/", {}).status_code == 403
    assert as_(house.cast.stranger).get(f"/roster/{artist.pk}/method/").status_code == 404


def test_the_artists_answer_to_training_is_the_default_of_releases_and_the_stricter_answer_counts(house):
    from release.services import create_release
    from release.training import training_answers

    artist = house.cast.artist

    def planned() -> Any:
        return create_release(
            imprint=house.imprint, artist=artist, title="One", kind="Single", actor=house.cast.release
        )

    strict = planned()
    assert strict.deny_ai_training
    answers = dict.fromkeys(training.TRAINING_USES, "constrained") | {"data_mining": "allowed"}
    choice = training.choose_training(artist, answers=answers, actor=house.cast.mara)
    assert set(training_answers(strict).answers.values()) == {"notAllowed"}  # the release says so
    open_one = planned()
    assert not open_one.deny_ai_training
    found = training_answers(open_one)
    assert (found.answers, found.denies) == (answers, False)
    assert found.entry == bytes(choice.entry.leaf_hash).hex()
    training.choose_training(artist, answers=dict.fromkeys(answers, "notAllowed"), actor=house.cast.mara)
    assert training_answers(open_one).denies
