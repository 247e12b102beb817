"""What was made elsewhere comes in with its tool, plan, date, terms and receipt; notes come in as notes."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from artists.services.consents import ConsentMissing
from generation import services
from generation.errors import BadValue, NotPossible
from generation.models import Project, Upload
from generation.modes import MODES
from generation.services import permits
from generation.services.allowances import Verdict
from generation.services.givens import Resolved, thing_of
from provenance import authorship, ledger, queries
from provenance.models import Entry, Job
from tests.cast import Cast
from tests.generation.conftest import tone_wav

pytestmark = pytest.mark.django_db

DAY = dt.date(2026, 10, 3)
PDF = b"%PDF-1.7 an invented receipt"
PAGE = "<html>The invented terms of that day: ä</html>".encode()


def bring(project: Project, cast: Cast, **changes: Any) -> Upload:
    values: dict[str, Any] = {
        "file": io.BytesIO(tone_wav(hz=330)), "filename": "out.wav", "name": "Choir", "role": "backing_vocal",
        "declared": "external_tool", "actor": cast.mara,
    }  # fmt: skip
    return services.import_upload(project, **values | changes)


def public(upload: Upload) -> dict[str, Any]:
    return dict(ledger.body_of(upload.entry)["public"])


@pytest.mark.parametrize(
    "key",
    ["suno-paid", "udio", "aiva-pro", "mubert", "soundful", "elevenlabs-music", "makebestmusic", "riffusion",
     "producer-ai", "lyria-3", "daw-plugin"],
)  # fmt: skip
def test_an_output_of_each_of_these_tools_can_be_brought_in(
    project: Project, cast: Cast, catalogue: None, key: str
) -> None:
    assert key in {terms.tool.key for terms in services.external_terms()}


def test_an_import_keeps_tool_plan_day_prompt_terms_and_receipt(
    project: Project, cast: Cast, catalogue: None
) -> None:
    terms = services.terms_in_force("suno-paid")
    upload = bring(
        project, cast, terms=terms, plan="Premier", made_on=DAY, prompt="choir, oohs",
        terms_snapshot=io.BytesIO(PAGE), receipt=io.BytesIO(PDF),
    )  # fmt: skip
    assert (upload.terms, upload.plan, upload.made_on) == (terms, "Premier", DAY)
    assert upload.terms_snapshot is not None
    assert upload.receipt is not None
    assert (upload.terms_snapshot.media_type[:10], upload.receipt.media_type) == (
        "text/plain",
        "application/pdf",
    )
    said = public(upload)
    assert (said["tool"], said["terms_version"], said["plan"]) == ("suno-paid", terms.version, "Premier")
    assert (said["made_on"], said["receipt"]) == ("2026-10-03", upload.receipt.sha256)
    assert ledger.disclose(upload.entry)["prompt"] == "choir, oohs"
    assert b"choir, oohs" not in bytes(upload.entry.body)
    made = authorship.fold(queries.bodies_for_asset(upload.asset.sha256), upload.asset.sha256)
    assert all(finding.origins == {"trained_model"} for finding in made.elements.values())
    assert any("made before the terms in the catalogue were read" in text for text in upload.warnings)


def test_an_import_whose_terms_are_missing_is_narrowed_and_ledger_row_and_job_agree(
    project: Project, cast: Cast, catalogue: None
) -> None:
    upload = bring(project, cast, tool_name="Some Machine (fictional)")
    assert upload.terms_open
    assert any("may not be sold until they are stated" in text for text in upload.warnings)
    assert services.upload_allowance(upload).verdict is Verdict.ASKS
    said = public(upload)
    assert (said["tool"], said["terms_version"], said["tool_name"]) == ("", None, "Some Machine (fictional)")
    assert said["terms_words"] == " (Some Machine (fictional), its terms unknown)"
    assert Job.objects.get(subject=f"upload:{upload.pk}").payload == {"upload": str(upload.pk)}
    (material,) = [one for one in services.materials(project) if one.pk == str(upload.pk)]
    assert material.terms == "sale not clear"


def test_terms_are_stated_later_and_then_only_with_a_paper(
    project: Project, cast: Cast, catalogue: None
) -> None:
    upload = bring(project, cast)
    first = upload.entry_id
    stated = services.state_terms(
        upload, terms=services.terms_in_force("aiva-pro"), plan="Pro", made_on=DAY, actor=cast.mara
    )
    assert not stated.terms_open
    assert services.upload_allowance(stated).verdict is Verdict.MAY
    assert Entry.objects.get(pk=first).kind == "upload.imported", "what was said first stays"
    with pytest.raises(NotPossible, match="Bring the terms of that day or a receipt"):
        services.state_terms(stated, terms=services.terms_in_force("udio"), actor=cast.mara)
    again = services.state_terms(
        stated, terms=services.terms_in_force("aiva-free"), receipt=io.BytesIO(PDF), actor=cast.rights
    )
    assert public(again)["tool_before"] == "aiva-pro"
    own = bring(project, cast, declared="own_performance", file=io.BytesIO(tone_wav(hz=500)))
    with pytest.raises(NotPossible, match="Only what an AI tool made"):
        services.state_terms(own, terms=services.terms_in_force("udio"), actor=cast.mara)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"made_on": dt.date(2126, 1, 1)}, "made_on"),
        ({"made_on": dt.date(1, 1, 1)}, "made_on"),
        ({"plan": "x" * 61}, "plan"),
        ({"tool_name": "a\0b"}, "tool_name"),
        ({"receipt": io.BytesIO(b"")}, "receipt"),
        ({"receipt": io.BytesIO(b"\0\1\2")}, "receipt"),
        ({"terms_snapshot": io.BytesIO(b"PK\x03\x04\0\0")}, "terms_snapshot"),
        ({"captured": True}, "declared"),
    ],
)
def test_what_cannot_be_stated_is_refused_by_its_field(
    project: Project, cast: Cast, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadValue) as refused:
        bring(project, cast, **changes)
    assert refused.value.field == field
    assert not Upload.objects.exists()


def test_what_was_recorded_on_the_page_is_observed_and_known_bytes_never_are(
    project: Project, cast: Cast, make_take: Callable[..., Any]
) -> None:
    hum = bring(project, cast, declared="own_performance", role="lead_vocal", captured=True)
    claims = ledger.body_of(hum.entry)["authorship"]["outputs"][hum.asset.sha256]
    assert "basis" not in claims, "the entry's own basis counts"
    assert (hum.entry.basis, public(hum)["captured"]) == ("observed", True)
    with pytest.raises(BadValue, match="not a recording of just now"):
        bring(project, cast, declared="own_performance", role="lead_vocal", captured=True)


def midi(notes: int = 4) -> bytes:
    track = b"".join(
        b"\x00\x90" + bytes([60 + n, 90]) + b"\x83\x60\x80" + bytes([60 + n, 0]) for n in range(notes)
    )
    track += b"\x00\xff\x2f\x00"
    return b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk" + len(track).to_bytes(4, "big") + track


def test_notes_come_in_as_notes_and_are_never_offered_as_sound(project: Project, cast: Cast) -> None:
    upload = bring(
        project,
        cast,
        file=io.BytesIO(midi()),
        filename="tune.mid",
        declared="own_performance",
        role="lead_vocal",
    )
    assert (upload.kind, upload.asset.probe["notes"], public(upload)["content"]) == ("notes", 4, "notes")
    assert upload.midi is not None
    assert not Job.objects.filter(subject=f"upload:{upload.pk}").exists(), "there is no sound to measure"
    assert str(upload.pk) not in {one.pk for one in services.materials(project)}
    with pytest.raises(BadValue, match="does not belong to this project"):
        services.material.check_assets(project, [upload.asset.sha256])
    for sha256 in {upload.asset.sha256, upload.midi.sha256}:
        made = authorship.fold(queries.bodies_for_asset(sha256), sha256)
        assert {name: set(found.origins) for name, found in made.elements.items()} == {"melody": {"human"}}
    thing = thing_of(f"upload:{upload.pk}", project, user=cast.mara)
    assert thing.kinds == ("notes",)


@pytest.mark.parametrize(
    ("data", "filename"),
    [
        (b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\4\0\x90", "cut.mid"),
        (b"just words", "tune.mid"),
        (midi(0), "empty.mid"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>', "bomb.musicxml"),
        (b"PK\x03\x04 no zip", "score.mxl"),
    ],
)  # fmt: skip
def test_notes_that_are_none_are_refused_with_a_sentence_and_leave_nothing(
    project: Project, cast: Cast, data: bytes, filename: str
) -> None:
    before = Entry.objects.count()
    with pytest.raises(BadValue) as refused:
        bring(project, cast, file=io.BytesIO(data), filename=filename, declared="own_performance")
    assert refused.value.field == "file"
    assert refused.value.message.endswith(".")
    assert Entry.objects.count() == before


# -- what somebody else has to allow -----------------------------------------------------------------------------------


def given(project: Project, cast: Cast, upload: Upload) -> list[Resolved]:
    thing = thing_of(f"upload:{upload.pk}", project, user=cast.mara)
    return [Resolved(role="melody", thing=thing, kind="audio", from_ms=None, to_ms=None)]


def test_somebody_elses_recording_is_given_to_no_model_without_a_licence_for_that(
    project: Project, cast: Cast
) -> None:
    lent = bring(project, cast, declared="third_party", licence="Sync licence 7", role="drums")
    things = given(project, cast, lent)
    with pytest.raises(BadValue, match="does not cover giving it to AI tools") as refused:
        permits.check_licences(things, permits.foreign_inside(project, things), tools=("musicgen",))
    assert refused.value.field == "melody"
    free = bring(
        project, cast, declared="third_party", licence="All uses", role="drums", may_be_input=True,
        file=io.BytesIO(tone_wav(hz=700)),
    )  # fmt: skip
    things = given(project, cast, free)
    foreign = permits.foreign_inside(project, things)
    assert permits.check_licences(things, foreign, tools=("musicgen",)) == ()
    assert permits.consents_for(MODES["melody_guided"], things, foreign) == (), "drums are nobody's voice"


def test_somebody_elses_voice_asks_for_a_consent_and_ones_own_does_not(project: Project, cast: Cast) -> None:
    own = bring(project, cast, declared="own_performance", role="lead_vocal")
    assert permits.foreign_inside(project, given(project, cast, own)) == {}
    voice = bring(
        project, cast, declared="third_party", licence="All uses", role="lead_vocal", may_be_input=True,
        file=io.BytesIO(tone_wav(hz=800)),
    )  # fmt: skip
    things = given(project, cast, voice)
    foreign = permits.foreign_inside(project, things)
    uses = permits.consents_for(MODES["style_reference"], things, foreign)
    assert uses == ("voice_reference",)
    assert permits.consents_for(MODES["stem_separation"], things, foreign) == (), "it makes nothing new"
    from artists.services import consents

    with pytest.raises(ConsentMissing, match="page of consents"):
        consents.require(project.artist, *uses, project=project.pk)


# -- pages -------------------------------------------------------------------------------------------------------------


def as_(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_papers_are_for_who_works_on_it_and_who_clears_it(
    project: Project, cast: Cast, catalogue: None
) -> None:
    terms = services.terms_in_force("aiva-pro")
    upload = bring(project, cast, terms=terms, receipt=io.BytesIO(PDF))
    where = reverse("generation:upload-paper", args=[upload.pk, "receipt"])
    for user, status in ((cast.mara, 200), (cast.rights, 200), (cast.anr, 404), (cast.stranger, 404)):
        answer = as_(user).get(where)
        assert answer.status_code == status
    assert as_(cast.mara).get(where)["Content-Disposition"].startswith("attachment")
    page = as_(cast.anr).get(reverse("generation:upload", args=[upload.pk]))
    assert where not in page.content.decode()
    assert as_(cast.stranger).get(reverse("generation:upload", args=[upload.pk])).status_code == 404


def test_the_form_brings_an_output_in_and_leads_to_where_its_terms_are_stated(
    project: Project, cast: Cast, catalogue: None
) -> None:
    client = as_(cast.mara)
    sent = client.post(
        reverse("generation:upload-new", args=[project.pk]),
        {"file": SimpleUploadedFile("out.wav", tone_wav(hz=440)), "role": "pads", "declared": "external_tool"},
        headers={"accept": "application/json"},
    )  # fmt: skip
    upload = Upload.objects.get()
    where = reverse("generation:upload", args=[upload.pk])
    assert (sent.status_code, sent.json()["redirect"]) == (201, where)
    assert "terms of the tool that made this" in client.get(where).content.decode()
    done = client.post(
        reverse("generation:upload-terms", args=[upload.pk]),
        {"terms": services.terms_in_force("aiva-pro").pk, "plan": "Pro", "receipt": io.BytesIO(PDF)},
    )
    assert done.status_code == 302
    upload.refresh_from_db()
    assert (upload.terms_open, upload.plan) == (False, "Pro")


def test_the_rights_team_keeps_the_catalogue_on_its_pages(cast: Cast, catalogue: None) -> None:
    client = as_(cast.rights)
    page = client.get(reverse("generation:tools")).content.decode()
    assert page.index("MakeBestMusic") < page.index("ACE-Step 1.5"), "what is doubtful comes first"
    made = client.post(
        reverse("generation:tool-new"),
        {"key": "harp", "name": "Harp Machine", "provider": "Nobody (fictional)"},
    )
    assert made["Location"] == reverse("generation:terms-new", args=["harp"])
    values = {
        "licence": "Invented", "commercial": "unknown", "store_release": "yes", "downloads": "yes",
        "retroactive": "no", "training_licence": "licensed", "trained_model": "on", "source": "Invented",
        "source_date": "2026-11-20", "certainty": "confirmed", "blocked_by": "Believe, TuneCore",
        "training_on_outputs": "no", "snapshot": io.BytesIO(PAGE),
    }  # fmt: skip
    assert client.post(reverse("generation:terms-new", args=["harp"]), values).status_code == 302
    terms = services.terms_in_force("harp")
    assert terms.blocked_by == ["believe", "tunecore"]
    kept = client.get(reverse("generation:terms-snapshot", args=["harp", 1]))
    assert (kept.status_code, kept["Content-Type"][:10]) == (200, "text/plain")
    page = client.get(reverse("generation:tool", args=["harp"])).content.decode()
    assert "Harp Machine: whether its work may be sold is open" in page
    answer = {"question": "commercial", "answer": "yes", "source": "A letter", "reason": "They wrote so."}
    client.post(reverse("generation:terms-answer", args=["harp", 1]), answer)
    client.post(reverse("generation:tool-licence", args=["harp"]), {"action": "accept", "version": "1"})
    page = client.get(reverse("generation:tool", args=["harp"])).content.decode()
    assert "Harp Machine: what it makes may be sold" in page
    assert "They wrote so" not in page, "reasons are for the ledger's readers"
    assert services.accepted("harp")
    for version in ("", "x", "99999999999999"):
        client.post(reverse("generation:tool-licence", args=["harp"]), {"version": version})
    bad = client.post(reverse("generation:terms-new", args=["harp"]), values | {"terms_url": "ftp://x"})
    assert bad.status_code == 422
    assert as_(cast.mara).post(reverse("generation:terms-new", args=["harp"]), values).status_code == 403
