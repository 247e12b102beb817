"""Pictures: well-formed whatever the names are, held in golden files, and right in a real browser."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation import attribution as rules
from provenance.authorship import RegionFinding, fold
from provenance.elements import Origin
from provenance.lineage import Node, graph
from provenance.pictures import (
    energy_curve,
    legend,
    legend_picture,
    lineage_picture,
    stripe,
    stripe_rows,
    swatch,
    tick_step_ms,
)
from provenance.words import clock, count, join
from tests.provenance.authorship.ledgerlike import entry, made, sha
from tests.provenance.pictures.samples import song
from tests.support import chromium_path, needs

GOLDEN = Path(__file__).parents[2] / "golden" / "provenance"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    '"><svg onload="alert(1)">',
    "&amp; 'both' \"quotes\"",
    "قناة الصوت الرئيسية",
    "turned \u202e around",
    "nul \x00 and \x1b[31m",
    "\ud800 lone surrogate",
    "x" * 5000,
    "漢字のトラック名" * 9,
    "",
    "]]>",
]


def master_regions() -> tuple[RegionFinding, ...]:
    return fold(song(), sha("master")).regions


def regions(*spans: tuple[str, int, int]) -> tuple[RegionFinding, ...]:
    clips = [
        rules.Placed(track=track, role="bass", from_ms=a, to_ms=b, asset=sha("bass")) for track, a, b in spans
    ]
    render = entry("r", minute=1, authorship=rules.render(sha("r"), clips, hand_mixed=False))
    return fold([made("bass", "procedural"), render], sha("r")).regions


PICTURES = {
    "stripe-page": lambda: stripe(master_regions()),
    "stripe-print": lambda: stripe(master_regions(), for_print=True),
    "stripe-empty": lambda: stripe([]),
    "stripe-hostile": lambda: stripe(regions(*((name, n, 60_000) for n, name in enumerate(HOSTILE)))),
    "lineage-page": lambda: lineage_picture(
        graph(song(), sha("master")), href=lambda node: f"/proof/?node={node.id}"
    ),
    "lineage-print": lambda: lineage_picture(graph(song(), sha("master")), for_print=True),
    "lineage-groups": lambda: lineage_picture(graph(song(), sha("flac"), limit=6)),
    "lineage-unknown": lambda: lineage_picture(graph([], sha("stray"))),
    "energy": lambda: energy_curve([0.1, 0.4, 0.4, 0.9, 0.2], sections=["intro", "A", "A", "B", "tail"]),
    "energy-print": lambda: energy_curve([0.1, 0.9], for_print=True),
    "legend-print": legend_picture,
    "swatches": lambda: "<g>" + "".join(swatch(origin, for_print=True) for origin in Origin) + "</g>",
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_its_golden_file(name: str) -> None:
    """To accept a change on purpose: look at it, delete the golden file, run the test twice."""
    path = GOLDEN / f"{name}.svg"
    drawn = PICTURES[name]().replace("><", ">\n<") + "\n"
    if not path.exists():
        path.write_text(drawn, encoding="utf-8")
        pytest.fail(f"{path.name} was written; look at it and run again")
    assert drawn == path.read_text(encoding="utf-8")


def test_no_golden_file_is_left_of_a_picture_that_is_gone() -> None:
    assert {path.stem for path in GOLDEN.glob("*.svg")} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_well_formed_and_passes_a_strict_content_policy(name: str) -> None:
    root = ElementTree.fromstring(PICTURES[name]())
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in {"script", "style", "foreignObject", "image", "use"}
        for attribute, value in element.attrib.items():
            assert attribute != "style"
            assert not attribute.startswith("on")
            assert "javascript:" not in value


@pytest.mark.parametrize("name", [name for name in PICTURES if name != "swatches"])
def test_a_picture_has_a_title_and_points_only_at_ids_of_its_own(name: str) -> None:
    drawn = PICTURES[name]()
    root = ElementTree.fromstring(drawn)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert root.find(f"{SVG}title").text
    assert root.get("role") in {"img", "group"}
    pointed = set(re.findall(r"url\(#([^)]+)\)", drawn)) | {root.get("aria-labelledby")}
    assert pointed <= set(ids)


@pytest.mark.parametrize(
    "name", ["stripe-print", "lineage-print", "energy-print", "legend-print", "swatches"]
)
def test_a_picture_for_paper_has_plain_colours(name: str) -> None:
    assert "var(" not in PICTURES[name]()


def test_two_pictures_on_one_page_do_not_share_ids() -> None:
    first, second = stripe(regions(("a", 0, 9))), stripe(regions(("a", 0, 10)))
    assert not set(re.findall(r'id="([^"]+)"', first)) & set(re.findall(r'id="([^"]+)"', second))
    assert 'id="mine-t"' in stripe(regions(("a", 0, 9)), uid="mine")


# -- the stripe -------------------------------------------------------------------------------------------


def test_a_region_is_as_wide_as_it_is_long() -> None:
    root = ElementTree.fromstring(stripe(regions(("a", 0, 25_000), ("b", 50_000, 100_000)), width=119 + 800))
    boxes = [(float(r.get("x")), float(r.get("width"))) for r in root.iter(f"{SVG}rect") if r.get("class")]
    assert boxes == [(118, 200), (518, 400)]


def test_the_ruler_reaches_the_end_of_a_sound_that_outlasts_its_regions() -> None:
    root = ElementTree.fromstring(stripe(regions(("a", 0, 50_000)), duration_ms=100_000, width=919))
    (box,) = [r for r in root.iter(f"{SVG}rect") if r.get("class") == "region"]
    assert float(box.get("width")) == 400


def test_different_origins_at_once_share_the_row_and_a_cross_fade_does_not() -> None:
    crossed = ElementTree.fromstring(stripe(regions(("a", 0, 60), ("a", 50, 100))))
    assert {r.get("height") for r in crossed.iter(f"{SVG}rect") if r.get("class")} == {"17"}
    clips = [
        rules.Placed(track="a", role="bass", from_ms=0, to_ms=60, asset=sha("bass")),
        rules.Placed(track="a", role="bass", from_ms=50, to_ms=100, asset=sha("played")),
    ]
    render = entry("r", minute=1, authorship=rules.render(sha("r"), clips, hand_mixed=False))
    mixed = fold([made("bass", "procedural"), made("played", "human"), render], sha("r")).regions
    shared = ElementTree.fromstring(stripe(mixed))
    assert {r.get("height") for r in shared.iter(f"{SVG}rect") if r.get("class")} == {"8.5"}


def test_no_regions_are_said_and_not_drawn_as_an_empty_box() -> None:
    root = ElementTree.fromstring(stripe([]))
    assert "No arrangement is on record" in root.find(f"{SVG}text").text
    assert "No arrangement is on record" in root.find(f"{SVG}desc").text
    assert stripe_rows([]) == []


def test_the_table_says_track_time_origin_and_basis() -> None:
    row = stripe_rows(master_regions())[0]
    assert (row.track, row.starts, row.ends) == ("Bowed lead", "0:00", "0:49")
    assert (row.origin, row.origins, row.basis) == (Origin.HUMAN, "human", "observed")
    double = next(row for row in stripe_rows(master_regions()) if row.track == "Lead double")
    assert (double.origin, double.origins) == (Origin.MIXED, "human and procedural")
    assert stripe_rows(master_regions())[-1].basis == "no entry"


@pytest.mark.parametrize(
    ("length_ms", "step_ms"),
    [
        (500, 50),
        (5_000, 500),
        (30_000, 5_000),
        (128_000, 15_000),
        (3_600_000, 600_000),
        (28_800_000, 3_600_000),
    ],
)
def test_the_rulers_step_is_round_and_leaves_room_for_its_labels(length_ms: int, step_ms: int) -> None:
    step = tick_step_ms(length_ms, 781)
    assert step == max(step_ms, 100)
    assert step * 781 / length_ms >= 74


def test_a_sound_of_an_hour_counts_hours_and_one_of_five_seconds_tenths() -> None:
    assert ">1:00:00<" not in stripe(regions(("a", 0, 3_600_000))), "a label at the very end has no room"
    assert ">50:00<" in stripe(regions(("a", 0, 3_600_000)))
    assert ">1:00:00<" in stripe(regions(("a", 0, 5_400_000)))
    assert ">0:00.5<" in stripe(regions(("a", 0, 5_000)))


def test_a_hundred_days_of_sound_still_have_a_ruler_that_can_be_drawn() -> None:
    assert stripe(regions(("a", 0, 100 * 86_400_000))).count("<line") < 2_500


@given(st.lists(st.tuples(st.text(max_size=30), st.integers(0, 10**9), st.integers(1, 10**9)), max_size=8))
@settings(deadline=None, max_examples=100)
def test_any_track_name_and_time_give_a_well_formed_stripe(spans: list[tuple[str, int, int]]) -> None:
    found = regions(*((name, start, start + length) for name, start, length in spans)) if spans else ()
    drawn = stripe(found, href=lambda region: f"/at/?{region.track}")
    root = ElementTree.fromstring(drawn)
    for box in root.iter(f"{SVG}rect"):
        if box.get("class"):
            assert float(box.get("x")) >= 118
            assert float(box.get("width")) >= 1


# -- lineage, links, the small ones -----------------------------------------------------------------------


@pytest.mark.parametrize("title", HOSTILE)
def test_any_name_of_a_node_gives_a_well_formed_lineage(title: str) -> None:
    names = {sha("lead"): title, "version:9": title}
    ElementTree.fromstring(
        lineage_picture(graph(song(), sha("master"), names=names), href=lambda node: "/x/")
    )


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "//evil.invalid/", " /x", "/a b"]
)
def test_a_link_leads_to_this_site_or_the_web_and_never_to_a_script(target: str) -> None:
    drawn = lineage_picture(graph(song(), sha("master")), href=lambda node: target)
    assert "<a " not in drawn


def test_links_make_the_picture_a_group_so_that_they_can_be_reached() -> None:
    def only_steps(node: Node) -> str | None:
        return "/runs/4/" if node.title == "Prompt run 4" else None

    root = ElementTree.fromstring(lineage_picture(graph(song(), sha("master")), href=only_steps))
    assert root.get("role") == "group"
    (link,) = root.iter(f"{SVG}a")
    assert link.get("href") == "/runs/4/"
    assert link.get("aria-label").startswith("Prompt run 4, sketch")
    assert ElementTree.fromstring(lineage_picture(graph(song(), sha("master")))).get("role") == "img"


def test_the_energy_curve_passes_through_its_values_and_never_leaves_their_range() -> None:
    root = ElementTree.fromstring(energy_curve([0, 1, 1, 0]))
    numbers = [float(n) for n in re.findall(r"-?[\d.]+", root.find(f"{SVG}path").get("d"))]
    heights = numbers[1::2]
    assert (min(heights), max(heights)) == (3, 30)
    assert "0 %, 100 %, 100 % and 0 %" in root.find(f"{SVG}desc").text


@pytest.mark.parametrize("values", [[], [0.5], [2, -1], [0.3] * 200])
def test_odd_energy_arcs_are_drawn(values: list[float]) -> None:
    ElementTree.fromstring(energy_curve(values))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_energy_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        energy_curve([0.5, value])


def test_the_legend_names_every_origin_beside_its_sample() -> None:
    root = ElementTree.fromstring(legend())
    assert [item[0].tail for item in root] == [origin.label for origin in Origin]


def test_words_for_times_counts_and_lists() -> None:
    assert [clock(ms) for ms in (0, 59_999, 60_000, 3_661_000)] == ["0:00", "0:59", "1:00", "1:01:01"]
    assert [count(n, "entry", "entries") for n in (0, 1, 1200)] == ["0 entries", "1 entry", "1,200 entries"]
    assert [join(list("abcd")[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert join("abcd", limit=2) == "a, b and 2 more"


@needs("chromium")
def test_a_browser_draws_every_origin_differently_under_a_strict_content_policy() -> None:
    from playwright.sync_api import sync_playwright

    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
    drawn = stripe(master_regions()) + lineage_picture(graph(song(), sha("master")), href=lambda node: "/x/")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            complaints: list[str] = []
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.set_content(f"<!doctype html>{policy}{drawn}")
            seen = {
                origin: page.locator(f".region[data-origin={origin}]").first.screenshot() for origin in Origin
            }
            assert page.locator(".picture-lineage a").count() == 11
            page.keyboard.press("Tab")
            assert "Unknown source" in page.evaluate("document.activeElement.getAttribute('aria-label')")
            for node in page.locator(".picture-lineage .node").all():
                box, text = node.bounding_box(), node.locator("text").first.bounding_box()
                assert text["x"] + text["width"] <= box["x"] + box["width"], "the title stays inside its box"
        finally:
            browser.close()
    assert not complaints
    assert len(set(seen.values())) == len(Origin)
