from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provenance import keys, sequencer
from provenance.models import Checkpoint
from provenance.outside import publisher
from tests.provenance.ledger.helpers import note
from tests.provenance.outside.authority import Office, TsaServer
from tests.provenance.outside.witnessing import WitnessProcess


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("office"))


@pytest.fixture
def tsa(office: Office) -> Iterator[TsaServer]:
    server = TsaServer(office)
    yield server
    server.stop()


@pytest.fixture
def name_places(tmp_path: Path, settings: object) -> Callable[[str], Path]:
    """Write the file of the places and put it in force."""

    def write(text: str) -> Path:
        path = tmp_path / "outside.toml"
        path.write_text(text)
        settings.DEADWAX_OUTSIDE = path  # type: ignore[attr-defined]
        return path

    return write


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Callable[..., WitnessProcess]]:
    """Start witnesses by name, for this installation's log unless other keys are given."""
    started: list[WitnessProcess] = []

    def start(name: str = "witness.example/north", *log_keys: str) -> WitnessProcess:
        folder = tmp_path / name.rpartition("/")[2]
        process = WitnessProcess(folder, name, *(log_keys or (str(keys.verifier_key()),)))
        started.append(process)
        return process.start()

    yield start
    for process in started:
        if process.process is not None:
            process.kill()


def stamping(tsa: TsaServer, office: Office, *, root: str = "root", every_s: int = 0) -> str:
    return (
        f'[[timestamp]]\nname = "office"\nurl = "{tsa.url}"\nroots = "{office.folder / root}.pem"\n'
        f"every_s = {every_s}\n"
    )


def witnessing(process: WitnessProcess, name: str = "north") -> str:
    return f'[[witness]]\nname = "{name}"\nurl = "{process.url}/"\nkey = "{process.key}"\nevery_s = 0\n'


def copying(to: str, name: str = "shelf") -> str:
    return f'[[copy]]\nname = "{name}"\nto = "{to}"\nevery_s = 0\n'


def grow(count: int = 3) -> Checkpoint:
    """Entries, then the checkpoint over them."""
    for number in range(count):
        note(number)
    sequencer.drain()
    head = publisher.newest()
    assert head is not None
    return head


def errors(*, force: bool = True) -> dict[str, str]:
    """One round of the publisher: place -> its error."""
    return {outcome.name: outcome.error for outcome in publisher.publish_due(force=force)}
