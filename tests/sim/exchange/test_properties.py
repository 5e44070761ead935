"""What holds whatever orders come, in whatever market: nothing is overfilled, lost, made up, or in two states."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from ibapi.order import Order as ApiOrder
from ibapi.order_condition import PriceCondition, TimeCondition
from ibapi.tag_value import TagValue

from ibgw_tx.sim.exchange.order import Status
from ibgw_tx.sim.market.book import ASK, BID
from tests.sim.kit.bench import AAPL, BRR01, ES, TENCENT, Bench
from tests.sim.kit.trader import Trader, contract_of, encoded

CONTRACTS = {AAPL: ("SMART", 225.0), BRR01: ("CMECRYPTO", 65_000.0), ES: ("CME", 6000.0), TENCENT: ("SEHK", 400.0)}
FINAL = {Status.CANCELLED, Status.FILLED, Status.INACTIVE}

orders = st.fixed_dictionaries(
    {
        "con_id": st.sampled_from(sorted(CONTRACTS)), "action": st.sampled_from(["BUY", "SELL"]),
        "quantity": st.sampled_from([1, 7, 100, 500, 5000]),
        "kind": st.sampled_from(["MKT", "LMT", "STP", "STP LMT", "TRAIL", "MIT", "LIT", "MOC", "LOC", "MTL"]),
        "away": st.integers(-8, 8), "tif": st.sampled_from(["DAY", "GTC", "IOC", "FOK"]),
        "oca": st.sampled_from(["", "", "g"]), "oca_type": st.integers(0, 3), "aon": st.booleans(),
        "parent": st.sampled_from([0, 0, 1]), "transmit": st.sampled_from([True, True, False]),
    }
)
steps = st.one_of(
    st.tuples(st.just("place"), orders), st.tuples(st.just("modify"), orders), st.tuples(st.just("cancel"), st.integers(1, 12)),
    st.tuples(st.just("market"), st.integers(1, 20)), st.tuples(st.just("fill"), st.integers(1, 12)),
    st.tuples(st.just("close"), st.none()),
)


def said(bench, want):
    """Terms near the market, on tick; some are refused, which is fine."""
    office = bench.simulator.office
    one = office.catalogue.instruments[want["con_id"]]
    walk = office.market.walk(one, office.now())
    step = walk.ladder.step_above(walk.last)
    price = walk.ladder.real(walk.ladder.snap(walk.ladder.real(walk.last + want["away"] * step)))
    fields = {"tif": want["tif"], "ocaGroup": want["oca"], "ocaType": want["oca_type"], "allOrNone": want["aon"],
              "parentId": want["parent"], "transmit": want["transmit"]}
    if want["kind"] in ("STP", "STP LMT", "MIT", "LIT", "TRAIL"):
        fields["auxPrice"] = price if want["kind"] != "TRAIL" else walk.ladder.real(step * (abs(want["away"]) + 1))
    limit = price if want["kind"] in ("LMT", "STP LMT", "LIT", "LOC") else None
    return {"action": want["action"], "quantity": want["quantity"], "kind": want["kind"], "limit": limit,
            "about": contract_of(want["con_id"], CONTRACTS[want["con_id"]][0]), **fields}


def act(bench, trader, what, arg):
    store, trouble = bench.simulator.tws.orders.store, bench.simulator.trouble
    if what == "place":
        trader.place(**said(bench, arg))
    elif what == "modify" and trader.next_id > 1:
        trader.place(order_id=trader.next_id - 1, **said(bench, arg))
    elif what == "cancel":
        trader.ask("cancelOrder", arg)
    elif what == "market":
        bench.simulator.step(arg)
    elif what == "fill":
        order = store.by_key(1, arg)
        if order is not None and order.live:
            trouble.orders.fill(order.perm_id, max(1, order.remaining // 2))
    elif what == "close":
        trouble.orders.end_session()
    trader.heard()


def check(bench, trader, opening):
    """The invariants; ``opening``: cash and positions before the first order."""
    office = bench.simulator.office
    store, account = bench.simulator.tws.orders.store, office.accounts["DU1000001"]
    every = {**store.live, **store.done}
    for order in every.values():
        fills = [fill for fill in store.fills.values() if fill.order is order]
        assert 0 <= order.filled <= order.total
        assert order.filled == sum(fill.quantity for fill in fills)
        assert (order.perm_id in store.live) != (order.perm_id in store.done)
        assert (order.status in FINAL) == (order.perm_id in store.done), order.status
        assert (order.status == Status.FILLED) == (order.remaining == 0)
    for con_id in CONTRACTS:
        moved = sum(fill.sign * fill.quantity for fill in store.fills.values() if fill.instrument.con_id == con_id)
        held = account.positions.get(con_id)
        assert (held.amount if held else 0) == opening[1].get(con_id, 0) + moved
    cash(store, account, opening)
    working(store)
    books(office)
    told(trader)


def cash(store, account, opening):
    """Stocks: what was paid and received, and the commissions; futures: profit of what was closed."""
    for currency in ("USD", "HKD"):
        spent = sum(
            fill.sign * fill.quantity * fill.price * fill.instrument.factor + fill.commission
            for fill in store.fills.values()
            if fill.instrument.currency == currency and fill.instrument.sec_type != "FUT"
        )
        gained = sum(
            fill.realized or 0.0 for fill in store.fills.values()
            if fill.instrument.currency == currency and fill.instrument.sec_type == "FUT"
        )
        want = opening[0].get(currency, 0.0) - spent + gained
        assert math.isclose(account.cash.get(currency, 0.0), want, rel_tol=1e-9, abs_tol=0.01)


def working(store):
    """Only live orders stand in the market, each at most once."""
    standing = [o for w in store.working.values() for o in (*w.waiting.values(), *(e[2] for e in w.buys + w.sells))]
    assert len({order.perm_id for order in standing}) == len(standing)
    assert all(order.live for order in standing)
    assert sum(store.active.values()) == len(store.live)


def books(office):
    for con_id in CONTRACTS:
        rows = office.market.walk(office.catalogue.instruments[con_id], office.now()).book.rows
        assert all(row.size > 0 for side in rows for row in side)
        for side, sign in ((BID, -1), (ASK, 1)):
            prices = [sign * row.price for row in rows[side]]
            assert prices == sorted(prices)
        if rows[BID] and rows[ASK]:
            assert rows[BID][0].price < rows[ASK][0].price


def told(trader):
    """Filled never falls in what a client hears, and nothing but Filled follows Filled."""
    seen, final = {}, set()
    for name, *args in trader.judge.calls:
        if name == "orderStatus":
            assert args[2] >= seen.get(args[5], 0.0)
            seen[args[5]] = args[2]
            assert args[5] not in final or args[1] == Status.FILLED
            if args[1] == Status.FILLED:
                final.add(args[5])


@settings(max_examples=120, deadline=None)
@given(st.lists(steps, min_size=1, max_size=25))
def test_whatever_happens_the_books_balance(script):
    bench = Bench(order_limit=0)
    account = bench.simulator.office.accounts["DU1000001"]
    opening = dict(account.cash), {con_id: held.amount for con_id, held in account.positions.items()}
    faults = []
    bench.simulator.office._report = lambda client, request, error: faults.append(error)
    trader = Trader(bench)
    for what, arg in script:
        act(bench, trader, what, arg)
        check(bench, trader, opening)
    bench.advance(0.3)
    trader.heard()
    check(bench, trader, opening)
    assert faults == []


plain = {
    int: st.integers(-5, 2**31 - 1), float: st.floats(allow_nan=False), bool: st.booleans(),
    str: st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8),
}
LISTS = {
    "conditions": st.lists(st.sampled_from([PriceCondition(2, AAPL, "SMART", True, 1.0), TimeCondition(True, "x")]), max_size=2),
    "algoParams": st.lists(st.just(TagValue("a", "b")), max_size=2),
}
kinds = {name: LISTS.get(name, plain.get(type(value))) for name, value in vars(ApiOrder()).items()}
likely = {"action": "BUY", "orderType": "LMT", "totalQuantity": 10, "lmtPrice": 1.0, "eTradeOnly": False, "firmQuoteOnly": False}


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(k for k, v in kinds.items() if v is not None)), st.none(), max_size=6), st.data(),
       st.sampled_from([145, 150, 157]))
def test_no_value_of_any_order_field_finds_a_fault(fields, data, version):
    bench = Bench()
    faults = []
    bench.simulator.office._report = lambda client, request, error: faults.append(error)
    trader, order = Trader(bench, versions=f"v100..{version}"), ApiOrder()
    for name, value in (likely | {name: data.draw(kinds[name]) for name in fields}).items():
        setattr(order, name, value)
    trader.hear(trader.peer.feed(encoded(version, "placeOrder", 1, contract_of(), order)))
    bench.advance(0.2)
    trader.heard()
    trader.ask("reqAllOpenOrders")
    assert faults == []
    assert trader.peer.line.conversation.ready
