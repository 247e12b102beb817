"""What a bundle costs: built from the ledger, its size, and the time in which a stranger's machine checks it."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import subprocess
import sys
import tempfile
import time
from importlib import resources
from pathlib import Path
from typing import Any

from django.db import transaction

from provenance.benchmarks import Measure

_MB = 1_000_000


def bundles(*, entries: int = 300) -> list[Measure]:
    """A work of so many entries in three streams, each with an asset and a private reason.

    Writes to the database in use: call it inside `scratch_database()`.
    """
    from provenance import bundle, sequencer, verifier

    chosen = [_record(number) for number in range(entries)]
    sequencer.drain()
    out = io.BytesIO()
    started = time.perf_counter()
    report = bundle.build(entries=chosen, disclose=bundle.everything, out=out, title="A work to measure")
    built_s = time.perf_counter() - started
    data = out.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        path.write_bytes(data)
        started = time.perf_counter()
        checked = verifier.verify(str(path))
        verified_s = time.perf_counter() - started
        started = time.perf_counter()
        _alone(path)
        alone_s = time.perf_counter() - started
        start_s = _bare_start()
    if checked.exit_status:
        raise RuntimeError(checked.verdict)
    name = f"bundle of {report.entries} entries, without audio"
    return [
        Measure(f"{name}: size", len(data) / _MB, "MB", "<= 1", len(data) < _MB),
        Measure(f"{name}: built", built_s, "s", "<= 2", built_s < 2),
        Measure(
            f"{name}: verified",
            verified_s,
            "s",
            "<= 1",
            verified_s < 1,
            f"{len(checked.steps)} steps; as a program of its own {alone_s:.2f} s",
            ("starting Python with cryptography", start_s),
        ),
    ]


def _record(number: int) -> Any:
    from provenance import ledger
    from provenance.events import AssetRef, Event, sealed

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Weighed(Event):
        kind = "benchmark.weighed"
        sentence = "weighed {number}"
        shred = "Dropped with the benchmark's database."

        number: int
        settings: dict[str, str]
        reason: str = sealed()

    made = hashlib.sha256(str(number).encode()).hexdigest()
    of = hashlib.sha256(str(number - 1).encode()).hexdigest()
    with transaction.atomic():
        return ledger.record(
            Weighed(
                stream=f"project:{number % 3:036d}",
                subjects=(f"take:{number:036d}", f"run:{number // 12:036d}"),
                inputs=(AssetRef(role="source", sha256=of),),
                outputs=(AssetRef(role="take", sha256=made),),
                number=number,
                settings={
                    name: made[at : at + 12] for at, name in enumerate(("tempo", "key", "seed", "model"))
                },
                reason=f"Number {number} breathes where the one before it does not; keep the bass of the second half.",
            ),
            actor=ledger.Actor("human", "00000000-0000-4000-8000-000000000001"),
        )


def _alone(path: Path) -> None:
    program = resources.files("provenance").joinpath("verifier.py")
    command = [sys.executable, "-I", str(program), str(path)]
    subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - our own program


def _bare_start() -> float:
    """The shortest such program: import what the verifier imports, and end."""
    started = time.perf_counter()
    code = "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey"
    subprocess.run([sys.executable, "-I", "-c", code], check=True)  # noqa: S603 - our own words
    return time.perf_counter() - started
