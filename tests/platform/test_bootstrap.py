"""manage.py on a bare machine: each step marks itself only when complete, and every refusal says what to do."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from label import bootstrap_frontend
from label.bootstrap_env import UNFINISHED, Environment, SetupError

ROOT = Path(__file__).resolve().parents[2]
BOOTSTRAP = (
    "manage.py",
    "label/__init__.py",
    "label/bootstrap.py",
    "label/bootstrap_env.py",
    "label/bootstrap_frontend.py",
)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny checkout whose locks name nothing, so that nothing is downloaded."""
    monkeypatch.delenv("DEADWAX_VENV", raising=False)
    (tmp_path / "deploy" / "locks").mkdir(parents=True)
    for name in ("core", "dev", "bootstrap"):
        (tmp_path / "deploy" / "locks" / f"{name}.txt").write_text("# nothing\n")
    return tmp_path


def test_an_old_python_is_told_so_in_one_sentence() -> None:
    source = (ROOT / "manage.py").read_text()
    ast.parse(source, feature_version=(3, 7))
    program = "import sys; sys.version_info = (3, 9, 2, 'final', 0); exec(open('manage.py').read())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Deadwax needs Python 3.11 or newer; this is Python 3.9.")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", BOOTSTRAP)
def test_the_bootstrap_imports_nothing_but_the_standard_library_and_itself(name: str) -> None:
    lazily = {"django.core.management", "label.supervisor"}  # after the environment is there
    for node in ast.walk(ast.parse((ROOT / name).read_text())):
        modules = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        for module in modules:
            top = module.split(".")[0]
            assert top in sys.stdlib_module_names or top == "label" or module in lazily, (
                f"{name} imports {module}"
            )


def test_the_environment_is_made_once_and_then_left_as_it_is(checkout: Path) -> None:
    environment = Environment(checkout)
    environment.ensure(["core"])
    assert environment.python.exists()
    assert not (environment.folder / UNFINISHED).exists()
    before = {path: path.stat().st_mtime_ns for path in environment.folder.iterdir()}
    Environment(checkout).ensure(["core"])
    assert {path: path.stat().st_mtime_ns for path in environment.folder.iterdir()} == before


def test_a_cut_off_installation_is_started_over(checkout: Path) -> None:
    environment = Environment(checkout)
    environment.folder.mkdir()
    (environment.folder / UNFINISHED).touch()
    (environment.folder / "bin").mkdir()
    (environment.folder / "bin" / "python").write_text("half a file")
    (environment.folder / "deadwax-core.sha256").write_text(
        hashlib.sha256((checkout / "deploy/locks/core.txt").read_bytes()).hexdigest()
    )
    environment.ensure(["core"])
    assert (
        subprocess.run([environment.python, "-c", "print(1)"], capture_output=True, check=True).stdout
        == b"1\n"
    )


def test_a_changed_lock_is_installed_again(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Environment(checkout)
    environment.ensure(["core"])
    ran: list[list[str]] = []
    monkeypatch.setattr(Environment, "_run", lambda self, command, failure: ran.append(command))
    (checkout / "deploy/locks/core.txt").write_text("# something else\n")
    environment.ensure(["core"])
    assert ran[0][-2:] == ["-r", str(checkout / "deploy/locks/core.txt")]
    ran.clear()
    environment.ensure(["core"])
    assert ran == []


def test_hashes_are_demanded_where_the_lock_has_them(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Environment(checkout)
    environment.ensure(["core"])
    ran: list[list[str]] = []
    monkeypatch.setattr(Environment, "_run", lambda self, command, failure: ran.append(command))
    (checkout / "deploy/locks/core.txt").write_text("thing==1 --hash=sha256:00\n")
    (checkout / "deploy/locks/engines.txt").write_text("torch==2\n")
    environment.ensure(["core", "engines"])
    assert "--require-hashes" in ran[0]
    assert "--require-hashes" not in ran[1]
    assert all("--no-deps" in command for command in ran)


def test_torch_comes_by_pip_and_counts_among_what_is_installed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = Environment(checkout)
    environment.ensure(["core"])
    ran: list[list[str]] = []
    monkeypatch.setattr(Environment, "_run", lambda self, command, failure: ran.append(command))
    torch = checkout / "deploy/locks/engines-torch.txt"
    (checkout / "deploy/locks/engines.txt").write_text("thing==1 --hash=sha256:00\n")
    torch.write_text("torch==2\n")
    environment.ensure(["core", "engines"])
    assert [command[-1] for command in ran] == [str(torch), str(checkout / "deploy/locks/engines.txt")]
    assert ran[0][1:4] == ["-m", "pip", "install"]
    assert "--no-deps" not in ran[0], "a CUDA build of torch needs its libraries"
    environment.ensure(["core", "engines"])
    assert len(ran) == 2
    torch.write_text("torch==3\n")
    environment.ensure(["core", "engines"])
    assert len(ran) == 4


def test_a_failed_installation_leaves_no_mark(checkout: Path) -> None:
    environment = Environment(checkout)
    (checkout / "deploy/locks/core.txt").write_text("no-such-thing @ file:///nowhere/at/all.whl\n")
    with pytest.raises(SetupError, match=r"could not install core\.txt"):
        environment.ensure(["core"])
    assert (environment.folder / UNFINISHED).exists()
    assert not (environment.folder / "deadwax-core.sha256").exists()
    kept = environment.folder / "kept-by-a-second-try"
    kept.touch()
    (checkout / "deploy/locks/core.txt").write_text("# mended\n")
    environment.ensure(["core"])
    assert kept.exists(), "a network that was down is no reason to throw a good environment away"


def test_a_python_without_ensurepip_names_the_package(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find(name))
    monkeypatch.setattr(shutil, "which", lambda *a, **k: None)
    with pytest.raises(SetupError, match=r"apt install python3\.\d+-venv"):
        Environment(checkout).ensure(["core"])


def test_a_folder_that_cannot_be_written_names_the_way_out(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEADWAX_VENV", "/dev/null/venv")
    with pytest.raises(SetupError, match="DEADWAX_VENV"):
        Environment(checkout).ensure(["core"])


def test_the_front_ends_digest_follows_its_sources_only(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.ts").write_text("1")
    before = bootstrap_frontend.digest_of(tmp_path)
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "x.js").write_text("x")
    assert bootstrap_frontend.digest_of(tmp_path) == before
    (tmp_path / "src" / "a.ts").write_text("2")
    assert bootstrap_frontend.digest_of(tmp_path) != before


def test_a_missing_or_old_node_is_replaced_by_one_in_the_environment(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "node").write_text("#!/bin/sh\necho v18.19.0\n")
    (old / "node").chmod(0o755)
    monkeypatch.setenv("PATH", f"{old}:/usr/bin:/bin")
    monkeypatch.setattr(bootstrap_frontend, "_own_node", lambda environment: None)
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(Environment, "install", lambda self, *packages: asked.append(packages))
    with pytest.raises(SetupError, match=r"Node 20\.19 or newer"):
        bootstrap_frontend._node_path(Environment(checkout))
    assert asked == [(bootstrap_frontend._NODE_PACKAGE,)]


def test_the_offline_verifier_needs_neither_django_nor_a_database(tmp_path: Path) -> None:
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    missing = tmp_path / "missing.zip"
    done = subprocess.run(
        [sys.executable, "manage.py", "ledger_verify", "--bundle", str(missing)],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode not in (0, 127)
    assert "Traceback" not in done.stderr, done.stderr
    assert "cannot be read" in done.stdout + done.stderr
