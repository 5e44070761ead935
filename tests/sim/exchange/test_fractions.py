"""Fractions of shares, cents of currencies and small coins, from server version 163 on; ib_async decodes what is told."""

from fractions import Fraction

import pytest
from ib_async import Contract, LimitOrder, MarketOrder

from ibgw_tx.sim.exchange.oca import left
from ibgw_tx.sim.exchange.order import Order, terms_of
from ibgw_tx.sim.market.instrument import exact, plain
from ibgw_tx.sim.wire.order_layout import blank
from tests.sim.kit.async_judge import AsyncJudge, sent_by_ib_async
from tests.sim.kit.bench import AAPL, BTC, ES, EURUSD, Bench, codes, frame, of

APPLE, EURO, COIN = Contract(conId=AAPL, exchange="SMART"), Contract(conId=EURUSD, exchange="IDEALPRO"), Contract(
    conId=BTC, exchange="PAXOS")
BOOKS = {AAPL: ([(99.5, 100)], [(100.0, 60), (100.5, 500)]), EURUSD: ([(1.1, 10**6)], [(1.1001, 10**6)]),
         BTC: ([(60000.0, 2000)], [(60100.0, 250), (60200.0, 1000)])}


class Client:
    """ib_async's requests and its decoder, at a simulator in memory."""

    def __init__(self, bench, version=178):
        self.version = version
        self.peer, self.judge = bench.peer(1, f"v157..{version}"), AsyncJudge(version)
        self.next = 1

    def place(self, about, order, order_id=0):
        number = order_id or self.next
        self.next = max(self.next, number + 1)
        return self.hear(self.peer.feed(frame(*sent_by_ib_async("placeOrder", (number, about, order), self.version))))

    def ask(self, *fields):
        return self.hear(self.peer.ask(*fields))

    def hear(self, messages):
        self.raw = messages
        return [call for fields in messages for call in self.judge.decode(fields)]


@pytest.fixture
def made(bench):
    for con_id, (bids, asks) in BOOKS.items():
        bench.simulator.trouble.set_book(con_id, bids, asks)
    return Client(bench)


def fills(calls):
    return [(call[3].shares, call[3].price, call[3].cumQty) for call in calls if call[0] == "execDetails"]


@pytest.mark.parametrize(
    ("about", "quantity", "price", "text"),
    [(APPLE, 0.5, 101.0, "0.5"), (EURO, 12345.67, 1.2, "12345.67"), (COIN, 0.00012345, 60200.0, "0.00012345"),
     (APPLE, 0.0001, 101.0, "0.0001"), (COIN, 0.00000001, 60200.0, "0.00000001")],
)
def test_a_fraction_fills_to_its_last_digit(made, about, quantity, price, text):
    before = position(made, about.conId)
    calls = made.place(about, LimitOrder("BUY", quantity, price, tif="DAY"))
    assert [call[2:5] for call in calls if call[0] == "orderStatus"][-1] == ("Filled", quantity, 0.0)
    assert sum(Fraction(fields[19]) for fields in of(made.raw, 11)) == Fraction(text)
    if about is not EURO:  # currencies make no position
        assert position(made, about.conId) - before == Fraction(text)


def position(made, con_id):
    made.ask(61, 1)
    return sum((Fraction(fields[14]) for fields in of(made.raw, 61) if fields[3] == str(con_id)), Fraction(0))


def test_whole_shares_come_off_the_book_and_the_fraction_from_ib(made):
    walk = made.peer.bench.simulator.office.market.walk(
        made.peer.bench.simulator.office.catalogue.instruments[AAPL], 0.0)
    assert fills(made.place(APPLE, MarketOrder("BUY", 60.5, tif="DAY"))) == [(60.0, 100.0, 60.0), (0.5, 100.5, 60.5)]
    assert [row.size for row in walk.book.rows[0]] == [500]


def test_a_resting_fraction_is_changed_filled_in_parts_and_cancelled(made):
    made.place(APPLE, LimitOrder("BUY", 10.25, 90.0, tif="DAY"))
    calls = made.place(APPLE, LimitOrder("BUY", 20.75, 90.0, tif="DAY"), order_id=1)
    assert calls[0][3].totalQuantity == 20.75
    simulator = made.peer.bench.simulator
    perm = simulator.tws.orders.store.by_key(1, 1).perm_id
    simulator.trouble.orders.fill(perm, 0.1)
    simulator.trouble.orders.fill(perm, 0.2)
    assert fills(made.hear(made.peer.heard())) == [(0.1, 90.0, 0.1), (0.2, 90.0, 0.3)]
    calls = made.hear(made.peer.feed(frame(*sent_by_ib_async("cancelOrder", (1, ""), 178))))
    assert calls[0][2:5] == ("Cancelled", 0.3, 20.45)


@pytest.mark.parametrize(
    ("about", "quantity", "version", "code"),
    [(APPLE, 0.5, 162, 10243), (EURO, 0.5, 162, 10285), (APPLE, 0.00005, 178, 10243), (EURO, 0.001, 178, 10243),
     (Contract(conId=ES, exchange="CME"), 0.5, 178, 10243)],
)
def test_what_is_too_fine_or_too_old_is_refused(bench, about, quantity, version, code):
    client = Client(bench, version)
    client.place(about, MarketOrder("BUY", quantity, tif="DAY"))
    assert codes(client.raw) == [code]


def test_numbers_are_exact_and_have_no_exponent():
    assert exact(0.1) + exact(0.2) == Fraction(3, 10)
    assert [plain(exact(value)) for value in (1e-8, 0.30000000000000004, 1e15, 2.0)] == [
        "0.00000001", "0.30000000000000004", "1000000000000000", "2"]


@pytest.mark.parametrize(("remaining", "part", "before", "want"), [(100, 30, 100, 70), (10, 1, 3, 6), (0.5, 1, 4, 0.375)])
def test_the_share_of_an_oca_mate_is_whole_where_the_mate_is(remaining, part, before, want):
    terms = terms_of(blank(action="BUY", totalQuantity=remaining, orderType="MKT"), "DU1")
    mate = Order(1, 1, 1, None, "SMART", terms, terms.total, 0.0)
    assert left(mate, Fraction(part), Fraction(before)) == exact(want)


def test_the_bell_and_the_day_end_a_fraction_like_any_other():
    bench = Bench()
    bench.simulator.trouble.set_book(AAPL, *BOOKS[AAPL])
    client = Client(bench)
    client.place(APPLE, LimitOrder("BUY", 0.75, 90.0, tif="DAY"))
    bench.simulator.trouble.orders.end_session()
    assert client.hear(client.peer.heard())[0][2:5] == ("Cancelled", 0.0, 0.75)
    bench.simulator.stopService()
