"""The graph of a song: what stands in it, where it is placed, and what happens to large and hostile ones."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings

from generation import attribution as rules
from provenance.authorship import EntryBody, fold
from provenance.elements import Origin
from provenance.lineage import Edge, Lineage, NodeKind, graph, layout, lineage_rows
from provenance.lineage.layout import NODE_HEIGHT, NODE_WIDTH
from tests.provenance.authorship.ledgerlike import derived, entry, made, sha
from tests.provenance.authorship.test_fold import LEDGERS, NAMES
from tests.provenance.pictures.samples import song


def titles(found: Lineage) -> dict[str, str]:
    return {node.title: node.note for node in found.nodes.values()}


def links(found: Lineage) -> set[tuple[str, str]]:
    return {(found.nodes[e.source].title, found.nodes[e.target].title) for e in found.edges}


def test_a_song_reads_from_its_prompt_run_to_its_master() -> None:
    found = graph(song(), sha("master"))
    assert titles(found) == {
        "Unknown source": f"no entry · {sha('stray')[:4]}…{sha('stray')[-3:]}",
        "Prompt run 4": "sketch · 12 takes",
        "Take 5, lead": "sketch 1.0 · seed 57",
        "Take 5, 2 stems": "sketch 1.0 · seed 57",
        "Upload, lead": "declared",
        "Upload, 2 stems": "imported",
        "Upload, percussion": "declared",
        "Arrangement v9": "41 edits",
        "Render": "of version 9",
        "Master 1": "−14.0 LUFS",
    }
    assert links(found) == {
        ("Prompt run 4", "Take 5, lead"),
        ("Prompt run 4", "Take 5, 2 stems"),
        ("Take 5, lead", "Upload, lead"),
        ("Take 5, 2 stems", "Arrangement v9"),
        ("Upload, lead", "Arrangement v9"),
        ("Upload, 2 stems", "Arrangement v9"),
        ("Upload, percussion", "Arrangement v9"),
        ("Unknown source", "Arrangement v9"),
        ("Arrangement v9", "Render"),
        ("Render", "Master 1"),
    }
    origins = {node.title: node.origin for node in found.nodes.values()}
    assert origins["Take 5, 2 stems"] is Origin.PROCEDURAL
    assert origins["Upload, 2 stems"] is Origin.TRAINED_MODEL
    assert origins["Prompt run 4"] is None, "asking is evidence of process and has no origin"
    assert origins["Master 1"] is Origin.UNKNOWN, "one clip without an entry"


def test_what_the_same_step_made_from_its_own_output_comes_from_that_output() -> None:
    found = graph(song(), sha("flac"))
    flac = next(node for node in found.nodes.values() if sha("flac") in node.refs)
    sources = [found.nodes[edge.source] for edge in found.edges if edge.target == flac.id]
    assert [node.refs for node in sources] == [(sha("master"),)]


def test_a_style_reference_is_drawn_as_one() -> None:
    run = entry(
        "take.generated",
        minute=1,
        subjects=("run:1",),
        authorship=rules.apply(rules.Step.STYLE_REFERENCE, {sha("take"): "full_mix"}),
        inputs={sha("mood"): "reference"},
    )
    found = graph([made("mood", "human"), run], sha("take"))
    (dashed,) = [edge for edge in found.edges if edge.reference]
    assert (found.nodes[dashed.source].refs, dashed.target) == ((sha("mood"),), "run:1")
    assert lineage_rows(found)[1].made_from == ("Mood, bass (as a reference)",)
    assert fold([made("mood", "human"), run], sha("take")).assets == (sha("take"),), (
        "an input, never an origin"
    )


def test_a_reference_that_no_entry_accounts_for_is_unknown_in_the_picture_only() -> None:
    run = entry(
        "take.generated",
        authorship=rules.text_to_music({sha("take"): "full_mix"}),
        inputs={sha("stray"): "reference"},
    )
    found = graph([run], sha("take"))
    assert [node.kind for node in found.nodes.values()] == [NodeKind.UNKNOWN, NodeKind.ASSET]


def test_names_that_the_reader_may_see_replace_the_plain_titles() -> None:
    found = graph(song(), sha("master"), names={sha("lead"): "Bowed lead, rec.", "version:9": "Longer tail"})
    assert {"Bowed lead, rec.", "Longer tail"} <= set(titles(found))


def test_an_asset_that_nobody_mentions_is_one_unknown_node() -> None:
    found = graph([], sha("stray"))
    (node,) = found.nodes.values()
    assert node.kind is NodeKind.UNKNOWN
    assert node.entries == ()


def test_the_order_of_the_entries_does_not_change_the_graph() -> None:
    shuffled = song()
    random.Random(1).shuffle(shuffled)
    assert graph(shuffled, sha("flac")) == graph(song(), sha("flac"))


def test_the_table_says_what_the_picture_shows() -> None:
    rows = {row.title: row for row in lineage_rows(graph(song(), sha("master")))}
    assert rows["Render"].made_from == ("Arrangement v9",)
    assert rows["Take 5, 2 stems"].origin == "procedural"
    assert rows["Prompt run 4"].entries == 2


# -- placing ----------------------------------------------------------------------------------------------


def test_everything_stands_to_the_right_of_what_it_was_made_of_and_nothing_overlaps() -> None:
    placed = layout(graph(song(), sha("flac")))
    left = {node.node.id: node.x for node in placed.nodes}
    for edge in placed.edges:
        assert left[edge.edge.source] + NODE_WIDTH < left[edge.edge.target]
        assert edge.points[0][0] == left[edge.edge.source] + NODE_WIDTH
        assert edge.points[-1][0] == left[edge.edge.target]
    assert_apart(placed)
    assert min(node.y for node in placed.nodes) >= 0
    assert max(node.y for node in placed.nodes) + NODE_HEIGHT == placed.height


def assert_apart(placed: object) -> None:
    columns: dict[float, list[float]] = {}
    for node in placed.nodes:
        columns.setdefault(node.x, []).append(node.y)
    for column in columns.values():
        for above, below in pairwise(sorted(column)):
            assert below - above >= NODE_HEIGHT


def wide_song(takes: int) -> list[EntryBody]:
    entries, clips = [], []
    for n in range(takes):
        entries.append(
            entry(
                "take.generated",
                minute=n,
                subjects=(f"run:{n // 5}", f"take:{n}"),
                public={"number": n, "engine": "sketch", "seed": n},
                authorship=rules.sketch({sha(f"take {n}"): "bass"}),
            )
        )
        clips.append(rules.Placed(track="Bass", role="bass", from_ms=n, to_ms=n + 9, asset=sha(f"take {n}")))
    entries.append(
        entry(
            "render.finished",
            minute=9999,
            subjects=("version:1",),
            authorship=rules.render(sha("render"), clips, hand_mixed=True),
        )
    )
    return entries


def test_three_hundred_nodes_are_built_and_placed_within_a_tenth_of_a_second() -> None:
    entries = wide_song(247)
    found = graph(entries, sha("render"))
    assert len(found.nodes) == 247 + 50 + 2
    best = min(_seconds(entries) for _ in range(3))
    assert best < 0.1


def _seconds(entries: list[EntryBody]) -> float:
    before = time.process_time()  # a busy neighbour is not our slowness
    layout(graph(entries, sha("render")))
    return time.process_time() - before


@pytest.mark.parametrize("limit", [2, 12, 60, 300])
def test_more_nodes_than_the_limit_are_grouped_and_none_is_lost(limit: int) -> None:
    found = graph(wide_song(400), sha("render"), limit=limit)
    assert len(found.nodes) <= limit
    assert found.total == 400 + 80 + 2
    assert sum(node.count for node in found.nodes.values()) == found.total
    assert len({ref for node in found.nodes.values() for ref in node.refs}) == found.total
    target = next(node for node in found.nodes.values() if sha("render") in node.refs)
    assert target.kind is NodeKind.ASSET
    assert_apart(layout(found))


def test_a_group_says_what_it_stands_for() -> None:
    found = graph(wide_song(20), sha("render"), limit=8)
    assert {n.title for n in found.nodes.values() if n.kind is NodeKind.GROUP} == {"1 prompt run and 5 takes"}


def test_a_chain_of_five_thousand_steps_becomes_a_readable_picture_quickly() -> None:
    entries = [made("0", "human"), *(derived(str(n), str(n - 1), minute=n) for n in range(1, 5000))]
    before = time.process_time()
    found = graph(entries, sha("4999"))
    placed = layout(found)
    assert time.process_time() - before < 3  # of our own work, whatever else the machine does
    assert len(found.nodes) <= 3
    assert found.total == 5000
    assert placed.width < 2000


def test_a_dense_hostile_graph_is_placed_without_blowing_up() -> None:
    entries = [made("0", "human")]
    entries += [derived(str(n), *(str(m) for m in range(n)), minute=n) for n in range(1, 120)]
    before = time.process_time()
    placed = layout(graph(entries, sha("119")))
    assert time.process_time() - before < 3  # of our own work, whatever else the machine does
    assert_apart(placed)


@given(LEDGERS)
@settings(deadline=None, max_examples=80)
def test_any_ledger_loops_included_gives_a_graph_that_can_be_placed(ledger: list[EntryBody]) -> None:
    for name in NAMES[:2]:
        found = graph(ledger, sha(name))
        assert {end for e in found.edges for end in (e.source, e.target)} <= set(found.nodes)
        assert all(isinstance(edge, Edge) for edge in found.edges)
        placed = layout(found)
        assert len(placed.nodes) == len(found.nodes)
        assert_apart(placed)
        assert len(graph(ledger, sha(name), limit=3).nodes) <= 3
