"""The Python environment: made, filled from a lock and marked with the lock's digest. Standard library only."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

UNFINISHED = "deadwax-installing"
_FAILED = "failed"
_MISLEADING = frozenset(
    {"PYTHONHOME", "PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV", "CONDA_PREFIX"}
)


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def say(message: str) -> None:
    """One line of progress on standard error."""
    print(f"deadwax: {message}", file=sys.stderr, flush=True)


class Environment:
    """`.venv` beside manage.py, or the folder that DEADWAX_VENV names."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = Path(os.environ.get("DEADWAX_VENV") or root / ".venv").absolute()
        self.bin = self.folder / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.bin / "python"
        self.locks = root / "deploy" / "locks"

    def is_current(self) -> bool:
        """Whether this process runs inside the environment."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def ensure(self, names: Sequence[str]) -> None:
        """Guarantee that the named locks are installed as they stand. Takes milliseconds when they are. Raises
        SetupError."""
        if self._complete(names):
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _exclusive(self.folder / ".deadwax.lock"):
                if not self._complete(names):
                    self._fill(names)
        except OSError as error:
            raise SetupError(
                f"cannot write the environment {self.folder} ({error.strerror or error}). Set DEADWAX_VENV to a folder "
                "that this user may write, or free some space."
            ) from error

    def install(self, *packages: str) -> None:
        """Add packages that belong to no lock. Raises SetupError."""
        self._install(packages, "could not install " + ", ".join(packages))

    # -- marks
    # ---------------------------------------------------------------------------------------------------------
    def _mark(self, name: str) -> Path:
        return self.folder / f"deadwax-{name}.sha256"

    def _torch(self, name: str) -> Path:
        """Beside a lock that needs torch: the version of torch, without a hash."""
        return self.locks / f"{name}-torch.txt"

    def _digest(self, name: str) -> str:
        try:
            total = hashlib.sha256((self.locks / f"{name}.txt").read_bytes())
            if self._torch(name).exists():
                total.update(self._torch(name).read_bytes())
            return total.hexdigest()
        except FileNotFoundError as error:
            raise SetupError(f"{self.locks / name}.txt is missing; the checkout is not complete") from error

    def _complete(self, names: Sequence[str]) -> bool:
        if not self.python.exists() or (self.folder / UNFINISHED).exists():
            return False
        return all(self._read(name) == self._digest(name) for name in names)

    def _read(self, name: str) -> str:
        try:
            return self._mark(name).read_text().strip()
        except OSError:
            return ""

    # -- installing
    # ----------------------------------------------------------------------------------------------------
    def _fill(self, names: Sequence[str]) -> None:
        started = time.monotonic()
        unfinished = self.folder / UNFINISHED
        again = unfinished.exists() and unfinished.read_text() == _FAILED
        if unfinished.exists() and not again:
            say("the last installation was cut off; starting it over")
            self._empty()
        if not self.python.exists():
            self._empty()
            unfinished.touch()
            self._create()
        unfinished.write_text("")
        for name in names:
            if self._read(name) == self._digest(name):
                continue
            lock = self.locks / f"{name}.txt"
            count = sum(1 for line in lock.read_text().splitlines() if line[:1].isalnum())
            say(f"installing {count} packages ({name}; only when the lock has changed)")
            hashes = "--hash=" in lock.read_text()
            arguments = ["--no-deps", *(["--require-hashes"] if hashes else []), "-r", str(lock)]
            if again:  # a package may be there in part
                arguments.append("--force-reinstall")
            try:
                if self._torch(name).exists():
                    self._install_torch(self._torch(name))
                self._install(arguments, f"could not install {lock.name}")
            except SetupError:
                unfinished.write_text(
                    _FAILED
                )  # the tools ended by themselves: what was there before still works
                raise
            self._mark(name).write_text(self._digest(name))
            if name == "dev":  # a superset of core
                self._mark("core").write_text(self._digest("core"))
        unfinished.unlink()
        say(f"environment ready after {time.monotonic() - started:.0f} s")

    def _empty(self) -> None:
        for child in self.folder.iterdir():
            if child.name == ".deadwax.lock":
                continue
            if child.is_dir() and not child.is_symlink():
                shutil.rmtree(child)
            else:
                child.unlink()

    def _create(self) -> None:
        say(f"making the environment {self.folder}")
        python = getattr(sys, "_base_executable", None) or sys.executable
        if importlib.util.find_spec("ensurepip") is not None:
            self._run([python, "-m", "venv", str(self.folder)], "could not make the environment" + _PIP_HINT)
            lock = self.locks / "bootstrap.txt"
            with contextlib.suppress(SetupError):  # pip alone can do the work, more slowly
                self._run(
                    [str(self.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                     "--require-hashes", "-r", str(lock)],
                    "could not install uv",
                )  # fmt: skip
        elif shutil.which("uv"):
            self._run(
                [python, "-m", "venv", "--without-pip", str(self.folder)], "could not make the environment"
            )
        else:
            raise SetupError("this Python has no ensurepip, so it cannot make an environment." + _PIP_HINT)

    def _install(self, arguments: Sequence[str], failure: str) -> None:
        """By uv; where its own certificates do not do, by the system's; then by pip. Raises SetupError."""
        own = self.bin / "uv"
        uv = str(own) if own.exists() else shutil.which("uv")
        attempts = []
        if uv:
            command = [uv, "pip", "install", "--python", str(self.python), *arguments]
            attempts += [command, [*command, "--system-certs"]]
        if not uv or (self.bin / "pip").exists():
            pip = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check"]
            attempts.append([*pip, *arguments])
        for attempt, command in enumerate(attempts, start=1):
            try:
                self._run(command, failure)
            except SetupError:
                if attempt == len(attempts):
                    raise
                say("that did not work; trying another way")
            else:
                return

    def _install_torch(self, wanted: Path) -> None:
        """By pip, which takes the build that this machine's pip is set to (CPU or CUDA). Raises SetupError.

        Before the rest, so that pip does not complain of audiocraft's pins.
        """
        say("installing torch (0.2 GB without CUDA, about 3 GB with it; only once)")
        if (self.bin / "pip").exists():
            pip = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check"]
            self._run([*pip, "-r", str(wanted)], "could not install torch")
        else:
            self._install(["-r", str(wanted)], "could not install torch")

    def _run(self, command: list[str], failure: str) -> None:
        """Run a tool with its own progress on our standard error. Raises SetupError with `failure`."""
        clean = {
            name: value for name, value in os.environ.items()
            if name not in _MISLEADING
        }  # fmt: skip
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=clean, cwd=self.root, check=False
        )
        if done.returncode:
            raise SetupError(f"{failure} (status {done.returncode}; its message stands above)")


_PIP_HINT = (
    " On Debian or Ubuntu install it with: apt install "
    f"python{sys.version_info[0]}.{sys.version_info[1]}-venv (or python3-venv)."
)


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file, so that two starts do not install into one folder at the same time."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another start is making the environment; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
