"""What leaves the house: shown before, disclosed only by those who answer for it, and on record afterwards."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from provenance import ledger, verifier
from provenance.services import Entry
from tests.label.conftest import as_
from tests.provenance.ledger.bundles import forge
from tests.scenes import SECRET_PROMPT, SECRET_REASON, Scene

pytestmark = pytest.mark.django_db
REASON = "take.shortlisted/reason"


def got(answer: Any) -> bytes:
    assert answer.status_code == 200, answer
    assert answer["Content-Type"] == "application/zip"
    return b"".join(answer)


def held(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"\n".join(archive.read(name) for name in archive.namelist())


def verdict(data: bytes, folder: Path) -> str:
    path = folder / "bundle.zip"
    path.write_bytes(data)
    return verifier.verify(str(path)).verdict


def exports() -> list[Entry]:
    return list(Entry.objects.filter(kind="bundle.exported").order_by("id"))


def addresses(scene: Scene) -> dict[str, str]:
    return {
        "master": reverse("label:bundle", args=[scene.master.pk]),
        "project": reverse("label:project-bundle", args=[scene.project.pk]),
        "release": reverse("label:release-bundle", args=[scene.release.pk]),
        "work": reverse("label:work-bundle", args=[scene.recording.work_id]),
        "search": f"{reverse('label:ledger-bundle')}?about={scene.project.stream}",
    }


@pytest.mark.parametrize("what", ["master", "project", "release", "work", "search"])
def test_each_scope_gives_a_bundle_that_verifies_and_tells_no_private_word(
    scene: Scene, tmp_path: Path, what: str
) -> None:
    client = as_(scene.cast.rights)
    page = client.get(addresses(scene)[what])
    assert page.status_code == 200
    assert not exports(), "looking is not exporting"
    answer = client.post(addresses(scene)[what], {"recipient": "a court in Lund"})
    data = got(answer)
    assert verdict(data, tmp_path) == "valid but not witnessed/timestamped"
    for words in (SECRET_REASON, SECRET_PROMPT, scene.cast.mara.full_name, "a court in Lund"):
        assert words.encode() not in held(data)
    (entry,) = exports()
    body = ledger.body_of(entry)
    assert body["public"]["bundle_sha256"] == answer["X-Bundle-SHA256"]
    assert (body["public"]["disclosed"], body["public"]["values"]) == ([], 0)
    assert body["actor"]["id"] == str(scene.cast.rights.pk)
    assert ledger.disclose(entry) == {"recipient": "a court in Lund"}


def test_the_page_shows_what_would_leave_and_only_the_chosen_leaves(scene: Scene, tmp_path: Path) -> None:
    mara, address = as_(scene.cast.mara), addresses(scene)["project"]
    html = mara.get(address).content.decode()
    assert SECRET_REASON in html
    assert f'value="{REASON}"' in html
    assert "checked" not in html, "nothing is disclosed that nobody chose"
    data = got(mara.post(address, {"show": [REASON]}))
    assert verdict(data, tmp_path).startswith("valid")
    assert SECRET_REASON.encode() in held(data)
    assert SECRET_PROMPT.encode() not in held(data)
    body = ledger.body_of(exports()[-1])
    assert body["public"]["disclosed"] == [REASON]
    assert body["public"]["values"] >= 1
    assert body["stream"] == scene.project.stream


def test_the_house_shows_an_artists_words_only_under_their_consent(scene: Scene) -> None:
    import datetime as dt

    from artists.services import consents

    rights, address = as_(scene.cast.rights), addresses(scene)["project"]
    page = rights.get(address).content.decode()
    assert SECRET_REASON not in page
    assert f"What {scene.cast.artist.name} wrote stays sealed" in page
    assert SECRET_REASON.encode() not in held(got(rights.post(address, {"show": [REASON]})))

    asked = {"kind": "bundle", "words": "Our songs, to a court.", "starts_on": dt.date(2020, 1, 1)}
    consent = consents.propose_consent(
        scene.cast.artist, giver_name="", giver=scene.cast.mara, actor=scene.cast.rights, **asked
    )
    consents.give_consent(consent, document=io.BytesIO(b"%PDF-1.4 fictional"), actor=scene.cast.mara)
    assert SECRET_REASON in rights.get(address).content.decode()
    assert not consent.uses.exists(), "looking is no use"
    data = rights.post(address, {"show": [REASON]})
    assert SECRET_REASON.encode() in held(got(data))
    assert [use.ref for use in consent.uses.all()] == [f"bundle:{data['X-Bundle-SHA256']}"]

    consent.refresh_from_db()
    consents.revoke_consent(consent, reason="", actor=scene.cast.mara)
    assert SECRET_REASON.encode() not in held(got(rights.post(address, {"show": [REASON]})))


@pytest.mark.parametrize("person", ["collaborator", "anr", "release"])
def test_who_only_reads_gives_no_private_word_out_even_when_asked_for_it(scene: Scene, person: str) -> None:
    client = as_(getattr(scene.cast, person))
    address = addresses(scene)["project"]
    assert SECRET_REASON not in client.get(address).content.decode()
    data = got(client.post(address, {"show": [REASON, "take.shortlisted"]}))
    assert SECRET_REASON.encode() not in held(data)
    assert ledger.body_of(exports()[-1])["public"]["disclosed"] == []


def test_a_search_holds_nothing_that_its_reader_may_not_see(scene: Scene) -> None:
    stranger = as_(scene.cast.stranger)
    answer = stranger.post(addresses(scene)["search"])
    assert answer.status_code == 422
    assert "nothing to export" in answer.content.decode()
    assert not exports()


def test_too_many_entries_are_left_to_the_command(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from label import exporting

    monkeypatch.setattr(exporting, "DIRECT", 5)
    mara, address = as_(scene.cast.mara), addresses(scene)["project"]
    assert "ledger_export" in mara.get(address).content.decode()
    assert mara.post(address).status_code == 422
    assert not exports()


# -- the API -----------------------------------------------------------------------------------------------------------


def test_the_api_shows_and_gives_the_same(scene: Scene, tmp_path: Path) -> None:
    mara = as_(scene.cast.mara)
    what = {"project": str(scene.project.pk)}
    preview = mara.post("/api/ledger/bundle/preview/", what, content_type="application/json")
    names = {row["key"]: row for row in preview.json()["private"]}
    assert SECRET_REASON in names[REASON]["examples"]
    asked = what | {"disclose": [REASON], "recipient": "a lawyer"}
    data = got(mara.post("/api/ledger/bundle/", asked, content_type="application/json"))
    assert verdict(data, tmp_path).startswith("valid")
    assert SECRET_REASON.encode() in held(data)
    searched = {"search": {"about": scene.project.stream}}
    assert got(mara.post("/api/ledger/bundle/", searched, content_type="application/json"))


@pytest.mark.parametrize("what", [{}, {"master": "x"}, {"search": {}, "project": "0" * 32}, {"search": 7}])
def test_the_api_wants_exactly_one_scope(scene: Scene, what: dict[str, Any]) -> None:
    answer = as_(scene.cast.mara).post("/api/ledger/bundle/", what, content_type="application/json")
    assert answer.status_code == 400
    assert not exports()


def test_the_api_gives_strangers_nothing(scene: Scene) -> None:
    stranger = as_(scene.cast.stranger)
    for name, key in (
        ("master", scene.master.pk),
        ("project", scene.project.pk),
        ("release", scene.release.pk),
        ("work", scene.recording.work_id),
    ):
        for path in ("/api/ledger/bundle/", "/api/ledger/bundle/preview/"):
            answer = stranger.post(path, {name: str(key)}, content_type="application/json")
            assert answer.status_code == 404, (name, path)


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_exports_each_scope(scene: Scene, tmp_path: Path) -> None:
    out = io.StringIO()
    for number, arguments in enumerate(
        (
            ["--release", str(scene.release.pk)],
            ["--work", str(scene.recording.work_id)],
            ["--project", str(scene.project.pk)],
            ["--since", "2020-01-01", "--until", "2100-01-01"],
            ["--asset", scene.master.wav.sha256],
            ["--subject", f"take:{scene.take.pk}", "--disclose", REASON, "--recipient", "an auditor"],
        )
    ):
        path = tmp_path / f"{number}.zip"
        call_command("ledger_export", *arguments, "--out", str(path), stdout=out)
        assert verifier.verify(str(path)).exit_status == 0, arguments
    assert SECRET_REASON.encode() in held(path.read_bytes())
    assert len(exports()) == 6
    assert ledger.disclose(exports()[-1]) == {"recipient": "an auditor"}
    assert ", 0 private values disclosed" not in out.getvalue().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--release", "nonsense"], "There is no release"),
        (["--since", "yesterday"], "is not a day"),
        (["--stream", "project:none"], "No entry matches"),
        (["--since", "2020-01-01", "--disclose", "take.kept/nothing"], "No entry seals"),
    ],
)
def test_the_command_says_what_is_wrong(
    scene: Scene, tmp_path: Path, arguments: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("ledger_export", *arguments, "--out", str(tmp_path / "x.zip"))


# -- the stranger's page -----------------------------------------------------------------------------------------------


def ask(data: bytes, *, json_: bool = False) -> Any:
    headers = {"Accept": "application/json"} if json_ else {}
    upload = SimpleUploadedFile("evidence.zip", data)
    return as_(None).post(reverse("label:check"), {"file": upload}, headers=headers)


def test_a_bundle_is_checked_step_by_step_for_anybody(scene: Scene) -> None:
    data = got(as_(scene.cast.mara).post(addresses(scene)["master"]))
    html = ask(data).content.decode()
    assert "This bundle holds, and it is ours" in html
    assert "The log here had the very same root at that size." in html
    assert "Every entry is in the signed log" in html
    said = ask(data, json_=True).json()["bundle"]
    assert said["ours"]
    assert len(said["steps"]) == len(verifier.STEPS)


def test_a_changed_bundle_is_named_as_such(scene: Scene) -> None:
    data = bytearray(got(as_(scene.cast.mara).post(addresses(scene)["master"])))
    data[len(data) // 2] ^= 1
    html = ask(bytes(data)).content.decode()
    assert "This bundle does not hold" in html
    assert "Broken at step" in html


def test_a_bundle_of_somebody_else_s_log_is_not_called_ours(scene: Scene) -> None:
    golden = Path(__file__).resolve().parents[1] / "golden" / "bundles" / "v2.zip"
    html = ask(golden.read_bytes()).content.decode()
    assert "This bundle holds, but it is of another log" in html


def test_a_hostile_bundle_gets_an_answer(scene: Scene) -> None:
    whole = got(as_(scene.cast.mara).post(addresses(scene)["master"]))

    def change(members: dict[str, bytes], listed: dict[str, Any]) -> None:
        listed["title"] = "<img src=x onerror=alert(1)>"
        listed["entries"][0]["body"] = "<script>"

    for data in (
        forge(whole, change),
        whole[: len(whole) // 2] + b"bundle.json",
        b"PK\x03\x04 bundle.json" + bytes(5_000_000),
    ):
        answer = ask(data)
        assert answer.status_code == 200
        assert "This bundle does not hold" in answer.content.decode()
        assert "<script>" not in answer.content.decode().replace("<script type", "")
        assert not json.loads(ask(data, json_=True).content)["bundle"]["intact"]


def test_a_bundle_beyond_the_limit_is_sent_home_with_its_verifier(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from label.views import check

    monkeypatch.setattr(check, "LIMIT_BUNDLE_BYTES", 1000)
    data = got(as_(scene.cast.mara).post(addresses(scene)["master"]))
    answer = ask(data)
    assert answer.status_code == 422
    assert "verifier.py" in answer.content.decode()


def test_a_bundle_that_costs_too_much_is_given_up_not_called_broken(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from label import bundle_check

    monkeypatch.setattr(bundle_check, "MEMORY_BYTES", 20 << 20)
    html = ask(got(as_(scene.cast.mara).post(addresses(scene)["master"]))).content.decode()
    assert "This bundle could not be checked here" in html
    assert "Run the verifier on a machine of your own." in html


def test_strangers_cannot_fill_the_house_with_checks(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each costs up to 20 s and a gigabyte; so many run at once, and nobody else's request waits for them."""
    from label import bundle_check

    monkeypatch.setattr(bundle_check, "WAIT_S", 0.0)
    data = got(as_(scene.cast.mara).post(addresses(scene)["master"]))
    with contextlib.ExitStack() as held:
        for _ in range(bundle_check.AT_ONCE):
            held.enter_context(bundle_check._slots)
        html = ask(data).content.decode()
        assert "This bundle could not be checked here" in html
        assert "Try again in a minute" in html
    assert "This bundle holds, and it is ours" in ask(data).content.decode()
