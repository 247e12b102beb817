"""What a worker's look at a file takes, in time and memory: at what was sent, and at the longest that is decoded."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import soundfile as sf

from artists.models import SubmissionFile
from label.benchmarks.checking import played
from label.benchmarks.table import Beside, Figure, Goal

MB: Final = 1_000_000
#: The most that this process held, in kB. Not ru_maxrss: on Linux that begins with what the parent held.
_MOST: Final = """
import os, re, resource, sys, time
from pathlib import Path
def most():
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))
"""
#: What an idle worker has loaded since its first job.
_IDLE: Final = """
import librosa
librosa.stft, librosa.beat.beat_track, librosa.feature.chroma_cqt
idle, begun, before = most(), time.monotonic(), sum(os.times()[:4])
"""
#: Seconds, seconds of processor time, the most it held, and what it held before.
_SAID: Final = """
print(time.monotonic() - begun, sum(os.times()[:4]) - before, most(), idle)
"""
#: The jobs that wait, in a process of their own.
_LOOK: Final = f"""{_MOST}
import django
django.setup()
from provenance.jobs import worker
worker.load_handlers()
{_IDLE}
worker.run_waiting()
{_SAID}"""
#: The measuring alone, of a file of any length.
_MEASURE: Final = f"""{_MOST}
from generation.audio.look import look
{_IDLE}
look(sys.argv[1])
{_SAID}"""
#: Over what the worker holds anyway.
LOOK_MB: Final = 600.0


@dataclass(frozen=True)
class Looked:
    """What it took: `most_mb` in all, of which `idle_mb` were held before it began."""

    spent_s: float
    cpu_s: float
    most_mb: float
    idle_mb: float

    @property
    def taken_mb(self) -> float:
        return self.most_mb - self.idle_mb

    @property
    def note(self) -> str:
        return f"{self.spent_s:.0f} s, {self.cpu_s:.0f} s of processor time; {self.most_mb:.0f} MB at its most in all"

    @classmethod
    def read(cls, said: str) -> Looked:
        spent_s, cpu_s, most_kb, idle_kb = map(float, said.split()[-4:])
        return cls(spent_s, cpu_s, most_kb * 1024 / MB, idle_kb * 1024 / MB)


def look() -> Looked:
    """What one worker needs for the jobs that wait."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _LOOK], capture_output=True, text=True, check=True
    )
    file = SubmissionFile.objects.latest("entry_id")
    if file.state != SubmissionFile.State.READY:
        raise RuntimeError(f"the file was not looked at: {done.stderr[-1000:]}")
    return Looked.read(done.stdout)


def at_the_large_file() -> Iterator[Figure]:
    """The worker's look at the large file, for its time and memory."""
    looked = look()
    file = SubmissionFile.objects.select_related("asset").latest("entry_id")
    minutes = (file.asset.duration_ms or 0) / 60_000
    yield Figure(
        name=f"a worker's look at it, {minutes:.0f} minutes of sound",
        value=looked.spent_s,
        unit="s",
        note=f"{looked.cpu_s:.0f} s of processor time",
    )
    yield Figure(
        name="the memory that this look took, over the idle worker's",
        value=looked.taken_mb,
        unit="MB",
        goal=Goal("<=", LOOK_MB),
        beside=Beside("the sound itself as samples", minutes * 60 * 44_100 * 2 * 4 / MB),
        note=f"{looked.most_mb:.0f} MB at its most in all",
    )


def at_the_longest(*, minutes: int) -> Iterator[Figure]:
    """Sound as long as anything that is ever decoded here; more than submissions may be."""
    minute = played(992, 60.0).T
    with tempfile.NamedTemporaryFile(dir=os.environ["DEADWAX_DATA"], suffix=".flac") as file:
        with sf.SoundFile(file.name, "w", 44_100, 2, format="FLAC", subtype="PCM_16") as sound:
            for _ in range(minutes):
                sound.write(minute)
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", _MEASURE, file.name], capture_output=True, text=True, check=True
        )
    looked = Looked.read(done.stdout)
    yield Figure(
        name=f"memory that measuring {minutes} minutes of sound takes, over the idle worker's",
        value=looked.taken_mb,
        unit="MB",
        goal=Goal("<=", LOOK_MB),
        beside=Beside("the sound itself as samples", minutes * 60 * 44_100 * 2 * 4 / MB),
        note=looked.note,
    )
