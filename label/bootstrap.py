"""What manage.py does before Django exists: environment, front end, database. Standard library only.

Everything here can be killed at any moment: a step leaves its mark only after it is complete, and a step
without its mark
is done again at the next start.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from label import bootstrap_env, bootstrap_frontend

ROOT = Path(__file__).resolve().parent.parent

DEVELOPER_COMMANDS = frozenset({"test", "lint"})
"""Commands that need the test and lint tools, too."""
NO_DATABASE = frozenset(
    {"help", "version", "collectstatic", "spectacular", "diffsettings", "compilemessages", "up", "benchmark"}
)
"""Django commands that run without a database, or (up, benchmark) bring their own."""


def main(argv: list[str]) -> None:
    """Run one command line; ends the process."""
    command = argv[1] if len(argv) > 1 else "help"
    if command == "ledger_verify" and any(part.split("=")[0] == "--bundle" for part in argv):
        _run_alone("provenance.verifier", argv[2:])
    if command == "ledger_witness":
        _run_alone("provenance.witness", argv[2:])
    try:
        _prepare(command, argv)
    except bootstrap_env.SetupError as error:
        sys.exit(f"deadwax: {error}")
    except KeyboardInterrupt:
        sys.exit("\ndeadwax: stopped; the next start takes up where this one ended.")
    if command == "test":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "label.settings")
        os.chdir(ROOT)
        python = sys.executable
        os.execv(python, [python, "-m", "pytest", "-p", "tests.plugin", *(argv[2:] or _at_once())])
    if command == "lint":
        sys.exit(_lint())
    _django(command, argv)


def _at_once() -> list[str]:
    """The whole suite runs on every core, a file on one: its fixtures are made once. Four at most, for the memory."""
    return ["-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile"]


def _prepare(command: str, argv: list[str]) -> None:
    """Bring environment and front end up to date, then make sure that we run inside the environment."""
    environment = bootstrap_env.Environment(ROOT)
    engines = os.environ.get("DEADWAX_ENGINES") == "1"
    if command == "up" and "--engines" in argv:
        argv.remove("--engines")
        os.environ["DEADWAX_ENGINES"] = "1"
        engines = True
    wanted = ["dev" if command in DEVELOPER_COMMANDS else "core"]
    if os.environ.get("DEADWAX_STORAGE", "").startswith("s3:") and wanted == ["core"]:
        wanted.append("s3")  # the developers' lock holds it already
    if engines:
        wanted.append("engines")
    environment.ensure(wanted)
    if command in {"up", "test", "lint"}:
        bootstrap_frontend.ensure(ROOT, environment)
    if not environment.is_current():
        os.environ["PATH"] = f"{environment.bin}{os.pathsep}{os.environ.get('PATH', '')}"
        python = str(environment.python)
        os.execv(python, [python, str(ROOT / "manage.py"), *argv[1:]])


def _run_alone(module: str, arguments: list[str]) -> None:
    """A program of its own (verifier, witness): neither Django nor a database. Ends the process with its exit code."""
    environment = bootstrap_env.Environment(ROOT)
    python = str(environment.python) if environment.python.exists() else sys.executable
    path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
    here = {**os.environ, "PYTHONPATH": path}
    os.execve(python, [python, "-P", "-m", module, *arguments], here)


def _lint() -> int:
    """Format, lint, types, import contracts, front end. Returns 0 when all of them pass."""
    environment = bootstrap_env.Environment(ROOT)
    os.chdir(ROOT)
    steps = (
        ("ruff", "format", "--check", "."),
        ("ruff", "check", "."),
        ("mypy", "--no-error-summary", "."),
        ("lint-imports", "--no-cache"),
    )
    failed = False
    for step in steps:
        print("--", *step, flush=True)
        failed |= subprocess.run([environment.bin / step[0], *step[1:]], check=False).returncode != 0
    for script in ("check", "test"):
        print("-- npm run", script, flush=True)
        failed |= not bootstrap_frontend.run(ROOT, environment, script)
    return int(failed)


def _django(command: str, argv: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "label.settings")
    from django.core.management import execute_from_command_line

    from label.supervisor import folders

    try:
        folders.make(folders.data_dir())
    except folders.FolderError as error:
        sys.exit(f"deadwax: {error}")
    with _database(command):
        execute_from_command_line(argv)


def _database(command: str) -> AbstractContextManager[object]:
    """The embedded PostgreSQL for as long as the command runs, unless DATABASE_URL names another server."""
    if os.environ.get("DATABASE_URL") or command.startswith("-") or command in NO_DATABASE:
        return nullcontext()
    from label.supervisor import session

    return session.embedded()
