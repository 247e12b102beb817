"""Which device and which precision models run with: DEADWAX_DEVICE and DEADWAX_PRECISION. Imports no torch."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from generation.engine.base import EngineUnavailable

AUTO = "auto"
PRECISIONS = (AUTO, "float32", "bfloat16", "float16")
_DEVICE = re.compile(r"auto|cpu|cuda(:[0-9]{1,2})?")
_MB = 2**20
_HOST_SHARE = 0.75
_GPU_SHARE = 0.95
"""What models may hold where nobody says how much: the rest is the worker's, and other programs'."""


def device(env: Mapping[str, str] = os.environ) -> str:
    """`auto`, `cpu`, `cuda` or `cuda:N`. Raises EngineUnavailable for anything else."""
    found = env.get("DEADWAX_DEVICE", "").strip().lower() or AUTO
    if not _DEVICE.fullmatch(found):
        raise EngineUnavailable(
            "bad_device",
            f"DEADWAX_DEVICE is {found!r}; set it to auto, cpu, cuda or cuda:0, then start again.",
        )
    return found


def precision(env: Mapping[str, str] = os.environ) -> str:
    """`auto` (half on a GPU, float32 without), `float32`, `bfloat16` or `float16`. Raises EngineUnavailable."""
    found = env.get("DEADWAX_PRECISION", "").strip().lower() or AUTO
    if found not in PRECISIONS:
        raise EngineUnavailable(
            "bad_precision",
            f"DEADWAX_PRECISION is {found!r}; set it to {', '.join(PRECISIONS)}, then start again.",
        )
    return found


def on_gpu(env: Mapping[str, str] = os.environ) -> bool:
    """Whether models load onto a GPU here."""
    return device(env) != "cpu" and gpu_memory_mb() is not None


def memory_limit_mb(env: Mapping[str, str] = os.environ) -> int:
    """What all models together may hold, on the GPU where they run there, else in the host's memory.

    DEADWAX_ENGINE_MEMORY_MB, else most of what the machine has. Raises EngineUnavailable.
    """
    asked = env.get("DEADWAX_ENGINE_MEMORY_MB", "").strip()
    if asked:
        if not asked.isdigit() or int(asked) < 1:
            raise EngineUnavailable(
                "bad_memory",
                f"DEADWAX_ENGINE_MEMORY_MB is {asked!r}; set it to whole megabytes, then start again.",
            )
        return int(asked)
    gpu = gpu_memory_mb() if device(env) != "cpu" else None
    return int(_GPU_SHARE * gpu) if gpu is not None else int(_HOST_SHARE * host_memory_mb())


def host_memory_mb() -> int:
    """The machine's memory, or less where the process's group may have less."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _MB
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return found
    return min(found, int(limit) // _MB) if limit.isdigit() else found


@cache
def gpu_memory_mb() -> int | None:
    """Memory of the first GPU; None where there is none."""
    lines = nvidia_smi("--query-gpu=memory.total")
    return int(lines[0]) if lines and lines[0].isdigit() else None


def gpu_use_mb(pid: int) -> int | None:
    """What this process holds on GPUs; None where that cannot be told."""
    if gpu_memory_mb() is None:
        return None
    for line in nvidia_smi("--query-compute-apps=pid,used_memory"):
        owner, _, used = line.partition(",")
        if owner.strip() == str(pid) and used.strip().isdigit():
            return int(used)
    return None


def nvidia_smi(query: str) -> list[str]:
    """Lines of the driver's own tool; none where it is missing or does not answer."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        done = subprocess.run(  # noqa: S603 - the driver's own tool
            [tool, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []
