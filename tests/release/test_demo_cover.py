"""The demo label's covers pass the house's own check."""

from __future__ import annotations

from release.artwork import check_artwork
from release.demo_cover import demo_cover


def test_a_cover_passes_the_check_and_is_the_same_for_the_same_seed():
    cover = demo_cover("Runout", 7, artist="Nula Quark", etching="DWX-001-A")
    artwork = check_artwork(cover, filename="cover.jpg")
    assert (artwork.width_px, artwork.codec) == (3000, "JPEG")
    assert demo_cover("Runout", 7, artist="Nula Quark", etching="DWX-001-A") == cover
    assert demo_cover("Runout", 8, artist="Nula Quark", etching="DWX-001-A") != cover


def test_a_title_is_drawn_and_never_run_as_markup():
    check_artwork(demo_cover('#panic("x") $ * _ long title that needs two lines', 1))
