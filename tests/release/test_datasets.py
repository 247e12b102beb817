"""Datasets and models of our own: nothing trains on what nobody agreed to, and a revocation reaches all of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from artists.models import Consent
from artists.services import consents
from generation import services as studio
from generation.models import Dataset, DatasetVersion, EngineOffer, Take
from generation.services import datasets, model_origins
from generation.services.datasets import MayNotTrain
from provenance import assets
from provenance.jobs import Job
from tests.label.conftest import as_
from tests.release.conftest import House, tone
from tests.support import run_jobs

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 1, 1)
PDF = b"%PDF-1.4 fictional"


def agree(
    house: House, kind: str = "training", *, artist: Any = None, how: str = "signed", **terms: Any
) -> Consent:
    """A consent of Mara for her artist, or on a document: proposed, given, signed or revoked."""
    mara = house.cast.mara
    artist = artist or house.cast.artist
    asked = {"words": "My songs.", "starts_on": TODAY, "giver_name": "Mara (fictional)"} | terms
    own = how != "document" and artist == house.cast.artist
    consent = consents.propose_consent(
        artist, kind=kind, giver=mara if own else None, actor=house.cast.rights, **asked
    )
    if how == "proposed":
        return consent
    if not own:
        return consents.give_consent(consent, document=io.BytesIO(PDF), actor=house.cast.rights)
    consent = consents.give_consent(consent, actor=mara)
    if how == "given":
        return consent
    house.signers.sign(mara, f"artist:{artist.pk}")
    consent.refresh_from_db()
    return consents.revoke_consent(consent, actor=mara) if how == "revoked" else consent


def begin(house: House, **values: Any) -> Dataset:
    asked = {"title": "Harbours", "purpose": "A model of our own pads.", "tools": ["musicgen"]} | values
    return datasets.create_dataset(actor=house.cast.rights, **asked)


def put(house: House, dataset: Dataset, thing: Any, kind: str = "master") -> Any:
    return datasets.add_recording(dataset, thing=f"{kind}:{thing.pk}", actor=house.cast.rights)


def exported(house: House, dataset: Dataset) -> DatasetVersion:
    version = datasets.request_export(dataset, actor=house.cast.rights)
    run_jobs()
    version.refresh_from_db()
    assert version.asset is not None, Job.objects.get(pk=version.job_id).error_message
    return version


WHY = {
    "none": (None, {}, "has not agreed to training on Slow Harbour 1. Ask"),
    "proposed": ("proposed", {}, "waits for an answer"),
    "not signed": ("given", {}, "not signed yet"),
    "out of term": ("signed", {"ends_on": dt.date(2026, 2, 1)}, "outside its term"),
    "territory": ("signed", {"territories": ["DE", "SE"]}, "for DE and SE only"),
    "engine": ("signed", {"engines": ["stable-audio-open"]}, "for stable-audio-open only"),
    "project": ("signed", {"projects": ["5f3c6a3e-0000-4000-8000-000000000000"]}, "for other projects"),
    "revoked": ("revoked", {}, "was revoked"),
}


@pytest.mark.parametrize("case", WHY)
def test_a_recording_comes_in_only_under_a_consent_that_covers_it(house: House, case: str) -> None:
    how, terms, said = WHY[case]
    if how is not None:
        agree(house, how=how, **terms)
    master = house.master(parts=("voice",))
    dataset = begin(house)
    with pytest.raises(MayNotTrain, match=said) as refused:
        put(house, dataset, master)
    assert [one.artist for one in refused.value.obstacles] == [house.cast.artist]
    agree(
        house, engines=["audiocraft"], territories=["Worldwide"]
    )  # the engine that runs the tool is the tool
    member = put(house, dataset, master)
    [row] = datasets.members_of(dataset)
    assert row.basis.may_train
    assert [use.ref for use in row.basis.consents[0].uses.all()] == [f"dataset-member:{member.pk}"]


def test_only_an_artists_own_people_or_a_document_agree_for_the_artists_catalogue(house: House) -> None:
    with pytest.raises(consents.BadConsent, match="their own people"):
        consents.propose_consent(
            house.cast.artist, kind="training", giver=house.cast.rights, giver_name="", words="All.",
            starts_on=TODAY, actor=house.cast.rights,
        )  # fmt: skip
    agree(house, how="document", whose="other")  # somebody else's catalogue says nothing of the artist's own
    with pytest.raises(MayNotTrain):
        put(house, begin(house), house.master(parts=("voice",)))


def test_what_others_made_counts_wherever_it_sounds(house: House) -> None:
    agree(house)
    master = house.master(parts=("voice", "licensed", "choir"))
    dataset = begin(house)
    with pytest.raises(MayNotTrain, match="somebody else's") as refused:
        put(house, dataset, master)
    [obstacle] = refused.value.obstacles
    assert (obstacle.code, obstacle.whose) == ("third_party", "other")
    theirs = agree(house, how="document", whose="other")
    with pytest.raises(MayNotTrain):  # agreed, and nobody said for what
        put(house, dataset, master)
    studio.rest_upload(obstacle.upload, consent=theirs, actor=house.cast.mara)
    put(house, dataset, master)
    [row] = datasets.members_of(dataset)
    assert {ground.consent.whose for ground in row.basis.grounds} == {"artist", "other"}


def test_outputs_of_a_tool_whose_terms_forbid_it_or_say_nothing_stay_out(house: House) -> None:
    agree(house)
    dataset = begin(house)
    with pytest.raises(MayNotTrain, match="forbid training on outputs"):
        put(house, dataset, house.master(parts=("voice", "choir"), tool="suno-paid"))
    made = house.master(parts=("voice", "model_take"))
    with pytest.raises(MayNotTrain, match="do not say whether outputs may train"):
        put(house, dataset, made)
    studio.answer_question(
        studio.terms_in_force("musicgen"), question="train_on_outputs", answer="yes", source="A letter",
        reason="They wrote so.", actor=house.cast.rights,
    )  # fmt: skip
    assert put(house, dataset, made)


def test_another_artists_sound_needs_that_artists_consent(house: House) -> None:
    agree(house)
    other, stranger = house.cast.other_artist, house.cast.stranger
    theirs = studio.create_project(title="Far", artist=other, actor=stranger)
    song = tone(910.0)
    first = studio.import_upload(
        theirs, file=io.BytesIO(song), filename="a.wav", name="Far", role="pads", declared="own_performance",
        actor=stranger,
    )  # fmt: skip
    ours = studio.create_project(title="Near", artist=house.cast.artist, actor=house.cast.mara)
    again = studio.import_upload(
        ours, file=io.BytesIO(song), filename="b.wav", name="Near", role="pads", declared="own_performance",
        actor=house.cast.mara,
    )  # fmt: skip
    assert again.asset_id == first.asset_id
    with pytest.raises(MayNotTrain, match="Far Side Choir") as refused:
        put(house, begin(house), again, "upload")
    assert [one.artist for one in refused.value.obstacles] == [other]


def test_an_export_is_what_trainers_read_and_is_refused_once_a_consent_ended(house: House) -> None:
    consent = agree(house, captions=True, ends_on=dt.date(2099, 1, 1))
    master = house.master(parts=("voice",))
    studio.save_brief(master.project, values=studio.BriefValues(mood="tide going out"), actor=house.cast.mara)
    dataset = begin(house)
    put(house, dataset, master)
    version = exported(house, dataset)
    assert version.lines[0]["consents"] == [str(consent.pk)]
    client = as_(house.cast.rights)
    page = client.get(f"/datasets/{dataset.pk}/").content.decode()
    assert "1 Jan 2099" in page
    answer = client.get(f"/datasets/{dataset.pk}/versions/1/")
    data = b"".join(answer.streaming_content)
    assert hashlib.sha256(data).hexdigest() == version.asset.sha256
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        lines = archive.read("manifest.jsonl")
        assert hashlib.sha256(lines).hexdigest() == version.manifest_sha256
        [fact] = [json.loads(line) for line in lines.splitlines()]
        assert hashlib.sha256(archive.read(fact["path"])).hexdigest() == fact["sha256"] == master.wav.sha256
        assert (fact["duration"], fact["sample_rate"], fact["channels"]) == (2.0, 44100, 2)
        assert "tide going out" in fact["caption"]
        assert fact["consents"][0] == {
            "id": str(consent.pk), "given": bytes(consent.entry.leaf_hash).hex(), "until": "2099-01-01",
        }  # fmt: skip
        for line in archive.read("SHA256SUMS").decode().splitlines():
            digest, _, path = line.partition("  ")
            assert hashlib.sha256(archive.read(path)).hexdigest() == digest
        assert "consents that can end" in archive.read("README.txt").decode()
    assert as_(house.cast.anr).get(f"/datasets/{dataset.pk}/versions/1/").status_code == 403
    assert as_(house.cast.stranger).get(f"/datasets/{dataset.pk}/").status_code == 404

    consents.revoke_consent(consent, actor=house.cast.mara)
    with pytest.raises(MayNotTrain, match="was revoked"):
        datasets.request_export(dataset, actor=house.cast.rights)
    assert (
        client.get(f"/datasets/{dataset.pk}/versions/1/").status_code == 302
    )  # back to the page, which says why
    assert "not to be used" in client.get(f"/datasets/{dataset.pk}/").content.decode()


def test_a_revocation_while_it_is_packed_leaves_nothing_behind(house: House) -> None:
    consent = agree(house)
    dataset = begin(house)
    put(house, dataset, house.master(parts=("voice",)))
    version = datasets.request_export(dataset, actor=house.cast.rights)
    consents.revoke_consent(consent, actor=house.cast.mara)
    run_jobs()
    version.refresh_from_db()
    assert (version.asset, version.job.state) == (None, "failed")
    assert "was revoked" in version.job.error_message


# -- models of our own -------------------------------------------------------------------------------------------------

OURS = "musicgen-ours"


def offer_ours(sha256: str = "ab" * 32) -> None:
    """A worker says that it found weights that nobody published."""
    offer = EngineOffer.objects.get(name="audiocraft")
    model = {
        "name": OURS, "title": OURS, "tool": "musicgen", "licence": "CC-BY-NC-4.0", "size_bytes": 1, "source": OURS,
        "present": True, "reason": "", "sha256": sha256, "trusted": False, "published": False,
    }  # fmt: skip
    choice = {
        "name": "model",
        "title": "Model",
        "kind": "choice",
        "default": OURS,
        "help": "",
        "choices": [OURS],
    }
    offer.capabilities = {**offer.capabilities, "models": [model], "parameters": [choice]}
    offer.save()


def ask(house: House, project: Any) -> Any:
    return studio.request_run(
        project,
        brief=None,
        engine="audiocraft",
        duration_s=8,
        variations=1,
        prompt="slow",
        actor=house.cast.mara,
    )


def test_a_model_of_our_own_runs_as_long_as_who_it_learned_from_agrees(house: House) -> None:
    offer_ours()
    consent = agree(house)
    project = studio.create_project(title="New", artist=house.cast.other_artist, actor=house.cast.stranger)

    def ask_it() -> Any:
        return studio.request_run(
            project, brief=None, engine="audiocraft", duration_s=8, variations=1, prompt="slow",
            actor=house.cast.stranger,
        )  # fmt: skip

    with pytest.raises(studio.NotPossible, match="Nobody said what musicgen-ours was made from"):
        ask_it()
    dataset = begin(house)
    put(house, dataset, house.master(parts=("voice",)))
    version = exported(house, dataset)
    state = {"engine": "audiocraft", "name": OURS, "basis": "dataset", "version": version}
    model_origins.state_origin(**state, actor=house.cast.rights)
    run = ask_it()
    assert consent.uses.filter(ref=f"run:{run.pk}").exists()
    offer_ours("cd" * 32)
    with pytest.raises(studio.NotPossible, match="are not those of which"):
        ask_it()
    offer_ours()
    consents.revoke_consent(consent, actor=house.cast.mara)
    with pytest.raises(studio.NotPossible, match="has not agreed to training on Slow Harbour 1"):
        ask_it()
    run_jobs()  # what waited is not made either
    job = Job.objects.get(pk=run.job_id)
    assert (job.state, Take.objects.filter(run=run).count()) == ("failed", 0)
    assert "may not run" in job.error_message
    page = as_(house.cast.rights).get("/models/").content.decode()
    assert "does not run" in page
    agree(house)  # agreed anew: it runs again
    assert ask_it()


def test_an_outsiders_catalogue_needs_their_document_and_only_rights_say_it(house: House) -> None:
    offer_ours()
    state = {"engine": "audiocraft", "name": OURS, "basis": "outside", "source": "Ilse Ahorn (fictional)"}
    with pytest.raises(studio.BadValue, match="document"):
        model_origins.state_origin(**state, actor=house.cast.rights)
    with pytest.raises(studio.BadValue, match="owner and the rights team"):
        model_origins.state_origin(**state, document=io.BytesIO(PDF), actor=house.cast.anr)
    client = as_(house.cast.rights)
    posted = client.post("/models/", {**state, "document": io.BytesIO(PDF)})
    assert posted.status_code == 302
    project = studio.create_project(title="New", artist=house.cast.artist, actor=house.cast.mara)
    assert ask(house, project)
    origin = model_origins.unpublished()[0].origin
    assert assets.read(origin.document) == PDF
    assert client.post(f"/models/{origin.pk}/withdraw/").status_code == 302
    with pytest.raises(studio.NotPossible):
        ask(house, project)
