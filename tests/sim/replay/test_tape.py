"""Books of a recording as the market, and a clock that runs faster."""

import json

import pytest
from twisted.internet.testing import MemoryReactorClock

from ibgw_tx.sim import tap
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.replay.recording import read
from ibgw_tx.sim.replay.tape import Tape
from ibgw_tx.sim.server.simulator import Simulator
from tests.sim.kit.bench import AAPL, NOON, Bench, contract, depth, mkt_data, of
from tests.sim.replay.test_player import line, row
from tests.sim.test_tap import parsed

LISTED = contract(AAPL, exchange="NASDAQ")
RECORDED = [
    line(0, "up", 157), line(0, "out", 71, 2, 0, ""), line(1, "out", *depth(7, *LISTED)),
    line(2, "in", *row(7, 200.0)), line(2, "in", 12, 1, 7, 0, 0, 0, 200.5, 3), line(3, "in", 12, 1, 7, 1, 0, 0, 201, 4),
    line(4, "in", 12, 1, 7, 0, 1, 0, 200.4, 9), line(5, "in", 12, 1, 7, 1, 2, 0, 0, 0),
    line(6, "in", 12, 1, 7, 0, 0, 1, 199, "x"),
    line(7, "in", 4, 2, 7, 317, "reset"), line(8, "in", *row(7, 210.0)),
]


def bench(tape, **settings):
    made = Bench()
    made.simulator.stopService()
    made.simulator = Simulator(Settings(message_rate=0, **settings), reactor=made.clock, tape=tape)
    made.simulator.startService()
    return made


def rows(made):
    """(bids, asks) of the book, prices in dollars."""
    office = made.simulator.office
    walk = office.market.walk(office.catalogue.instruments[AAPL], office.now())
    return [[(r.price / walk.ladder.unit, r.size) for r in side] for side in walk.book.rows]


def test_the_recorded_rows_are_the_book_and_lots_are_shares():
    tape = Tape(read(RECORDED))
    assert len(tape) == 7
    made = bench(tape)
    peer = made.peer()
    made.advance(3.5)
    assert sorted(rows(made)) == [[(200.0, 500)], [(200.5, 300), (201.0, 400)]]
    assert [m[7] for m in of(peer.ask(*depth(1, *LISTED)), 12)] == ["5", "3", "4"]
    made.advance(2)
    assert sorted(rows(made)) == [[(200.0, 500)], [(200.4, 900)]]
    made.advance(5)
    assert sorted(rows(made)) == [[], [(210.0, 500)]]
    made.advance(5)
    assert sorted(rows(made)) == [[], [(210.0, 500)]], "after its end it stands still"


def test_others_walk_and_orders_trade_against_the_tape():
    made = bench(Tape(read(RECORDED)))
    peer = made.peer()
    peer.ask(*mkt_data(1, *contract(272093, exchange="SMART")))
    made.advance(3.5)
    assert len(of(peer.heard(), 1)) > 3
    assert made.simulator.office.market.walk(made.simulator.office.catalogue.instruments[AAPL], NOON).pinned


def test_the_flag(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text("\n".join(RECORDED))
    made = tap.makeService(parsed(f"--market={path}", "--clock-speed=60"), MemoryReactorClock())
    assert len(made.tape) == 7
    assert made.settings.clock_speed == 60.0
    path.write_text(json.dumps({"t": 1}))
    with pytest.raises(SystemExit, match="line 1 is not a line of a recording"):
        parsed(f"--market={path}")


def test_a_faster_clock_closes_the_exchange_the_sooner():
    made = bench(None, keep_hours=True, clock_speed=3600.0)
    tws, begun = made.simulator.tws, made.clock.seconds()
    peer = made.peer()
    assert int(peer.ask(49, 1)[0][2]) == int(begun)
    made.advance(2.0)
    assert int(peer.ask(49, 1)[0][2]) == pytest.approx(begun + 7200, abs=1)
    made.simulator.trouble.orders.manual_order(AAPL, "BUY", 10, limit=1.0)
    assert len(tws.orders.store.live) == 1
    made.advance(12.0)  # past 16:00 in New York, which is 21:00 UTC
    assert len(tws.orders.store.live) == 0


def test_what_is_put_down_for_later_comes_the_sooner():
    made = bench(None, clock_speed=10.0)
    fired = []
    made.simulator.office.agenda.after(20.0, lambda: fired.append(made.clock.seconds()))
    made.advance(1.9)
    assert fired == []
    made.advance(0.3)
    assert len(fired) == 1
