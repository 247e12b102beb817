"""Every step of an entry's way into the log is the last one once: nothing is lost, nothing stands twice.

Real processes, a PostgreSQL on disk that syncs every commit, and its recovery. Entries are compared by their ids and
hashes: what was acknowledged, what is stored, and what has a leaf.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from label.supervisor.postgres import Postgres
from provenance import notes
from tests.chaos.crashing import POINTS

ROOT = Path(__file__).resolve().parents[2]


class House:
    """A log on disk, the folder that its checkpoints are copied to, and the program that lives and dies in it."""

    def __init__(self, base: Path) -> None:
        base.chmod(0o755)  # the database's account passes through
        self.shelf = base / "shelf"
        self.shelf.mkdir()
        self.postgres = Postgres(base / "postgres")
        self.postgres.start()
        (base / "outside.toml").write_text(
            f'[[copy]]\nname = "shelf"\nto = "file://{self.shelf}"\nevery_s = 60\n'
        )
        self.env = {
            **os.environ,
            "DATABASE_URL": self.postgres.url,
            "DEADWAX_DATA": str(base / "data"),
            "DEADWAX_OUTSIDE": str(base / "outside.toml"),
            "CHAOS_CLUSTER": str(self.postgres.cluster),
        }
        (base / "data").mkdir()
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "-v", "0"], cwd=ROOT, env=self.env, check=True
        )
        self.program = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.crashing"],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == {"ready": True}
        self.acknowledged: dict[int, str] = {}

    def _line(self) -> Any:
        assert self.program.stdout is not None
        return json.loads(self.program.stdout.readline())

    def _ask(self, text: str) -> Any:
        assert self.program.stdin is not None
        self.program.stdin.write(text + "\n")
        self.program.stdin.flush()
        return self._line()

    def end_at(self, how: str, point: str, number: int) -> None:
        """One life that ends there. Everything that it acknowledged before is remembered."""
        answer = self._ask(f"{how} {point} {number}")
        self.acknowledged |= {said["id"]: said["leaf"] for said in answer["said"] if "id" in said}
        assert {"reached": point} in answer["said"], answer["said"][-1:]
        if how == "kill":
            assert answer["status"] == -signal.SIGKILL
        else:
            self.postgres.start()

    def check(self) -> None:
        """None missing, none twice, the tree that of the entries, the copies outside those of the log."""
        answer = self._ask("check")
        assert answer["status"] == 0, answer["said"]
        (found,) = answer["said"]
        entries = {int(key): leaf for key, leaf in found["entries"].items()}
        assert {key: entries.get(key) for key in self.acknowledged} == self.acknowledged
        assert len(found["placed"]) == len(set(found["placed"]))
        assert set(found["placed"]) == set(entries)
        points = {int(size): note for size, note in found["points"].items()}
        copied = sorted(self.shelf.glob("checkpoint-*.txt"))
        for path in copied:
            size = notes.TreeHead.parse(notes.parse_note(path.read_bytes()).text).size
            assert path.read_text() == points[size]
        latest = self.shelf / "latest.txt"
        assert (latest.read_text() if latest.exists() else "") == found["head"]

    def close(self) -> None:
        assert self.program.stdin is not None
        self.program.stdin.close()
        self.program.wait(timeout=20)
        self.postgres.stop()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with tempfile.TemporaryDirectory(prefix="dw-chaos-", dir="/var/tmp") as base:
        made = House(Path(base))
        yield made
        made.close()


@pytest.mark.parametrize("point", list(POINTS))
def test_a_process_killed_anywhere_loses_nothing(house: House, point: str) -> None:
    """The first time that a life comes there, and the second: between two rows, two batches, two copies.

    What the first lost would still be lost after the second, so one look at the end sees both.
    """
    for number in (1, 2):
        house.end_at("kill", point, number)
    house.check()


@pytest.mark.parametrize(
    "point",
    [
        "record: after the insert",
        "commit: before",
        "commit: after",
        "sequencer: has picked",
        "integration: leaves or nodes written",
        "integration: signed, not written",
        "integration: committed, floor not moved",
        "publishing: claimed",
        "publishing: copied, not noted",
    ],
)
def test_a_database_that_stops_at_once_loses_nothing_that_it_acknowledged(house: House, point: str) -> None:
    for number in (1, 2):
        house.end_at("stop", point, number)
    house.check()
