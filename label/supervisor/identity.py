"""As whom a child runs and how it dies with us: plain system calls, no framework."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG, _PR_SET_SECUREBITS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
_NO_SETUID_FIXUP = 1 << 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH, _CAP_SETPCAP = 1, 2, 8
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The unprivileged account that a root supervisor lends to a child."""

    uid: int
    gid: int
    capability: int | None = None
    """A Linux capability kept only where a closed parent folder (such as /root) hides the files."""


def unprivileged(folder: Path, *, reads: tuple[Path, ...] = ()) -> Identity | None:
    """The account for a server that refuses to run as root: the folder's owner, else `nobody`; None unless we
    are root."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid if folder.exists() else 0
    try:
        entry = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    except KeyError as error:
        raise LookupError(f"user {owner or 'nobody'} has no entry in the password file") from error
    closed = any(not _reachable(path, uid=entry.pw_uid, gid=entry.pw_gid) for path in (folder, *reads))
    return Identity(uid=entry.pw_uid, gid=entry.pw_gid, capability=_search_capability() if closed else None)


def _reachable(path: Path, *, uid: int, gid: int) -> bool:
    """Whether that account may walk down to the path (its parents, not the path itself)."""
    for parent in path.resolve().parents:
        try:
            status = parent.stat()
        except OSError:
            continue
        if status.st_uid == uid:
            bit = stat.S_IXUSR
        elif status.st_gid == gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not status.st_mode & bit:
            return False
    return True


def _search_capability() -> int:
    """The smallest capability of ours that lets a child pass a closed folder. Raises PermissionError when
    there is none."""
    permitted = 0
    if sys.platform == "linux":
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapPrm:"):
                permitted = int(line.split()[1], 16)
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if permitted & (1 << capability) and permitted & (1 << _CAP_SETPCAP):
            return capability
    raise PermissionError("a parent folder is closed to other users and no capability can open it")


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Data(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


def before_exec(
    identity: Identity | None = None, *, death_signal: signal.Signals | None = signal.SIGTERM
) -> Callable[[], None]:
    """A `preexec_fn`: become that account, then ask the kernel for `death_signal` when the supervisor dies.

    The order matters: a change of account clears the death signal. The supervisor MUST be single-threaded when
    it starts
    children, because Python code runs between fork and exec.
    """
    parent = os.getpid()

    def prepare() -> None:
        if identity is not None:
            if identity.capability is not None:
                # Keep capabilities over the change of account, also for access(2): initdb looks for its server so.
                _prctl(_PR_SET_SECUREBITS, _NO_SETUID_FIXUP)
            os.setgroups([])
            os.setgid(identity.gid)
            os.setuid(identity.uid)
            if identity.capability is not None:
                _keep_only(identity.capability)
        if death_signal is not None and _libc is not None:
            _prctl(_PR_SET_PDEATHSIG, int(death_signal))
            if os.getppid() != parent:  # it died between fork and here
                os._exit(1)

    return prepare


def _prctl(option: int, first: int = 0, second: int = 0) -> None:
    if _libc is not None and _libc.prctl(option, first, second, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")


def _keep_only(capability: int) -> None:
    if _libc is None:
        return
    bit = 1 << capability
    data = (_Data * 2)(_Data(bit, bit, bit), _Data(0, 0, 0))
    if _libc.capset(ctypes.byref(_Header(_CAPABILITY_VERSION_3, 0)), data) != 0:
        raise OSError(ctypes.get_errno(), "capset failed")
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability)
