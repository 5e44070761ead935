"""The engine and its helpers by themselves, without a wire: an engine, a book, and a list of what was said."""

import pytest

from ibgw_tx.sim.desks.order_checks import on_tick
from ibgw_tx.sim.exchange import ledger, matching
from ibgw_tx.sim.exchange import store as store_module
from ibgw_tx.sim.exchange.accounts import Account, open_accounts
from ibgw_tx.sim.exchange.engine import Engine
from ibgw_tx.sim.exchange.lives import Lives
from ibgw_tx.sim.exchange.oca import left
from ibgw_tx.sim.exchange.order import Order, Status, terms_of
from ibgw_tx.sim.market import hours
from ibgw_tx.sim.market.instrument import Calendar
from ibgw_tx.sim.market.market import Market
from ibgw_tx.sim.office.agenda import Agenda
from ibgw_tx.sim.server.simulator import default_catalogue
from ibgw_tx.sim.wire.order_layout import ORDER, blank
from tests.sim.kit.bench import AAPL, ES, NOON

CATALOGUE = default_catalogue()


class Floor:
    """An engine with a fixed book of AAPL; ``said`` is what it told, in order."""

    def __init__(self, bids=((99.5, 100),), asks=((100.0, 60), (100.5, 500))):
        self.said, self.now = [], NOON
        self.market = Market(CATALOGUE, 1)
        self.accounts = open_accounts(CATALOGUE, ["DU1"])
        self.lives = Lives(CATALOGUE, self.market, self.accounts, self, lambda: self.now)
        self.engine = Engine(self.lives)
        self.book(bids, asks)

    def book(self, bids, asks):
        self.market.set_book(CATALOGUE.instruments[AAPL], list(bids), list(asks), self.now)
        self.engine.look()

    def order(self, number, action, quantity, kind, limit=None, aux=None, **fields):
        said = blank(action=action, totalQuantity=float(quantity), orderType=kind, lmtPrice=limit, auxPrice=aux, **fields)
        terms, one = terms_of(said, "DU1"), CATALOGUE.instruments[AAPL]
        made = Order(self.lives.next_perm(), 1, number, one, "SMART", terms, terms.total, self.now)
        self.lives.place(made)
        return made

    def open_order(self, order):
        self.said.append(("open", order.order_id, order.status))

    def order_status(self, order):
        self.said.append(("status", order.order_id, order.status, order.filled))

    def note(self, order, code, text):
        self.said.append(("note", order.order_id, code))

    def executed(self, fill):
        self.said.append(("fill", fill.order.order_id, fill.quantity, fill.price))

    def ended(self, order):
        self.said.append(("ended", order.order_id))

    def moved(self, walk):
        pass


TAKES = [  # action, quantity, type, limit, what is had at once, status after
    ("BUY", 60, "MKT", None, [(60, 100.0)], Status.FILLED), ("BUY", 100, "MKT", None, [(60, 100.0), (40, 100.5)], Status.FILLED),
    ("BUY", 100, "LMT", 100.0, [(60, 100.0)], Status.SUBMITTED), ("BUY", 100, "LMT", 99.9, [], Status.SUBMITTED),
    ("SELL", 150, "LMT", 99.5, [(100, 99.5)], Status.SUBMITTED), ("SELL", 150, "MKT", None, [(100, 99.5)], Status.SUBMITTED),
    ("BUY", 100, "MTL", None, [(60, 100.0)], Status.SUBMITTED), ("SELL", 10, "LMT", 120.0, [], Status.SUBMITTED),
    ("BUY", 10, "STP", None, [], Status.PRE_SUBMITTED), ("BUY", 10, "MOC", None, [], Status.PRE_SUBMITTED),
    ("BUY", 10, "REL", 99.0, [], Status.SUBMITTED),
]


@pytest.mark.parametrize(("action", "quantity", "kind", "limit", "had", "status"), TAKES)
def test_what_an_order_takes_when_it_comes(action, quantity, kind, limit, had, status):
    floor = Floor()
    order = floor.order(1, action, quantity, kind, limit, aux=110.0 if kind == "STP" else None)
    assert [event[2:] for event in floor.said if event[0] == "fill"] == had
    assert order.status == status
    assert order.worth == pytest.approx(sum(size * price for size, price in had))


def test_price_goes_before_time_and_time_before_size():
    floor = Floor(asks=((101.0, 100),))
    floor.order(1, "BUY", 50, "LMT", 99.0)
    floor.order(2, "BUY", 50, "LMT", 100.0)
    floor.order(3, "BUY", 50, "LMT", 100.0)
    floor.said.clear()
    floor.book(((98.0, 10),), ((99.0, 120),))
    assert [event for event in floor.said if event[0] == "fill"] == [
        ("fill", 2, 50, 100.0), ("fill", 3, 50, 100.0), ("fill", 1, 20, 99.0)]


def test_a_fill_is_said_before_its_status_and_the_end_last():
    floor = Floor()
    floor.order(1, "BUY", 60, "MKT")
    assert [event[0] for event in floor.said] == ["open", "status", "fill", "open", "status", "ended"]


def test_an_order_cannot_be_filled_beyond_its_size():
    floor = Floor()
    order = floor.order(1, "BUY", 10, "LMT", 90.0)
    with pytest.raises(ValueError, match="11 of order"):
        floor.lives.fill(order, 11, 90.0, "NASDAQ")
    floor.lives.fill(order, 10, 90.0, "NASDAQ")
    with pytest.raises(ValueError, match="which has 0 to fill"):
        floor.lives.fill(order, 1, 90.0, "NASDAQ")


def test_days_end_at_midnight_and_the_lists_with_them():
    floor = Floor()
    floor.engine.tick()
    floor.order(1, "BUY", 10, "LMT", 90.0)
    floor.order(2, "BUY", 10, "LMT", 90.0, tif="GTC")
    floor.order(3, "BUY", 10, "MKT")
    floor.now += 12 * 3600 - 1
    floor.engine.tick()
    assert len(floor.engine.store.live) == 2
    floor.now += 1
    floor.engine.tick()
    assert [order.order_id for order in floor.engine.store.live.values()] == [2]
    assert not floor.engine.store.done
    assert not floor.engine.store.fills


def test_exec_ids_have_four_parts_and_never_repeat():
    floor = Floor(asks=((100.0, 10_000),))
    for number in range(1, 50):
        floor.order(number, "BUY", 10, "MKT")
    assert len(floor.engine.store.fills) == 49
    assert all(len(exec_id.split(".")) == 4 for exec_id in floor.engine.store.fills)


BOOKED = [  # before (amount, cost), sign, quantity, price, then amount, cost, realized
    ((0, 0.0), 1, 100, 10.0, 100, 10.01, None), ((100, 10.0), 1, 100, 12.0, 200, 11.005, None),
    ((100, 10.0), -1, 40, 12.0, 60, 10.0, 79.0), ((100, 10.0), -1, 100, 12.0, 0, 0.0, 199.0),
    ((0, 0.0), -1, 100, 10.0, -100, 9.99, None), ((-100, 10.0), 1, 40, 9.0, -60, 10.0, 39.0),
    ((100, 10.0), -1, 150, 12.0, -50, 12.0 - 1 / 150, 200.0 - 100 / 150),
]


@pytest.mark.parametrize(("before", "sign", "quantity", "price", "amount", "cost", "realized"), BOOKED)
def test_position_average_cost_and_profit(before, sign, quantity, price, amount, cost, realized):
    one = CATALOGUE.instruments[AAPL]
    account = Account("DU1", "USD", {"USD": 0.0})
    account.set_position(one, *before)
    assert ledger.post(account, one, sign, quantity, price, 1.0) == (None if realized is None else pytest.approx(realized))
    held = account.positions[AAPL]
    assert (held.amount, held.cost) == (amount, pytest.approx(cost))
    assert account.cash["USD"] == pytest.approx(-sign * quantity * price - 1.0)


def test_a_future_pays_its_profit_when_it_is_closed():
    one, account = CATALOGUE.instruments[ES], Account("DU1", "USD", {"USD": 0.0})
    ledger.post(account, one, 1, 2, 6000.0, 4.5)
    assert account.cash["USD"] == 0.0
    gain = ledger.post(account, one, -1, 2, 6010.0, 4.5)
    assert gain == pytest.approx(2 * 50 * 10 - 9.0)
    assert account.cash["USD"] == pytest.approx(gain)


@pytest.mark.parametrize(
    ("con_id", "quantity", "worth", "fee"),
    [(AAPL, 100, 20_000.0, 1.0), (AAPL, 1000, 200_000.0, 5.0), (ES, 3, 18_000.0, 6.75), (AAPL, 0, 0.0, 0.0)],
)
def test_commissions(con_id, quantity, worth, fee):
    assert ledger.commission(CATALOGUE.instruments[con_id], quantity, worth) == pytest.approx(fee)


@pytest.mark.parametrize(
    ("remaining", "quantity", "before", "want"), [(100, 60, 100, 40), (200, 60, 100, 80), (1, 1, 100, 0), (7, 100, 100, 0)]
)
def test_what_a_fill_leaves_of_a_mate(remaining, quantity, before, want):
    mate = Floor().order(1, "BUY", remaining, "LMT", 90.0)
    assert left(mate, quantity, before) == want


@pytest.mark.parametrize(
    ("price", "fits"), [(100.01, True), (100.0, True), (100.011, False), (0.1 + 0.2, False), (1e-7, False), (0.01, True)]
)
def test_prices_must_stand_on_the_ladder_exactly(price, fits):
    assert on_tick(CATALOGUE, CATALOGUE.instruments[AAPL], price) is fits


def test_sessions_jump_the_weekend():
    ny = Calendar("x", "US/Eastern", -5, "0400-2000", "0930-1600")
    friday_night = NOON + 2 * 86400 + 10 * 3600  # Friday 22:00 UTC, 17:00 in New York
    opens, closes = hours.session(ny, True, friday_night)
    assert hours.local_text(ny, opens) == "2026-11-23 09:30:00 US/Eastern"
    assert closes - opens == 6.5 * 3600
    assert hours.session(ny, False, friday_night)[0] < friday_night


def test_only_trades_through_a_price_count_and_each_once():
    floor = Floor()
    walk = floor.market.walk(CATALOGUE.instruments[AAPL], NOON)
    since = walk.count
    for price, size in ((9950, 30), (9960, 20), (9970, 10)):
        walk.record(price, size, "NASDAQ", NOON)
    prints = matching.Prints(walk, since)
    assert prints.through(1, 9960, 100) == 30
    assert prints.through(1, 9970, 15) == 15
    assert prints.through(1, 9970, 100) == 5
    assert (prints.reach(-1, 9970), prints.reach(-1, 9969)) == (False, True)


def test_the_agenda_keeps_order_and_leaves_new_calls_for_the_next_run():
    now, done = [0.0], []
    agenda = Agenda(lambda: now[0])
    agenda.after(2.0, lambda: done.append("late"))
    agenda.after(1.0, lambda: (done.append("early"), agenda.after(0.0, lambda: done.append("new"))))
    now[0] = 2.0
    agenda.run()
    assert done == ["early", "late"]
    agenda.run()
    assert (done, agenda.due) == (["early", "late", "new"], None)


def test_a_blank_order_has_every_field_of_the_wire():
    assert set(blank()) == {one.name for one in ORDER}


def test_of_completed_orders_and_executions_the_last_ones_are_kept(monkeypatch):
    monkeypatch.setattr(store_module, "MOST", 3)
    floor = Floor(asks=((100.0, 10_000),))
    for number in range(1, 6):
        floor.order(number, "BUY", 10, "MKT")
    store = floor.engine.store
    assert [order.order_id for order in store.done.values()] == [3, 4, 5]
    assert [fill.order.order_id for fill in store.fills.values()] == [3, 4, 5]
    assert store.by_key(store.done[max(store.done)].client_id, 2) is None
