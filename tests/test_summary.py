"""One line a minute that tells how a gateway is doing."""

import pytest

from ibgw_tx.runtime.memory import resident
from tests.kit.contracts import AAPL
from tests.kit.trading import BUY, OrderWorld


def sums(lines):
    return [line for line in lines if "updates/s" in line]


@pytest.fixture
def world(monkeypatch):
    return OrderWorld(monkeypatch).trading()


def test_once_a_minute_and_with_what_happened_since(world, lines):
    world.placed("a")
    world.send("CANCEL_ORDER", client_oid="no such order")
    world.seconds(61)
    (line,) = sums(lines)
    assert line.startswith("info demo is well: 0 books, 0.0 updates/s, 1 orders alive, 1 acks, 1 refusals, Redis 0 ms, ")
    assert " of 45 messages/s to TWS, 0 waited, " in line and line.endswith(" MB")
    world.seconds(60)
    assert "1 orders alive, 0 acks, 0 refusals" in sums(lines)[1]


def test_the_busiest_second_is_told(world, lines):
    world.place("first")
    for number in range(60):
        order = {**BUY, "client_oid": f"o{number}"}
        world.send("PLACE_ORDER", contract={"conId": AAPL.conId, "exchange": "SMART"}, order=order)
    world.seconds(61)
    (line,) = sums(lines)
    sent = int(line.split(" of 45 messages/s")[0].rpartition(" ")[2])
    assert 40 <= sent <= 45


def test_a_redis_that_does_not_answer_is_seen_while_it_does_not(world, lines):
    world.seconds(50)
    world.link.hold = True
    world.seconds(6)
    world.link.hold = False
    world.link.answer()
    world.seconds(10)
    lag = int(sums(lines)[0].split("Redis ")[1].split(" ms")[0])
    assert 5000 <= lag <= 7000
    world.seconds(60)
    assert "Redis 0 ms" in sums(lines)[1], "the worst of each minute for itself"


def test_a_redis_that_is_away_and_a_false_status_are_told(world, lines):
    world.link.go_down()
    world.link.listening = False
    world.seconds(61)
    assert "demo is NOT WELL: " in sums(lines)[0] and "Redis away" in sums(lines)[0]


def test_nobody_who_does_not_want_it_gets_it(monkeypatch, lines):
    world = OrderWorld(monkeypatch, **{"summary-interval": "0"}).trading()
    world.seconds(300)
    assert not sums(lines)


def test_the_memory_is_that_of_the_process(tmp_path):
    assert 10e6 < resident() < 4e9
    assert resident(tmp_path / "no such file") is None
