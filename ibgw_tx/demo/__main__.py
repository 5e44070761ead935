"""`python -m ibgw_tx.demo`: everything a stranger needs to see live books, in one terminal; DURATION seconds or Ctrl-C.

Exit status 0 when books came, 1 when none did or something did not start.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from ibgw_tx.demo.screen import View, screen
from ibgw_tx.model import keys as names

NAME = "demo"
#: What is subscribed: `exchange` and `showName` of SUB_ODBK.
BOOKS = (("SEHK", "HKD-1137"), ("CMECRYPTO", "USD-BRR@203512@0.1"))
REFRESH = 0.2  # seconds between two screens on a terminal
REPORT = 2.0  # seconds between two screens elsewhere


@contextmanager
def twistd(plugin: str, log: Path, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
    """A plugin in a process of its own, logging to a file; ended in order."""
    program = str(Path(sys.executable).with_name("twistd"))
    command = [program, "-n", "--pidfile=", f"--logfile={log}", plugin, *flags]
    process = subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for_port(port: int, process: subprocess.Popen[bytes], limit: float = 20.0) -> None:
    """Wait until something takes connections there, the process has ended, or the limit is over."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


class Watcher:
    """A bot of the simplest kind: sends two commands, listens, remembers the newest."""

    def __init__(self, port: int) -> None:
        self.view = View()
        self.port = port
        self._redis = redis.Redis(port=port, decode_responses=True)
        self._listener = self._redis.pubsub(ignore_subscribe_messages=True)
        self._listener.subscribe(names.acks(NAME))
        self._listener.psubscribe("URANUS:*:full_odbk_channel")
        self._asked = False

    def look(self, seconds: float) -> None:
        """Take in what comes within `seconds`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = self._listener.get_message(timeout=left)
            if message is not None:
                self._take(message["channel"], json.loads(message["data"]))
        status, balance = self._redis.mget(names.status(NAME), names.balance(NAME))
        self.view.status = json.loads(status) if status else None
        self.view.balance = json.loads(balance) if balance else {}
        if not self._asked and self.view.status and self.view.status[0]:
            self._asked = True
            self._subscribe()

    def _subscribe(self) -> None:
        for number, (exchange, show_name) in enumerate(BOOKS):
            params = {"exchange": exchange, "showName": show_name}
            command = {"id": f"demo-{number}", "cmd": "SUB_ODBK", "params": params}
            self._redis.publish(names.commands(NAME), json.dumps(command))

    def _take(self, channel: str, content: object) -> None:
        if isinstance(content, list):
            self.view.books[channel] = content
            self.view.messages[channel] = self.view.messages.get(channel, 0) + 1
        elif isinstance(content, dict) and content.get("ok") is False:
            self.view.note = f"refused: {content['err']}"


def watch(watcher: Watcher, duration: float, processes: list[subprocess.Popen[bytes]]) -> None:
    """Show what comes until the time is over, Ctrl-C, or a process has ended."""
    terminal = sys.stdout.isatty()
    started = time.monotonic()
    while not duration or time.monotonic() - started < duration:
        watcher.look(REFRESH if terminal else min(REPORT, duration or REPORT))
        if any(process.poll() is not None for process in processes):
            watcher.view.note = "a process has ended; see the logs"
            break
        text = screen(watcher.view, NAME, watcher.port, time.monotonic() - started)
        print(f"\x1b[H\x1b[J{text}" if terminal else f"{text}\n", flush=True)


def main() -> int:
    """Start everything, watch, end everything."""
    duration = float(os.environ.get("DURATION") or 0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ibgateway-demo-")))
        server = stack.enter_context(EmbeddedRedis())
        tws_port, page = str(free_port()), str(free_port())
        redis_flags = ("--redis-host", "127.0.0.1", "--redis-port", str(server.port))
        tws_flags = ("--tws-host", "127.0.0.1", "--tws-port", tws_port, "--client-id", "0")
        sim = stack.enter_context(twistd("ibsim", folder / "ibsim.log", "--port", tws_port))
        # A gateway that comes first would look for TWS again only after 20 s.
        wait_for_port(int(tws_port), sim)
        gateway = stack.enter_context(
            twistd("ibgateway", folder / "ibgateway.log", "--name", NAME, *redis_flags, *tws_flags, "--metrics", page)
        )
        watcher = Watcher(server.port)
        watcher.view.note = f"status page  http://127.0.0.1:{page}/"
        try:
            watch(watcher, duration, [sim, gateway])
        except KeyboardInterrupt:
            print()
        counts = watcher.view.messages
        if not all(counts.get(channel, 0) > 1 for channel in counts) or len(counts) < len(BOOKS):
            for log in ("ibsim.log", "ibgateway.log"):
                print((folder / log).read_text(encoding="utf-8") if (folder / log).exists() else "", file=sys.stderr)
            print("no live books came; the logs are above", file=sys.stderr)
            return 1
    print(f"{sum(counts.values())} book messages on {len(counts)} channels; ended cleanly")
    return 0


if __name__ == "__main__":
    sys.exit(main())
