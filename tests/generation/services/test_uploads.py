"""Uploads: what is taken in, what is declared, what is refused and leaves nothing behind."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from generation import access, services
from generation.errors import BadValue
from generation.models import Project, Upload
from provenance import audiofile, authorship, blobs, ledger, queries
from provenance.blobs import TooLarge
from provenance.models import Entry, Job
from tests.cast import Cast
from tests.generation.conftest import tone_wav


def bring(project: Project, cast: Cast, **changes: Any) -> Upload:
    values: dict[str, Any] = {
        "file": io.BytesIO(tone_wav(hz=330)), "filename": "Mara voice 3.wav", "name": "Voice", "role": "lead_vocal",
        "declared": "own_performance", "actor": cast.mara,
    }  # fmt: skip
    return services.import_upload(project, **values | changes)


def origins(upload: Upload) -> dict[str, set[str]]:
    found = authorship.fold(queries.bodies_for_asset(upload.asset.sha256), upload.asset.sha256)
    return {name: {origin.value for origin in finding.origins} for name, finding in found.elements.items()}


def test_an_own_recording_is_human_by_declaration(project: Project, cast: Cast) -> None:
    upload = bring(project, cast)
    assert upload.asset.duration_ms == 1000
    assert upload.asset.probe["sample_rate_hz"] == 44_100
    assert upload.warnings == ()
    body = ledger.body_of(upload.entry)
    claims = body["authorship"]["outputs"][upload.asset.sha256]
    assert claims["basis"] == "declared"
    assert set(origins(upload)) == {"lyrics", "melody", "performance:lead_vocal", "production"}
    assert all(found == {"human"} for found in origins(upload).values())
    assert b"Mara voice" not in bytes(upload.entry.body), "a file name may hold a person's name"
    assert Job.objects.filter(kind="generation.analyse", payload={"upload": str(upload.pk)}).count() == 1


def test_what_the_artist_does_not_claim_stays_unknown(project: Project, cast: Cast) -> None:
    upload = bring(project, cast, elements=["lyrics"])
    assert origins(upload)["lyrics"] == {"human"}
    assert origins(upload)["melody"] == {"unknown"}
    assert origins(upload)["performance:lead_vocal"] == {"human"}


def test_an_import_from_a_tool_is_a_trained_models_under_its_terms(
    project: Project, cast: Cast, catalogue: None
) -> None:
    terms = services.terms_in_force("fabelton-choir")
    upload = bring(
        project, cast, declared="external_tool", role="backing_vocal", terms=terms, prompt="choir, oohs"
    )
    assert upload.terms == terms
    assert all(found == {"trained_model"} for found in origins(upload).values())
    assert ledger.body_of(upload.entry)["public"]["tool"] == "fabelton-choir"
    assert ledger.disclose(upload.entry)["prompt"] == "choir, oohs"


def test_somebody_elses_sound_keeps_its_licence_and_whether_it_may_be_sold(
    project: Project, cast: Cast
) -> None:
    upload = bring(
        project, cast, declared="third_party", licence="Sync licence no. 7 of Farside Ltd", may_be_sold=False
    )
    assert upload.may_be_sold is False
    assert origins(upload)["melody"] == {"third_party"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"declared": "third_party"}, "licence"),
        ({"declared": "no idea"}, "declared"),
        ({"role": "kazoo"}, "role"),
        ({"elements": ["harmony"]}, "elements"),
        ({"elements": ["performance:bass"]}, "elements"),
        ({"name": "a\0b"}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"filename": "a\0.wav"}, "file"),
        ({"licence": None}, "licence"),
    ],
)
def test_a_bad_declaration_is_refused_by_its_field(
    project: Project, cast: Cast, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadValue) as refused:
        bring(project, cast, **changes)
    assert refused.value.field == field
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("data", "filename", "code"),
    [
        (b"", "empty.wav", "empty"),
        (b"just some words, no sound at all\n" * 20, "words.wav", "not_audio"),
        (tone_wav()[:-5000], "cut.wav", "truncated"),
        (tone_wav(), "sound.mp3", "mislabelled"),
        (tone_wav(channels=3), "three.wav", "too_many_channels"),
        (b"PK\x03\x04" + b"\0" * 400, "bomb.wav", "not_audio"),
    ],
)
def test_a_file_that_is_no_use_leaves_no_trace(
    project: Project, cast: Cast, data: bytes, filename: str, code: str
) -> None:
    entries, stored = Entry.objects.count(), set(blobs.store().digests())
    with pytest.raises(audiofile.BadAudio) as refused:
        bring(project, cast, file=io.BytesIO(data), filename=filename)
    assert refused.value.code == code
    assert Entry.objects.count() == entries
    assert set(blobs.store().digests()) == stored
    assert not Upload.objects.exists()


def test_a_file_over_the_limit_is_refused_before_it_is_all_read(
    project: Project, cast: Cast, settings: Any
) -> None:
    settings.DEADWAX_UPLOAD_LIMIT_BYTES = 10_000
    with pytest.raises(TooLarge):
        bring(project, cast)
    assert not Upload.objects.exists()


def test_bytes_that_were_generated_here_are_noted_and_the_person_is_told(
    project: Project, cast: Cast, make_take: Any
) -> None:
    take = make_take()
    with blobs.store().open(take.asset.sha256) as file:
        upload = bring(project, cast, file=io.BytesIO(file.read()), role="full_mix", name="All mine")
    assert upload.asset == take.asset
    assert upload.already_known_as == "take.generated"
    assert "generated here before" in upload.warnings[0]
    assert origins(upload)["melody"] == {"procedural"}, "what the platform saw counts more than a declaration"


def test_strangers_do_not_hear_an_upload(project: Project, cast: Cast) -> None:
    upload = bring(project, cast)
    assert access.upload_for(cast.rights, upload.pk)
    with pytest.raises(PermissionDenied):
        access.upload_for(cast.rights, upload.pk, write=True)
    with pytest.raises(Http404):
        access.upload_for(cast.stranger, upload.pk)


@pytest.fixture
def generated_elsewhere(tmp_path: Any) -> bytes:
    """A WAV that carries the credential of another installation: output of a trained model."""
    from release import c2pa

    source, target = tmp_path / "in.wav", tmp_path / "signed.wav"
    source.write_bytes(tone_wav(hz=610))
    base = "http://cv.iptc.org/newscodes/digitalsourcetype/"
    manifest = c2pa.Manifest(
        title="choir.wav",
        media_type="audio/wav",
        actions=(c2pa.Action(action="c2pa.created", source_type=base + "trainedAlgorithmicMedia"),),
        generator="Fabelton Choir Machine (fictional)",
    )
    c2pa.sign(source, target, manifest, c2pa.TrialAuthority.create(organization="Fabelton (fictional)"))
    return target.read_bytes()


def test_a_credential_of_a_trained_model_counts_more_than_the_declaration(
    project: Project, cast: Cast, generated_elsewhere: bytes
) -> None:
    upload = bring(
        project, cast, file=io.BytesIO(generated_elsewhere), filename="choir.wav", role="backing_vocal"
    )
    assert upload.c2pa["generated"] is True
    assert "Fabelton" in upload.c2pa["generator"]
    assert "content credential" in upload.warnings[0]
    claims = ledger.body_of(upload.entry)["authorship"]["outputs"][upload.asset.sha256]
    assert claims["basis"] == "imported"
    assert all(found == {"trained_model"} for found in origins(upload).values())


def _signed(source: Any, target: Any, authority: Any, definition: Any, address: str = "") -> None:
    """Sign with somebody's certificate what that somebody likes; with an address the manifest lies there only."""
    import c2pa as library

    source.write_bytes(tone_wav(hz=330))
    info = library.C2paSignerInfo(b"es256", authority.chain_pem.encode(), authority.key_pem.encode(), None)
    created = {
        "action": "c2pa.created",
        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCreation",
    }
    whole = {
        "claim_generator_info": [{"name": "Fabelton (fictional)"}],
        "format": "audio/wav",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}],
        **definition,
    }
    with (
        library.Builder(whole) as builder,
        library.Signer.from_info(info) as signer,
        source.open("rb") as read,
        target.open("w+b") as write,
    ):
        if address:
            builder.set_no_embed()
            builder.set_remote_url(address)
        builder.sign(signer, "audio/wav", read, write)


def test_whose_credential_it_is_follows_the_trust_folder_and_its_sources_are_noted(
    project: Project, cast: Cast, tmp_path: Any, settings: Any
) -> None:
    from release import c2pa

    authority = c2pa.TrialAuthority.create(organization="Fabelton (fictional)")
    choir = {
        "title": "choir of Mara", "format": "audio/wav", "relationship": "componentOf", "instance_id": "x:1",
        "metadata": {"digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"},
    }  # fmt: skip
    target = tmp_path / "bounce.wav"
    _signed(tmp_path / "plain.wav", target, authority, {"ingredients": [choir]})
    settings.DEADWAX_C2PA_TRUST = tmp_path / "trust"
    settings.DEADWAX_C2PA_TRUST.mkdir()
    stranger = bring(project, cast, file=io.BytesIO(target.read_bytes()), filename="a.wav", role="lead_vocal")
    assert stranger.c2pa["state"] == "valid"
    (settings.DEADWAX_C2PA_TRUST / "fabelton.pem").write_text(authority.root_pem)
    known = bring(project, cast, file=io.BytesIO(target.read_bytes()), filename="b.wav", role="lead_vocal")
    found = known.c2pa
    assert (found["state"], found["generated"], found["contains_generated"]) == ("trusted", False, True)
    assert (found["ingredients"], found["ingredient_types"]) == (1, ["trainedAlgorithmicMedia"])
    assert "a trained model had a part in it" in known.warnings[-1]
    public = ledger.body_of(known.entry)["public"]["credential"]
    assert (public["state"], "Mara" in str(public)) == ("trusted", False), "no title of a source is told"


def test_an_address_that_a_manifest_names_is_not_asked(project: Project, cast: Cast, tmp_path: Any) -> None:
    """A file may say that its manifest lies at an address, for instance inside the house's own network."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    from release import c2pa

    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    target, authority = (
        tmp_path / "remote.wav",
        c2pa.TrialAuthority.create(organization="Fabelton (fictional)"),
    )
    _signed(tmp_path / "plain.wav", target, authority, {}, f"http://127.0.0.1:{server.server_port}/m.c2pa")
    assert b"/m.c2pa" in target.read_bytes()
    bring(project, cast, file=io.BytesIO(target.read_bytes()), filename="remote.wav", role="lead_vocal")
    c2pa.read_manifest(target)
    server.shutdown()
    server.server_close()
    assert asked == []


def test_a_credential_that_is_not_intact_is_noted_and_not_used(
    project: Project, cast: Cast, generated_elsewhere: bytes
) -> None:
    changed = bytearray(generated_elsewhere)
    place = changed.index(b"data") + 2000
    changed[place] ^= 0xFF
    upload = bring(project, cast, file=io.BytesIO(bytes(changed)), filename="choir.wav", role="backing_vocal")
    assert upload.c2pa["state"] == "broken"
    assert "not intact" in upload.warnings[0]
    assert origins(upload)["harmony"] == {"human"}
