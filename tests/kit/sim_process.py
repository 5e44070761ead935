"""ibsim as a process of its own, on ports nobody has, for tests of the installed gateway.

GATEWAY_SERVER_VERSION is the highest server version it offers, for a gateway that is older than this tree.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ibgw_tx.demo.embedded_redis import free_port
from ibgw_tx.sim import ctl

TWISTD = Path(sys.executable).with_name("twistd")
LIMIT = 20.0  # seconds until it listens
TRIES = 3  # a free port may be taken by another before ibsim has it


class SimProcess:
    """Its API clients come to `port`; `ask` is ibsimctl."""

    def __init__(self, *flags: str) -> None:
        version = os.environ.get("GATEWAY_SERVER_VERSION")
        self._flags = [*flags, *([f"--server-version={version}"] if version else [])]
        # A file, not a pipe: nobody reads along, and a full pipe would stop it.
        self._log = tempfile.TemporaryFile()
        for _ in range(TRIES):
            if self._start():
                return
        self.stop()
        self._log.seek(0)
        raise AssertionError(f"ibsim does not start: {self._log.read().decode(errors='replace')}")

    def _start(self) -> bool:
        self.port, self.control = free_port(), free_port()
        places = [f"--port={self.port}", f"--control-port={self.control}"]
        self._process = subprocess.Popen(
            [str(TWISTD), "-n", "--pidfile=", "ibsim", *places, *self._flags], stdout=self._log, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline and self._process.poll() is None:
            if listens(self.port) and listens(self.control):
                return True
            time.sleep(0.05)
        self._process.kill()
        self._process.wait()
        return False

    def ask(self, words: str) -> str:
        """The last line of the answer, which is an ok."""
        answer = str(ctl.ask(self.control, words)[-1])
        assert answer.startswith("ok"), answer
        return answer

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
