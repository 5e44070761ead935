"""Who this process is, and whether another one of this host is still there: Linux' /proc."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from ibgw_tx.lease.holder import Holder, Process

#: Clock ticks after the boot at which a process began: field 22 of its stat, the 20th behind the name in brackets.
_BORN = 19


def this_process() -> Process:
    """Texts that /proc does not give are empty: nobody will take this one for dead then."""
    return Process(socket.gethostname(), os.getpid(), _read("/proc/sys/kernel/random/boot_id"), _space(), _born(os.getpid()))


def is_dead(holder: Holder) -> bool:
    """Whether its process is of this host and has ended, for sure."""
    pid = holder.process.pid
    born = _born(pid)
    # With hidepid /proc shows nothing of another user's process: that it cannot be read does not say that it is gone.
    if not born and _exists(pid) and not _is_over(pid):
        return False
    return holder.process.has_ended(this_process(), born)


def lasting_seconds() -> float:
    """Seconds that go on while the host sleeps (a lease does too); where there are none, those that do not."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def _born(pid: int) -> str:
    fields = _fields(pid)
    return fields[_BORN] if len(fields) > _BORN and not _is_over(pid) else ""


def _is_over(pid: int) -> bool:
    """A zombie has ended."""
    return _fields(pid)[:1] in (["Z"], ["X"])


def _fields(pid: int) -> list[str]:
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError, ValueError):
        return True
    return True


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
