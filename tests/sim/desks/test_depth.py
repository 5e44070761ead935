"""Depth requests: who may have what, and what comes."""

import pytest

from tests.sim.kit.bench import AAPL, BRR5, BTC, EURUSD, SPX, TENCENT, Bench, codes, contract, depth, of

NASDAQ = contract(AAPL, exchange="NASDAQ")
SMART = contract(AAPL, exchange="SMART")
BTC_FUTURE = contract(BRR5, exchange="CMECRYPTO")


class Rows:
    """A book kept from messages 12 or 13 by TWS's rules."""

    def __init__(self, limit):
        self.limit, self.sides = limit, {"0": [], "1": []}

    def apply(self, messages):
        for m in messages:
            head, rest = (m[:4], m[4:]) if m[0] == "12" else (m[:4], m[5:])
            position, operation, side, price, size = int(head[3]), rest[0], rest[1], rest[2], rest[3]
            rows = self.sides[side]
            if operation == "0":
                rows.insert(position, (float(price), int(size)))
                del rows[self.limit :]
            elif operation == "1":
                rows[position] = (float(price), int(size))
            else:
                del rows[position]


def test_a_subscription_begins_with_the_whole_book_as_inserts(peer):
    rows = of(peer.ask(*depth(7, *NASDAQ, rows=5)), 12)
    assert len(rows) == 10
    assert all(m[2] == "7" and m[4] == "0" for m in rows)
    assert [m[3] for m in rows] == ["0", "1", "2", "3", "4"] * 2
    bids, asks = [m for m in rows if m[5] == "1"], [m for m in rows if m[5] == "0"]
    assert [float(m[6]) for m in bids] == sorted((float(m[6]) for m in bids), reverse=True)
    assert float(bids[0][6]) < float(asks[0][6])


def test_two_subscribers_see_one_market(bench):
    one, two = bench.peer(1), bench.peer(2)
    a, b, late = Rows(10), Rows(10), Rows(4)
    a.apply(one.ask(*depth(1, *BTC_FUTURE)))
    bench.advance(20)
    b.apply(two.ask(*depth(9, *BTC_FUTURE)))
    late.apply(two.ask(*depth(8, *BTC_FUTURE, rows=4)))
    a.apply(one.heard())
    assert a.sides == b.sides
    for _ in range(50):
        bench.advance(2)
        heard = two.heard()
        a.apply(one.heard())
        b.apply([m for m in heard if m[2] == "9"])
        late.apply([m for m in heard if m[2] == "8"])
        assert a.sides == b.sides
        assert {side: rows[:4] for side, rows in a.sides.items()} == late.sides


def test_smart_depth_needs_its_flag_and_tells_the_exchanges_first(peer):
    assert codes(peer.ask(*depth(1, *SMART))) == [10092]
    heard = peer.ask(*depth(1, *SMART, rows=6, smart=1))
    assert heard[0][3] == "2152"
    assert "ARCA" in heard[0][4]
    rows = of(heard, 13)
    assert len(rows) == 12
    assert {m[4] for m in rows} <= {"NASDAQ", "ARCA", "BATS", "IEX"}
    assert all(m[9] == "1" for m in rows)


def test_sizes_of_us_stocks_are_in_hundreds_and_those_of_hong_kong_in_shares(peer):
    us = of(peer.ask(*depth(1, *NASDAQ)), 12)
    hk = of(peer.ask(*depth(2, *contract(TENCENT, exchange="SEHK"))), 12)
    assert max(int(m[7]) for m in us) < 100
    assert all(int(m[7]) % 100 == 0 for m in hk)


@pytest.mark.parametrize(
    ("about", "code"),
    [(contract(SPX, exchange="CBOE"), 10092), (contract(AAPL, exchange="PSX"), 10092),
     (contract(BTC, exchange="PAXOS"), 10285), (contract(symbol="X", sec_type="STK", exchange="NYSE"), 200),
     (contract(symbol="BRR", sec_type="FUT", expiry="203512", exchange="CMECRYPTO"), 200),
     (contract(14121, exchange="IBIS"), 354), (contract(AAPL), 321)],
)
def test_what_has_no_book_is_refused(peer, about, code):
    assert codes(peer.ask(*depth(1, *about))) == [code]
    assert peer.bench.simulator.tws.depth.walks == []


def test_the_fourth_book_is_one_too_many_over_all_clients(bench):
    one, two = bench.peer(1), bench.peer(2)
    for i in range(3):
        one.ask(*depth(i, *NASDAQ))
    (error,) = two.ask(*depth(1, *BTC_FUTURE))
    assert error[2:] == ["1", "309", "Max number (3) of market depth requests has been reached"]
    one.ask(11, 1, 0, 0)
    assert of(two.ask(*depth(1, *BTC_FUTURE)), 12)


def test_the_limit_can_be_raised_or_taken_off():
    peer = Bench(depth_limit=0).peer()
    assert all(of(peer.ask(*depth(i, *NASDAQ)), 12) for i in range(20))


def test_cancelling_ends_it_and_cancelling_twice_is_310(peer):
    peer.ask(*depth(1, *NASDAQ))
    assert peer.ask(11, 1, 1, 0) == []
    peer.bench.advance(5)
    assert peer.heard() == []
    assert codes(peer.ask(11, 1, 1, 0)) == [310]


def test_a_request_id_is_taken_once(peer):
    peer.ask(*depth(1, *NASDAQ))
    assert codes(peer.ask(*depth(1, *BTC_FUTURE))) == [322]


def test_two_clients_may_use_the_same_request_id(bench):
    assert all(of(bench.peer(i).ask(*depth(1, *NASDAQ)), 12) for i in range(2))


def test_about_ten_messages_a_second_come_by_default(peer):
    peer.ask(*depth(1, *contract(EURUSD, exchange="IDEALPRO")))
    peer.bench.advance(60)
    assert 400 < len(peer.heard()) < 1500


def test_a_frozen_market_moves_only_by_hand(peer):
    simulator = peer.bench.simulator
    simulator.freeze()
    peer.ask(*depth(1, *NASDAQ))
    peer.bench.advance(10)
    assert peer.heard() == []
    sent = simulator.step(5, con_id=AAPL)
    assert sent == len(peer.heard()) > 0
    simulator.thaw()
    peer.bench.advance(2)
    assert peer.heard()


def test_the_same_seed_sends_the_same_messages():
    def run():
        bench = Bench(seed=9)
        peer = bench.peer()
        peer.ask(*depth(1, *NASDAQ))
        bench.advance(5)
        return peer.heard()

    assert run() == run()


def test_an_exact_book_is_sent_and_stands_still(peer):
    book = Rows(10)
    book.apply(peer.ask(*depth(1, *BTC_FUTURE)))
    trouble = peer.bench.simulator.trouble
    trouble.set_book(BRR5, [(60000.0, 3), (59995.0, 4)], [(60005.0, 1)])
    book.apply(peer.heard())
    assert book.sides == {"1": [(60000.0, 3), (59995.0, 4)], "0": [(60005.0, 1)]}
    peer.bench.advance(10)
    assert peer.heard() == []
    trouble.set_book(BRR5, [], [])
    book.apply(peer.heard())
    assert book.sides == {"0": [], "1": []}
    trouble.set_book(BRR5, [(60010.0, 1)], [(60005.0, 1)])
    book.apply(peer.heard())
    assert book.sides["1"][0] > book.sides["0"][0], "a crossed book can be set for tests"
    trouble.set_book(BRR5, [], [])
    trouble.release_book(BRR5)
    peer.bench.advance(3)
    book.apply(peer.heard())
    assert len(book.sides["0"]) == len(book.sides["1"]) == 10


def test_a_flood_sends_what_was_asked_for_and_leaves_the_books_as_they_were(bench):
    peer, books = bench.peer(), {}
    bench.simulator.freeze()
    for req_id, about in ((1, NASDAQ), (2, BTC_FUTURE), (3, contract(AAPL, exchange="SMART"))):
        heard = peer.ask(*depth(req_id, *about, rows=6, smart=int(req_id == 3)))
        books[str(req_id)] = Rows(6)
        books[str(req_id)].apply([m for m in heard if m[0] != "4"])
    before = {key: {side: list(rows) for side, rows in book.sides.items()} for key, book in books.items()}
    done, heard = [], []
    bench.simulator.flood(20_000).addCallback(done.append)
    while not done:
        bench.clock.advance(0)
    heard = peer.heard()
    assert len(heard) == done[0] >= 20_000
    assert {m[4] for m in heard if m[0] == "12"} == {"0", "1", "2"}
    for m in heard:
        books[m[2]].apply([m])
    assert {key: book.sides for key, book in books.items()} == before
    bench.simulator.step(10)
    for m in peer.heard():
        books[m[2]].apply([m])
    office = bench.simulator.office
    for book, con_id in ((books["2"], BRR5),):
        walk = office.market.walk(office.catalogue.instruments[con_id], bench.clock.seconds())
        assert book.sides["1"] == [(walk.ladder.real(r.price), r.size) for r in walk.book.rows[1][:6]]
