"""The gateway as a process of its own, and what its host knows of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.faults.nursery import Nursery
from tests.kit.program import PYTHON


class Forked:
    """A process that is another one's child, with as much of Popen as is needed here. How it ended is not known: None."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode = None

    def poll(self) -> int | None:
        return None if Path(f"/proc/{self.pid}").exists() else 0

    def wait(self, limit: float = 10.0) -> int:
        deadline = time.monotonic() + limit
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), limit)
            time.sleep(0.005)
        return 0

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Gateway:
    """`twistd -n ibgateway` with its log in a file; `prefix` runs it elsewhere (a network namespace)."""

    def __init__(
        self, name: str, folder: Path, env: dict[str, str], flags: tuple[str, ...] = (), prefix: tuple[str, ...] = (),
        nursery: Nursery | None = None,
    ) -> None:
        """`nursery`: it is forked there instead of started from the ground."""
        self.name, self.folder, self.env, self.flags, self.prefix = name, folder, env, flags, prefix
        self.log = folder / f"gateway{len(list(folder.glob('gateway*.log')))}.log"
        self.nursery = nursery
        self.process: subprocess.Popen[bytes] | Forked | None = None
        self.started = 0.0

    def start(self, *flags: str, **env: str) -> Gateway:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS_", "IBGW_"))}
        program = [*self.prefix, str(PYTHON.with_name("twistd")), "-n", "--pidfile=", "ibgateway", *self.flags, *flags]
        if self.nursery is not None:
            environment = {**clean, **self.env, **env}
            self.process = Forked(self.nursery.born(program, environment, str(self.folder), str(self.log)))
            self.started = time.time()
            return self
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                program, cwd=self.folder, env={**clean, **self.env, **env}, stdout=log, stderr=subprocess.STDOUT
            )
        self.started = time.time()
        return self

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut does: it has no last word."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, limit: float = 10.0) -> int:
        """In order; its exit status."""
        if self.alive:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        try:
            return self.process.wait(limit) if self.process is not None else 0
        finally:
            self.kill()

    @property
    def memory(self) -> float:
        """MB that it holds (RSS)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
