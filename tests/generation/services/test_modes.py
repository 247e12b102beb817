"""Every mode through the worker: what is given and read, what the takes are by the real fold, what fails and stays."""

from __future__ import annotations

import dataclasses
import io
from typing import Any

import mido
import pytest
from django.db import transaction
from django.test import Client

from generation import modes, reading, services
from generation.attribution_modes import STEPS
from generation.errors import BadValue
from generation.models import PromptRun, Upload
from generation.services import making
from provenance import authorship, ledger, queries
from provenance.elements import Origin
from provenance.models import Entry, Job
from tests.cast import Cast
from tests.generation.conftest import tone_wav
from tests.generation.services.conftest import Ask, given
from tests.support import run_jobs

H, M, P = Origin.HUMAN, Origin.TRAINED_MODEL, Origin.PROCEDURAL


def folded(sha256: str) -> authorship.AuthorshipMap:
    return authorship.fold(queries.bodies_for_asset(sha256), sha256)


def origins(sha256: str) -> dict[str, set[Origin]]:
    return {name: set(found.origins) for name, found in folded(sha256).elements.items()}


def stretches(sha256: str) -> list[tuple[int, int, set[Origin]]]:
    return [(region.from_ms, region.to_ms, set(region.origins)) for region in folded(sha256).regions]


# -- who made it -------------------------------------------------------------------------------------------------------


def test_every_mode_has_a_row_of_the_rules() -> None:
    assert set(STEPS) == set(modes.MODES)


@pytest.mark.parametrize(("engine", "origin"), [("model", M), ("modes", P)])
def test_a_hummed_melody_stays_human_and_the_rest_is_the_engines(
    make: Ask, upload: Any, engine: str, origin: Origin
) -> None:
    take = make(modes.MELODY, given("melody", upload()), engine=engine)
    found = origins(take.asset.sha256)
    assert found.pop("melody") == {H}
    assert set(map(frozenset, found.values())) == {frozenset({origin})}
    assert take.midi is not None
    assert origins(take.midi.sha256)["melody"] == {H}
    assert folded(take.asset.sha256).is_known
    body = ledger.body_of(take.made_by)
    assert [one["role"] for one in body["inputs"]] == ["melody"]


def test_a_hummed_bass_line_is_a_melody_too(make: Ask, upload: Any) -> None:
    take = make(modes.MELODY, given("melody", upload("bass")))
    assert origins(take.asset.sha256)["melody"] == {H}
    assert folded(take.asset.sha256).is_known


def test_what_is_extended_is_the_artists_for_its_range_and_the_models_after_it(
    make: Ask, upload: Any
) -> None:
    take = make(modes.CONTINUATION, given("source", upload(seconds=2.0)))
    assert take.asset.duration_ms == 3000
    found = origins(take.asset.sha256)
    assert found["melody"] == {H, M}
    assert found["performance:lead_vocal"] == {H, M}, "an extended vocal is a vocal"
    assert stretches(take.asset.sha256) == [(0, 2000, {H}), (2000, 3000, {M})]
    assert take.kept == [{"role": "source", "from_ms": 0, "to_ms": 2000, "at_ms": 0}]


def test_a_replaced_section_of_an_own_recording_is_mixed_with_the_right_ranges(
    make: Ask, upload: Any
) -> None:
    take = make(modes.REPLACEMENT, given("source", upload("full_mix", seconds=4.0)), section_ms=(1000, 1500))
    assert origins(take.asset.sha256)["production"] == {H, M}
    assert stretches(take.asset.sha256) == [(0, 1000, {H}), (1000, 1500, {M}), (1500, 4000, {H})]


def test_ranges_show_through_an_extension_of_an_extension_and_through_a_render(
    make: Ask, upload: Any, project: Any, cast: Cast
) -> None:
    first = make(modes.CONTINUATION, given("source", upload("full_mix", seconds=2.0)))
    take = make(modes.CONTINUATION, given("source", first, from_ms=1000, to_ms=3000), engine="modes")
    assert stretches(take.asset.sha256) == [(0, 1000, {H}), (1000, 2000, {M}), (2000, 3000, {P})]

    arrangement = services.create_arrangement(project, title="A", takes=[], actor=cast.mara)
    document = dict(services.head_of(arrangement).document)
    clip = {"id": "c", "asset": take.asset.sha256, "name": "c", "start_samples": 22_050,
            "offset_samples": 22_050, "length_samples": 88_200, "gain_millibel": 0, "fade_in_samples": 0,
            "fade_out_samples": 0, "mute": False}  # fmt: skip
    document["tracks"] = [{"id": "t", "name": "Song", "role": "full_mix", "gain_millibel": 0, "pan_percent": 0,
                           "mute": False, "clips": [clip]}]  # fmt: skip
    version = services.save_version(arrangement, document=document, base_version=1, actor=cast.mara)
    render = services.request_render(version, actor=cast.mara)
    run_jobs()
    render.refresh_from_db()
    assert render.asset is not None
    assert stretches(render.asset.sha256) == [(500, 1000, {H}), (1000, 2000, {M}), (2000, 2500, {P})]


def test_what_an_engine_calls_untouched_is_compared(make: Ask, upload: Any) -> None:
    take = make(modes.CONTINUATION, given("source", upload(seconds=2.0)), parameters={"lie": True})
    assert take.kept == []
    assert stretches(take.asset.sha256) == []
    assert origins(take.asset.sha256)["melody"] == {H, M}


def test_a_reference_is_an_input_and_never_an_origin(make: Ask, upload: Any) -> None:
    take = make(modes.REFERENCE, given("reference", upload("full_mix")))
    assert set(map(frozenset, origins(take.asset.sha256).values())) == {frozenset({M})}
    assert ledger.body_of(take.made_by)["inputs"][0]["role"] == "reference"


def test_turned_sound_is_of_both_as_nobody_can_tell_them_apart(make: Ask, upload: Any) -> None:
    take = make(modes.AUDIO_TO_AUDIO, given("source", upload("lead")))
    assert set(map(frozenset, origins(take.asset.sha256).values())) == {frozenset({H, M})}


def test_lyrics_typed_in_are_the_artists_by_declaration(make: Ask) -> None:
    take = make(modes.LYRICS, lyrics="Slow harbour,\nno light", language="en")
    found = folded(take.asset.sha256)
    assert found.elements["lyrics"].origin is H
    assert [basis.value for basis in found.elements["lyrics"].bases] == ["declared"]
    assert found.elements["melody"].origin is M
    assert [basis.value for basis in found.elements["melody"].bases] == ["observed"]


def test_a_part_is_the_engines_and_follows_the_harmony_it_was_made_for(make: Ask, upload: Any) -> None:
    take = make(modes.PARTS, given("source", upload("keys")), targets=["bass"])
    assert origins(take.asset.sha256) == {"harmony": {M, H}, "performance:bass": {M}, "production": {M}}
    assert take.role == "bass"
    assert next(one.role for one in services.materials(take.run.project) if one.pk == str(take.pk)) == "bass"


def test_stems_inherit_each_what_its_role_carries(make: Ask, upload: Any) -> None:
    take = make(modes.STEMS, given("source", upload("full_mix")))
    assert set(map(frozenset, origins(take.asset.sha256).values())) == {frozenset({H})}
    assert {stem.role: origins(stem.asset.sha256) for stem in take.stems.all()} == {
        "bass": {"harmony": {H}, "performance:bass": {H}, "production": {H}},
        "drums": {"performance:drums": {H}, "production": {H}},
    }


def test_notes_of_a_recording_inherit_what_is_composed_and_sound_like_their_renderer(
    make: Ask, upload: Any
) -> None:
    take = make(modes.TO_NOTES, given("source", upload("lead")))
    assert origins(take.asset.sha256) == {"melody": {H}, "performance:lead": {P}, "production": {P}}
    assert take.midi is not None
    assert origins(take.midi.sha256) == {"melody": {H}}


def test_sounds_and_ambience_are_the_engines(make: Ask) -> None:
    take = make(modes.SOUND_EFFECTS)
    assert origins(take.asset.sha256) == {"performance:effects": {M}, "production": {M}}
    assert take.role == "effects"


@pytest.mark.parametrize(
    "mode",
    [modes.VARY, modes.HUMANISE, modes.PLAY_NOTES, modes.CONTINUE_NOTES, modes.HARMONISE, modes.ACCOMPANY],
)
def test_modes_of_notes_keep_what_was_composed(make: Ask, upload: Any, mode: str) -> None:
    written = make(modes.TO_NOTES, given("source", upload("full_mix")))
    role = "melody" if mode == modes.HARMONISE else "notes"
    take = make(mode, given(role, written, kind="notes"), engine="modes")
    found = origins(take.asset.sha256)
    composed = {
        modes.VARY: {"melody": {H, P}, "harmony": {H, P}, "arrangement": {H, P}},
        modes.CONTINUE_NOTES: {"melody": {H, P}, "harmony": {H, P}, "arrangement": {H, P}},
        modes.HUMANISE: {"melody": {H}, "harmony": {H}, "arrangement": {H}},
        modes.PLAY_NOTES: {"melody": {H}, "harmony": {H}, "arrangement": {H}},
        modes.HARMONISE: {"melody": {H}, "harmony": {P}, "arrangement": {P}},
        modes.ACCOMPANY: {"melody": {P}, "harmony": {H}, "arrangement": {P}},
    }[mode]
    assert found == composed | {"performance:full_mix": {P}, "production": {P}}
    if take.midi is not None and take.midi != written.midi:
        assert origins(take.midi.sha256) == composed


def test_chords_that_were_written_are_also_the_artists(make: Ask) -> None:
    written = make(modes.CHORDS, engine="modes", chords="Dm | Bb | F | C", base_seed=1)
    assert origins(written.asset.sha256)["harmony"] == {H, P}
    found = make(modes.CHORDS, engine="modes", base_seed=2)
    assert origins(found.asset.sha256)["harmony"] == {P}


# -- what is given -----------------------------------------------------------------------------------------------------


def test_a_stretch_is_cut_to_the_sample_at_the_rate_of_its_file(make: Ask, upload: Any, engines: Any) -> None:
    make(modes.CONTINUATION, given("source", upload(seconds=3.0), from_ms=500, to_ms=1750))
    one = engines["model"].asked[-1].inputs[0]
    assert one.audio.shape == (2, 55_125)
    assert one.sample_rate_hz == 44_100


def test_a_stretch_of_notes_is_cut_in_time(make: Ask, upload: Any, engines: Any) -> None:
    written = make(modes.TO_NOTES, given("source", upload("full_mix", seconds=2.0)))
    make(modes.VARY, given("notes", written, kind="notes", from_ms=250, to_ms=1250), engine="modes")
    one = engines["modes"].asked[-1].inputs[0]
    assert one.audio is None
    file = mido.MidiFile(file=io.BytesIO(one.notes))
    assert file.length == pytest.approx(1.0, abs=0.01)
    assert sum(message.type == "note_on" for message in file.tracks[0]) == 3


def test_the_request_reaches_the_engine_whole_and_stands_in_the_ledger(
    run: Any, upload: Any, engines: Any
) -> None:
    asked = run(
        modes.REPLACEMENT, given("source", upload(seconds=4.0)), section_ms=(1000, 2000), lyrics="la la",
        language="de", parameters={"guidance": 4.5}, prompt="brighter",
    )  # fmt: skip
    run_jobs()
    request = engines["model"].asked[-1]
    assert (request.section_s, request.lyrics, request.language) == ((1.0, 2.0), "la la", "de")
    assert (request.prompt, request.parameters["guidance"], request.duration_s) == ("brighter", 4.5, 4.0)
    body = ledger.body_of(PromptRun.objects.get(pk=asked.pk).entry)
    assert (body["kind"], body["event_version"]) == ("run.requested", 2)
    public = body["public"]
    assert (public["section_from_ms"], public["section_to_ms"], public["language"]) == (1000, 2000, "de")
    assert public["given"][0]["kind"] == "audio"
    assert set(body["private"]) == {"prompt", "lyrics"}
    assert "la la" not in bytes(asked.entry.body).decode()


def test_things_of_the_artists_other_projects_can_be_given_and_strangers_never(
    run: Any, project: Any, engines: Any, cast: Cast
) -> None:
    def bring(where: Any, who: Any) -> Upload:
        return services.import_upload(
            where, file=io.BytesIO(tone_wav(seconds=2.0, hz=400)), filename="a.wav", name="a", role="lead",
            declared="own_performance", actor=who,
        )  # fmt: skip

    other = services.create_project(title="Other", artist=cast.artist, actor=cast.mara)
    assert run(modes.MELODY, given("melody", bring(other, cast.mara))).pk
    foreign = services.create_project(title="Foreign", artist=cast.other_artist, actor=cast.stranger)
    theirs = bring(foreign, cast.stranger)
    with pytest.raises(BadValue, match="no such upload") as stranger:
        run(modes.MELODY, given("melody", theirs))
    with pytest.raises(BadValue, match="no such upload") as nothing:
        run(modes.MELODY, services.RunGiven(role="melody", ref="upload:00000000-0000-4000-8000-000000000000"))
    assert stranger.value.message == nothing.value.message


def test_what_a_project_can_give_is_listed(make: Ask, upload: Any, cast: Cast) -> None:
    take = make(modes.TO_NOTES, given("source", upload("full_mix")))
    found = {
        thing.ref: thing
        for thing in reading.givens(take.run.project, kinds=("audio", "notes"), user=cast.mara)
    }
    assert found[f"take:{take.pk}"].kinds == ("audio", "notes")
    assert found[f"take:{take.pk}"].duration_ms == 2000
    assert found[f"take:{take.pk}"].url_audio == f"/takes/{take.pk}/audio/"
    notes = reading.givens(take.run.project, kinds=("notes",), user=cast.mara)
    assert [thing.ref for thing in notes] == [f"take:{take.pk}"]
    assert reading.givens(take.run.project, kinds=("audio",), user=cast.stranger) == []


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "role", "changes", "field", "message"),
    [
        (modes.CONTINUATION, None, {}, "source", "needs: what to extend"),
        (modes.CONTINUATION, "melody", {}, "inputs", "is not given any 'melody'"),
        (modes.CONTINUATION, "source", {"duration_s": None}, "duration_s", "0.5 to 60"),
        (modes.REPLACEMENT, "source", {}, "section_ms", "Say which section"),
        (modes.REPLACEMENT, "source", {"section_ms": (1000, 9000)}, "section_ms", "ends at 9.0 s, after the end"),
        (modes.REPLACEMENT, "source", {"section_ms": (2000, 1000)}, "section_ms", "ends after it starts"),
        (modes.REPLACEMENT, "source", {"section_ms": ("0", 1)}, "section_ms", "whole milliseconds"),
        (modes.REPLACEMENT, "source", {"section_ms": (0, 1000), "duration_s": 5.0}, "duration_s", "leave the length"),
        (modes.CONTINUATION, "source", {"section_ms": (0, 1)}, "section_ms", "takes no section"),
        (modes.LYRICS, None, {"lyrics": "x" * 100_000}, "lyrics", "100000 characters; 20000 are possible"),
        (modes.LYRICS, None, {}, "lyrics", "Write the words"),
        (modes.LYRICS, None, {"lyrics": "la", "language": "tlh"}, "language", "does not sing 'tlh'"),
        (modes.TEXT_TO_MUSIC, None, {"lyrics": "la"}, "lyrics", "reads no lyrics here"),
        (modes.STEMS, "source", {"prompt": "drums"}, "prompt", "reads no prompt here"),
        (modes.STEMS, "source", {"variations": 2}, "variations", "would be the same"),
        (modes.STEMS, "source", {"targets": ["kazoo"]}, "targets", "no part 'kazoo'"),
        (modes.TEXT_TO_MUSIC, None, {"chords": "Am"}, "chords", "reads no chords"),
        (modes.LYRICS, None, {"lyrics": "la", "negative_prompt": "noise"}, "negative_prompt", "reads no negative"),
        (modes.TEXT_TO_MUSIC, None, {"parameters": {"model": "gone"}}, "parameters", "Gone is not here: download"),
        ("interpretive_dance", None, {}, "mode", "does not do that"),
    ],
)  # fmt: skip
def test_a_bad_request_says_what_to_change_and_leaves_nothing(
    project: Any, engines: Any, upload: Any, cast: Cast, mode: str, role: str | None, changes: dict[str, Any],
    field: str, message: str,
) -> None:  # fmt: skip
    inputs = [given(role, upload(seconds=4.0))] if role else []
    known = modes.MODES.get(mode)
    values: dict[str, Any] = {
        "brief": None, "engine": "model", "mode": mode, "variations": 1, "inputs": inputs, "actor": cast.mara,
        "duration_s": None if known and known.length == "source" else 2.0,
        "prompt": "" if known and known.prompt == "none" else "warm",
    }  # fmt: skip
    before = Entry.objects.count()
    with pytest.raises(BadValue) as refused:
        services.request_run(project, **values | changes)
    assert (refused.value.field, message in refused.value.message) == (field, True), refused.value.message
    assert Entry.objects.count() == before
    assert not PromptRun.objects.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ref": "take:nonsense"}, "no such take"),
        ({"ref": "song:1"}, "Name what is given"),
        ({"ref": ""}, "Name what is given"),
        ({"kind": "notes"}, "has no notes"),
        ({"from_ms": 500, "to_ms": 5000}, "ends at 5.0 s"),
        ({"from_ms": 900, "to_ms": 200}, "end after it starts"),
        ({"from_ms": 0, "to_ms": 300}, "0.3 seconds long; give 1 to 300"),
        ({"from_ms": "0", "to_ms": 1500}, "whole milliseconds"),
    ],
)
def test_a_thing_that_cannot_be_given_is_refused_at_its_role(
    run: Any, upload: Any, changes: dict[str, Any], message: str
) -> None:
    one = dataclasses.replace(given("melody", upload()), **changes)
    with pytest.raises(BadValue, match=message) as refused:
        run(modes.MELODY, one)
    assert refused.value.field == "melody"


def test_somebody_elses_recording_needs_a_licence_that_covers_it(run: Any, upload: Any) -> None:
    lent = upload("lead", declared="third_party", licence="L-7")
    with pytest.raises(BadValue, match="does not cover giving it to AI tools") as refused:
        run(modes.MELODY, given("melody", lent))
    assert refused.value.code == "not_licensed_as_input"
    assert run(modes.MELODY, given("melody", lent), engine="modes").pk, "rules and chance learn nothing"


def test_a_voice_that_is_given_needs_its_owners_consent(run: Any, upload: Any, cast: Cast) -> None:
    from artists.services.consents import ConsentMissing
    from generation.models import MaterialMark

    voice = upload()
    with transaction.atomic():
        MaterialMark.objects.create(
            project=voice.project, ref=f"upload:{voice.pk}", kind="voice_reference",
            entry=ledger.record(_marked(voice), actor=cast.mara),
        )  # fmt: skip
    with pytest.raises(ConsentMissing):
        run(modes.REFERENCE, given("reference", voice))


def _marked(voice: Upload) -> Any:
    from generation import events

    return events.MaterialMarked(
        stream=voice.project.stream, subjects=(f"upload:{voice.pk}",), title="a", material="voice_reference",
        material_words="voice", before="",
    )  # fmt: skip


def test_the_terms_of_the_chosen_model_are_bound(run: Any) -> None:
    assert run(modes.TEXT_TO_MUSIC).terms.tool.key == "musicgen"
    assert run(modes.TEXT_TO_MUSIC, parameters={"model": "other"}).terms.tool.key == "fabelton-choir"


def test_weights_whose_licence_nobody_accepted_are_not_used(run: Any, cast: Cast) -> None:
    from generation.errors import NotPossible
    from generation.models import Tool

    services.withdraw_licence(Tool.objects.get(key="musicgen"), reason="read anew", actor=cast.rights)
    with pytest.raises(NotPossible, match="Nobody here accepted the licence"):
        run(modes.TEXT_TO_MUSIC)


# -- takes that fail, words that go ------------------------------------------------------------------------------------


def test_one_failed_take_costs_no_other_and_the_run_says_so(run: Any, cast: Cast, client: Client) -> None:
    asked = run(modes.TEXT_TO_MUSIC, variations=3, parameters={"fail": 2})
    run_jobs()
    assert Job.objects.get(pk=asked.job_id).state == "done"
    assert [take.number for take in asked.takes.all()] == [1, 3]
    failure = asked.failures.get()
    assert (failure.number, failure.seed, failure.code) == (2, asked.seeds[1], "silent")
    assert failure.message == "It came out silent."
    ended = ledger.body_of(Entry.objects.get(kind="run.finished"))
    assert {name: ended["public"][name] for name in ("takes", "failed", "variations")} == {
        "takes": 2, "failed": 1, "variations": 3,
    }  # fmt: skip
    client.force_login(cast.mara)
    page = client.get(f"/runs/{asked.pk}/").content.decode()
    assert "It came out silent." in page
    assert "Memory was too short for 4 at once: they were made 1 at a time." in page
    ledger.shred(failure.entry, actor=cast.owner)
    assert asked.failures.get().message == ""


def test_a_run_of_which_no_take_came_fails_and_says_why(run: Any) -> None:
    asked = run(modes.TEXT_TO_MUSIC, parameters={"fail": 1})
    run_jobs()
    job = Job.objects.get(pk=asked.job_id)
    assert (job.state, job.error_message) == (
        "failed",
        "None of the takes could be made. It came out silent.",
    )
    assert Entry.objects.filter(kind="take.failed").count() == 1


def test_a_run_whose_lyrics_were_erased_says_so(run: Any, cast: Cast) -> None:
    asked = run(modes.LYRICS, lyrics="soon gone")
    ledger.shred(asked.entry, actor=cast.owner, names=["lyrics"])
    run_jobs()
    job = Job.objects.get(pk=asked.job_id)
    assert job.state == "failed"
    assert "lyrics of this run" in job.error_message
    assert making.run_to_make(str(asked.pk)).words_erased == ("lyrics",)
