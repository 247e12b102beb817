"""deploy/THREATS.md and the attacks in this folder are the same list."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import tests.threats
from tests.threats.table import ATTACKED

DOCUMENT = Path(__file__).resolve().parents[2] / "deploy" / "THREATS.md"
NOT_DETECTABLE = "not detectable"


def rows() -> dict[str, list[str]]:
    """Threat -> answer, how to see it, what it does not stop."""
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]
    return {row[0]: row[1:] for row in cells}


def test_every_row_is_attacked_and_every_attack_has_its_row():
    for module in pkgutil.iter_modules(tests.threats.__path__):
        if module.name.startswith("test_"):
            importlib.import_module(f"tests.threats.{module.name}")
    claimed = {threat for threat, (answer, *_) in rows().items() if answer != NOT_DETECTABLE}
    assert sorted(ATTACKED) == sorted(claimed)


def test_every_row_says_what_it_answers_and_how_one_sees_it():
    assert len(rows()) >= 15
    for threat, cells in rows().items():
        assert len(cells) == 3, threat
        assert all(len(cell) > 10 for cell in cells[:2] if cell != NOT_DETECTABLE), threat


def test_what_cannot_be_detected_is_said_and_stands_in_the_readme_too():
    silent = [threat for threat, (answer, *_) in rows().items() if answer == NOT_DETECTABLE]
    assert silent == ["The organisation lies from the start"]
    readme = " ".join((DOCUMENT.parents[1] / "README.md").read_text().split())
    assert "stops that organisation from lying from the start" in readme
