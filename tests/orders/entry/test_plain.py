"""What passes as a plain order is what the long way makes of it; the long way decides on everything else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibgw_tx.contracts.market_rule import flat_rule
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import CommandError
from ibgw_tx.orders.entry.checks import ContractFacts, check_client_oid, checked
from ibgw_tx.orders.entry.dialect import fit
from ibgw_tx.orders.entry.exposure import exposure_of
from ibgw_tx.orders.entry.limits import Limits
from ibgw_tx.orders.entry.parse import parse_place_order
from ibgw_tx.orders.entry.plain import plain_contract, read_plain

STOCK = Contract(conId=1, symbol="AAPL", secType="STK", exchange="SMART", primaryExchange="NASDAQ", currency="USD")
FUTURE = Contract(conId=2, symbol="BRR", secType="FUT", exchange="CMECRYPTO", currency="USD", multiplier="0.1")
FACTS = [
    (STOCK, ContractFacts("STK", flat_rule(0.01), exchange="SMART")),
    (STOCK, ContractFacts("STK", flat_rule(0.05), min_size=10, size_increment=10, exchange="SMART")),
    (FUTURE, ContractFacts("FUT", flat_rule(5), 1, exchange="CMECRYPTO")),
    (FUTURE, ContractFacts("FUT", (), 100, exchange="CMECRYPTO")),
]
ACCOUNTS = [(("DU1",), ""), (("DU1", "DU2"), ""), (("DU1", "DU2"), "DU2"), ((), "DU9")]

mostly = {
    "T": st.sampled_from(["buy", "sell", "BUY", "Buy", "SSHORT", 1, None]),
    "s": st.sampled_from([100, 10, 1, 7, 0, -1, 2.0, 2.5, 0.1, True, "5", 10**9, 10**12, None]) | st.integers(),
    "p": st.sampled_from([70.0, 150.25, 0.1 + 0.2, 70, 0, -1.5, 1e-9, 1e15, 0.005, True, "7", None]) | st.floats(),
}
sometimes = {
    "client_oid": st.sampled_from(["bot-1", "", "t", "12", "a:b", " a", "é", "x" * 65, "x" * 64, 5, None, "a\tb"])
    | st.text(max_size=5),
    "tif": st.sampled_from(["DAY", "GTC", "IOC", "gtc", "GTD", "", 3, None]),
    "orderType": st.sampled_from(["LMT", "lmt", "MKT", "STP", None, 5]),
    "account": st.sampled_from(["DU1", "DU2", "DU3", "", None, 5]),
    "outsideRth": st.sampled_from([True, False, None, 1]),
    "transmit": st.booleans(),
    "hidden": st.booleans(),
}
orders = st.fixed_dictionaries(mostly, optional=sometimes)


def the_long_way(order, contract, facts, accounts, default):
    """The members, None for a refusal."""
    try:
        (terms,) = parse_place_order({"contract": {"conId": contract.conId}, "order": order}).orders
        return dict(fit(checked(terms, facts, accounts, default), facts.secType, facts.exchange, 157).members)
    except CommandError:
        return None


@settings(max_examples=1000)
@given(orders, st.sampled_from(FACTS), st.sampled_from(ACCOUNTS))
def test_a_plain_order_is_what_the_long_way_makes_of_it(order, known, managed):
    contract, facts = known
    plain = read_plain(order, plain_contract(contract, facts), *managed)
    if plain is not None:
        members = the_long_way(order, contract, facts, *managed)
        assert members == plain.members
        assert [type(value) for value in members.values()] == [type(plain.members[name]) for name in members]


@pytest.mark.parametrize("more", [{}, {"client_oid": "bot-1"}, {"tif": "GTC", "outsideRth": True}, {"account": "DU1"}])
def test_what_bots_send_all_day_is_plain(more):
    order = {"T": "buy", "s": 100, "p": 150.25, **more}
    plain = read_plain(order, plain_contract(*FACTS[0]), ("DU1",), "")
    assert plain is not None and plain.members == the_long_way(order, *FACTS[0], ("DU1",), "")


def test_what_cannot_be_made_ready_is_not():
    assert plain_contract(Contract(secType="BAG"), ContractFacts("BAG")) is None
    assert plain_contract(Contract(conId=1, symbol="a:b", secType="STK", currency="USD"), FACTS[0][1]) is None


limits = st.builds(
    Limits,
    max_quantity=st.none() | st.sampled_from([50, 100.5]),
    max_notional=st.none() | st.sampled_from([1000, 15025, 1e6]),
    price_collar=st.none() | st.sampled_from([1, 10]),
    allowed_symbols=st.sampled_from([(), ("AAPL",), ("USD-AAPL",), ("NASDAQ:USD-AAPL",), ("IBM",)]),
)
books = st.none() | st.sampled_from([100.0, 149.0, 150.25, 152.0, 0.0, -3.0])


@settings(max_examples=500)
@given(
    limits,
    st.sampled_from(["buy", "sell"]),
    st.sampled_from([1, 100, 101]),
    st.sampled_from([70.0, 150.25, 200]),
    books,
    books,
    st.sampled_from([0, 2, 3]),
)
def test_limits_let_through_what_they_do_not_refuse(limits, side, size, price, bid, ask, which):
    contract, facts = FACTS[which]
    ready = plain_contract(contract, facts)
    plain = read_plain({"T": side, "s": size, "p": price}, ready, ("DU1",), "")
    if plain is None:
        return
    through = limits.lets_through(side == "buy", plain.quantity, plain.price, ready.names, ready.per_point, bid, ask)
    assert through == (limits.order(exposure_of(plain.members, contract, facts.magnifier), bid, ask) is None)


@given(
    st.one_of(
        st.sampled_from(["cmds-1", "cmds-", "t", "T", "12", "a:b", " a", "a ", "é", "a\n", "x" * 64, "x" * 65, "CMDS-1", ""]),
        st.text(st.sampled_from("-t1: ~s"), max_size=4).map(lambda end: f"cmds{end}"),
        st.text(max_size=70),
    )
)
def test_both_ways_take_the_same_names(name):
    """What the short way takes as a name, and what the long way takes, are the same."""
    order = {"T": "buy", "s": 1, "p": 150.0, "client_oid": name}
    short = read_plain(order, plain_contract(*FACTS[0]), ("DU1",), "") is not None
    try:
        (asked,) = parse_place_order({"contract": {"conId": 1, "exchange": "SMART"}, "order": order}).orders
        check_client_oid(asked.members.get("orderRef"))
        long = True
    except CommandError:
        long = False
    assert short == long
