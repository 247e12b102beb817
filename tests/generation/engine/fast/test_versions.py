"""What the package asks of torch and Triton exists in the oldest versions that it is to run with as in the newest.

`names.txt` holds every name that was looked up in torch 2.11.0 (CUDA 13, Triton 3.6.0, Python 3.12), where all tests of
this folder ran, too, and in torch 2.13.0 (Triton 3.7.1, Python 3.11).
"""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from tests.support import needs

ROOT = Path(__file__).resolve().parents[4]
NAMES = Path(__file__).with_name("names.txt")
LIBRARIES = ("torch", "triton")


def used() -> set[str]:
    """Names of torch and Triton in full, as the package's modules use them."""
    found: set[str] = set()
    for file in sorted((ROOT / "generation/engine/fast").glob("*.py")):
        found |= set(names_in(ast.parse(file.read_text())))
    # Of two that share a beginning the longer one says more.
    return {name for name in found if not any(other.startswith(name + ".") for other in found)}


def names_in(tree: ast.AST) -> Iterator[str]:
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {
                one.asname or one.name.partition(".")[0]: one.name
                if one.asname
                else one.name.partition(".")[0]
                for one in node.names
            }
        elif isinstance(node, ast.ImportFrom) and node.module:
            known |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    known = {name: full for name, full in known.items() if full.partition(".")[0] in LIBRARIES}
    yield from known.values()
    for node in ast.walk(tree):
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.insert(0, node.attr)
            node = node.value
        if parts and isinstance(node, ast.Name) and node.id in known:
            yield ".".join([known[node.id], *parts])


def test_names_that_are_used_were_looked_up_in_both_versions() -> None:
    written = set(NAMES.read_text().split())
    assert used() == written, (
        "look new names up in the oldest version, then write them down; take out what is gone"
    )


@needs("engines", "triton")
def test_every_name_exists_in_the_versions_here() -> None:
    for name in NAMES.read_text().split():
        assert pkgutil.resolve_name(name) is not None
