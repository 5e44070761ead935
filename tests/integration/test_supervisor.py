"""What a service manager hears of processes: a gateway that works, one that stands by, one without Redis."""

import signal
import socket
import time

import pytest

from ibgw_tx.demo.embedded_redis import free_port
from tests.integration.test_process import start


class Manager:
    """A socket as systemd has one, and everything it was told, word by word."""

    def __init__(self, place):
        self.place = str(place)
        self.words = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.place)
        self._socket.settimeout(0.2)

    def hears(self, what, limit=15.0):
        """Listen until a word begins so."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if any(word.startswith(what) for word in self.words):
                return
            self.listen(0)
        raise AssertionError(f"not heard: {what} among {self.words}")

    def listen(self, seconds):
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.words += self._socket.recv(65536).decode().split("\n")
            except TimeoutError:
                pass
            if time.monotonic() >= deadline:
                return

    def close(self):
        self._socket.close()


@pytest.fixture
def managed(tmp_path, redis_server):
    """Start a gateway under a manager of its own: `managed(*flags)` gives both."""
    running = []

    def make(*flags, redis_port=redis_server.port):
        manager = Manager(tmp_path / f"notify{len(running)}")
        env = {"TWS_GATEWAY_NAME": "kept", "REDIS_PORT": str(redis_port), "TWS_API_PORT": str(free_port())}
        process = start("ibgateway", *flags, **env, NOTIFY_SOCKET=manager.place)
        running.append((manager, process))
        return manager, process

    yield make
    for manager, process in running:
        process.kill()
        process.wait()
        process.stdout.close()
        manager.close()


def test_a_gateway_is_ready_with_its_first_status_lives_and_stops(managed, client):
    manager, process = managed()
    manager.hears("READY=1")
    assert client.get("IBGateway:kept:status").startswith("[false,")
    assert manager.words[0].startswith("STATUS=waits for the lease of kept on Redis at 127.0.0.1:")
    assert any(word.startswith("STATUS=status false: ") for word in manager.words)
    manager.words.clear()
    manager.listen(3)
    assert manager.words.count("WATCHDOG=1") >= 2 and "READY=1" not in manager.words
    process.send_signal(signal.SIGTERM)
    manager.hears("STOPPING=1")
    assert process.wait(10) == 0
    manager.listen(0.5)
    assert "WATCHDOG=1" not in manager.words[manager.words.index("STOPPING=1") :]


def test_one_that_stands_by_is_ready_when_redis_knows_it(managed, client):
    first, _ = managed()
    first.hears("READY=1")
    second, _ = managed("--standby")
    second.hears("READY=1")
    assert client.exists("IBGateway:kept:standby") == 1
    assert any(word.startswith("STATUS=stands by for kept: ") and word.endswith(" holds it") for word in second.words)
    second.words.clear()
    second.listen(3)
    assert second.words.count("WATCHDOG=1") >= 2


def test_without_redis_it_lives_and_is_not_ready(managed):
    manager, _ = managed(redis_port=free_port())
    manager.hears("WATCHDOG=1")
    manager.listen(3)
    assert "READY=1" not in manager.words
