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
    return holder.process.has_ended(this_process(), _born(holder.process.pid))


def lasting_seconds() -> float:
    """Seconds that go on while the host sleeps (a lease does too); where there are none, those that do not."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def _born(pid: int) -> str:
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    # A zombie has ended.
    return fields[_BORN] if len(fields) > _BORN and fields[0] not in ("Z", "X") else ""


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
