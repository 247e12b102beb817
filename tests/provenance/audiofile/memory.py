"""How much more memory a call takes for a long file than for a second of it, in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_CODE = """
import re, resource, sys
from pathlib import Path
import numpy as np, soundfile as sf
from provenance.audiofile import check_upload, fingerprint, peaks, probe

def most():
    # Not ru_maxrss where it can be helped: on Linux that begins with what the parent held.
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))

imports, call, long, short = sys.argv[1:]
exec(imports)
path = short
eval(call)
before = most()
path = long
eval(call)
print((most() - before) * 1024)
"""


def peak_rss_growth_bytes(call: str, path: Path, *, imports: str = "") -> int:
    """`call` is an expression about `path`; `imports` are statements that it needs."""
    import soundfile as sf

    short = path.with_name(f"short-{path.name}")
    audio, rate = sf.read(path, frames=sf.info(path).samplerate * 10)
    sf.write(short, audio, rate, subtype=sf.info(path).subtype)
    done = subprocess.run(
        [sys.executable, "-c", _CODE, imports, call, path, short],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    return int(done.stdout)
