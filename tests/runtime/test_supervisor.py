"""What a service manager hears: in the order in which it became so, and nothing that is not so yet."""

import socket

import pytest

from ibgw_tx.runtime.supervisor import Supervisor


class Manager:
    """The far end: a socket as systemd has one."""

    def __init__(self, place):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(place)
        self.socket.setblocking(False)

    def heard(self):
        found = []
        try:
            while True:
                found.append(self.socket.recv(65536).decode().split("\n"))
        except BlockingIOError:
            return found


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "notify")


@pytest.fixture
def manager(path):
    made = Manager(path)
    yield made
    made.socket.close()


@pytest.fixture
def supervisor(path, manager):
    made = Supervisor(path)
    made.startService()
    yield made
    made.stopService()


def test_ready_is_told_once_with_the_first_sign_that_is(supervisor, manager):
    supervisor.alive(ready=False)
    supervisor.alive(ready=True)
    supervisor.alive(ready=True)
    assert manager.heard() == [["WATCHDOG=1"], ["WATCHDOG=1", "READY=1"], ["WATCHDOG=1"]]


def test_the_state_is_told_when_it_changes(supervisor, manager):
    supervisor.state("status false: no TWS")
    supervisor.state("status false: no TWS")
    supervisor.state("status true")
    supervisor.alive(ready=True)
    assert manager.heard() == [["STATUS=status false: no TWS"], ["STATUS=status true"], ["WATCHDOG=1", "READY=1"]]


def test_a_text_of_others_cannot_forge_a_word(supervisor, manager):
    supervisor.state("Redis refuses: no\nREADY=1")
    assert manager.heard() == [["STATUS=Redis refuses: no\\nREADY=1"]]


def test_after_a_stop_has_begun_it_is_neither_ready_nor_alive(supervisor, manager):
    supervisor.stopping()
    supervisor.alive(ready=True)
    assert manager.heard() == [["STOPPING=1"]]


def test_what_was_not_taken_is_told_again(path, lines):
    supervisor = Supervisor(path)
    supervisor.startService()
    supervisor.state("status true")
    supervisor.alive(ready=True)
    manager = Manager(path)
    supervisor.alive(ready=True)
    supervisor.alive(ready=True)
    assert manager.heard() == [["WATCHDOG=1", "READY=1", "STATUS=status true"], ["WATCHDOG=1"]]
    assert lines == [
        "warn the service manager cannot be told STATUS=status true: No such file or directory",
        "info the service manager is told again, after 2 that it was not",
    ]


def test_a_manager_that_does_not_read_holds_nothing_up(supervisor, manager, lines):
    for _ in range(5000):
        supervisor.alive(ready=False)
    assert [line for line in lines if "cannot be told WATCHDOG=1" in line]
    manager.heard()
    supervisor.alive(ready=True)
    assert manager.heard() == [["WATCHDOG=1", "READY=1"]]


def test_an_abstract_name(tmp_path):
    name = f"ibgateway-{tmp_path.name}-{id(tmp_path)}"
    manager = Manager(f"\0{name}")
    supervisor = Supervisor(f"@{name}")
    supervisor.startService()
    supervisor.alive(ready=True)
    assert manager.heard() == [["WATCHDOG=1", "READY=1"]]


@pytest.mark.parametrize("address", [None, ""])
def test_without_a_manager_nothing_is_opened(address):
    supervisor = Supervisor(address, make_socket=lambda *_: pytest.fail("a socket for nobody"))
    supervisor.startService()
    supervisor.state("status true")
    supervisor.alive(ready=True)
    supervisor.stopping()
    supervisor.stopService()
