"""Where the log goes is twistd's business (--logfile, --syslog, --logger); how its lines look is ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from twisted.application.service import MultiService
from twisted.logger import FileLogObserver, ILogObserver
from twisted.scripts._twistd_unix import UnixAppLogger

from ibgw_tx.runtime.log_lines import Form, as_json, for_journal, for_people, json_for_journal


def read_by_journal(stream: Any, environ: Mapping[str, str]) -> bool:
    """Whether what is written to `stream` goes to systemd's journal: JOURNAL_STREAM names its device and inode."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return False
    return environ.get("JOURNAL_STREAM", "") == f"{found.st_dev}:{found.st_ino}"


def form_of(kind: str, name: str, journal: bool) -> Form:
    """How a line looks: `kind` is "text" or "json", `name` the gateway's, `journal` whether systemd reads it."""
    if kind == "json":
        return json_for_journal(name) if journal else as_json(name)
    return for_journal if journal else for_people


def observer(twistd: Mapping[str, Any], kind: str, name: str, environ: Mapping[str, str]) -> FileLogObserver | None:
    """What writes the lines of a gateway under twistd's options; None when they name something that writes them its own way."""
    if twistd.get("logger") or twistd.get("syslog"):
        return None
    on_screen = twistd.get("nodaemon") and twistd.get("logfile") in (None, "", "-")
    # twistd's own, for the file, its rotation and the signal that asks for it.
    theirs: FileLogObserver = UnixAppLogger(twistd)._getLogObserver()
    theirs.formatEvent = form_of(kind, name, bool(on_screen) and read_by_journal(sys.stdout, environ))
    return theirs


class Logged(MultiService):
    """What twistd runs: the services of a program whose lines `lines_to` writes. None: twistd's own way."""

    def __init__(self, lines_to: FileLogObserver | None) -> None:
        super().__init__()
        self._lines_to = lines_to

    def setServiceParent(self, parent: Any) -> None:
        # twistd asks its application for an observer before it makes one of its own.
        if self._lines_to is not None:
            parent.setComponent(ILogObserver, self._lines_to)
        super().setServiceParent(parent)
