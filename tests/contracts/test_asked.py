"""From a show name or a contract object to TWS's question, and from its answers to the one contract."""

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.contracts.choice import best_row, choose, describe
from ibgw_tx.contracts.show_name import contracts_of_show_name
from ibgw_tx.model import errors
from ibgw_tx.model.contract import ComboLeg, Contract, exchange_of, pair_of
from ibgw_tx.model.errors import CommandError
from tests.kit.contracts import AAPL, BRR01, BRR5, HK1137


def refused(call, *arguments):
    with pytest.raises(CommandError) as found:
        call(*arguments)
    return found.value


# Show names.


def contract(exchange, **members):
    return Contract(**{"exchange": exchange, "currency": "USD", "symbol": "BRR", **members})


DATED = {"secType": "FUT", "lastTradeDateOrContractMonth": "202106"}
OPTION = {"symbol": "AAPL", "lastTradeDateOrContractMonth": "20260116", "multiplier": "100"}


@pytest.mark.parametrize(
    ("exchange", "name", "readings"),
    [
        ("SEHK", "HKD-1137", [contract("SEHK", currency="HKD", symbol="1137", secType=kind) for kind in ("STK", "IND")]),
        ("sehk", "hkd-1137", [contract("SEHK", currency="HKD", symbol="1137", secType=kind) for kind in ("STK", "IND")]),
        ("", "SEHK/STK/HKD-1137", [contract("SEHK", currency="HKD", symbol="1137", secType="STK")]),
        ("SEHK", "sehk/stk/HKD-1137", [contract("SEHK", currency="HKD", symbol="1137", secType="STK")]),
        ("IDEALPRO", "USD-EUR", [contract("IDEALPRO", symbol="EUR", secType="CASH")]),
        ("CMECRYPTO", "USD-BRR@202106@5", [contract("CMECRYPTO", multiplier="5", **DATED)]),
        ("CMECRYPTO", "USD-BRR@202106@0.1", [contract("CMECRYPTO", multiplier="0.1", **DATED)]),
        ("CMECRYPTO", "USD-BRR@202106", [contract("CMECRYPTO", **DATED)]),
        ("", "CMECRYPTO/FUT/USD-BRR@202106", [contract("CMECRYPTO", **DATED)]),
        (
            "SMART",
            "USD-AAPL@20260116@100C150",
            [contract("SMART", secType=kind, right="C", strike=150.0, **OPTION) for kind in ("OPT", "FOP")],
        ),
        ("", "SMART/OPT/USD-AAPL@20260116@100P2.5", [contract("SMART", secType="OPT", right="P", strike=2.5, **OPTION)]),
        ("", "SMART/BOND/USD-77", [Contract(conId=77, secType="BOND", exchange="SMART")]),
        ("", "SMART/CFD/USD-X@10", [contract("SMART", symbol="X", secType="CFD", multiplier="10")]),
        ("NYSE", "USD-BRK B", [contract("NYSE", symbol="BRK B", secType=kind) for kind in ("STK", "IND")]),
        ("NYSE", "USD-BF-B", [contract("NYSE", symbol="BF-B", secType=kind) for kind in ("STK", "IND")]),
    ],
)
def test_a_show_name_is_read_as_the_interface_says(exchange, name, readings):
    assert contracts_of_show_name(exchange, name) == readings


@pytest.mark.parametrize(
    ("exchange", "name"),
    [
        ("", "HKD-1137"),
        ("SEHK", ""),
        ("SEHK", "1137"),
        ("SEHK", "-1137"),
        ("SEHK", "HKD-"),
        ("SEHK", "NYSE/STK/HKD-1137"),
        ("SEHK", "STK/HKD-1137"),
        ("", "SEHK/XXX/HKD-1"),
        ("", "/STK/HKD-1"),
        ("", "a/b/c/HKD-1"),
        ("SEHK", "HKD-11:37"),
        ("SE:HK", "HKD-1137"),
        ("SEHK", "HKD-1137\n"),
        ("SEHK", "HKD-é"),
        ("CME", "USD-BRR@soon"),
        ("CME", "USD-BRR@2021"),
        ("CME", "USD-BRR@202106@x"),
        ("CME", "USD-BRR@202106@5@7"),
        ("CME", "USD-BRR@202106@100C"),
        ("CME", "USD-BRR@100"),
    ],
)
def test_a_show_name_that_cannot_be_read_is_refused(exchange, name):
    assert refused(contracts_of_show_name, exchange, name).code == errors.BAD_PARAMS


@given(st.text(max_size=12), st.text(alphabet="USD-BRR@/:20260116.CP5 é\n", max_size=40) | st.text(max_size=20))
def test_any_show_name_is_read_or_refused(exchange, name):
    try:
        assert contracts_of_show_name(exchange, name)
    except CommandError as error:
        assert error.code == errors.BAD_PARAMS


MONEY = st.sampled_from(["USD", "HKD", "EUR"])
SYMBOL = st.text("ABCDEFGHIJ0123456789 .-", min_size=1, max_size=8)
NUMBER = st.integers(2, 10**7).map(str) | st.sampled_from(["0.1", "0.5", "2.5"])
FUTURES = st.builds(
    Contract,
    symbol=SYMBOL,
    currency=MONEY,
    exchange=st.just("CME"),
    secType=st.just("FUT"),
    lastTradeDateOrContractMonth=st.dates().map(lambda day: f"{day:%Y%m%d}".zfill(8)),
    multiplier=NUMBER | st.just(""),
)
OPTIONS = st.builds(
    Contract,
    symbol=SYMBOL,
    currency=MONEY,
    exchange=st.just("SMART"),
    secType=st.sampled_from(["OPT", "FOP"]),
    lastTradeDateOrContractMonth=st.just("20260116"),
    multiplier=NUMBER,
    right=st.sampled_from("CP"),
    strike=st.integers(1, 10**6).map(lambda cents: cents / 100),
)
STOCKS = st.builds(Contract, symbol=SYMBOL, currency=MONEY, exchange=st.just("NYSE"), secType=st.just("STK"))


@given(FUTURES | OPTIONS | STOCKS)
def test_a_full_name_read_back_is_the_contract_it_names(named):
    assert contracts_of_show_name("", f"{exchange_of(named)}/{named.secType}/{pair_of(named)}") == [named]


# Contract objects.


@pytest.mark.parametrize(
    ("given_", "read"),
    [
        ({"conId": 265598}, Contract(conId=265598)),
        ({"conId": "265598", "exchange": "smart"}, Contract(conId=265598, exchange="SMART")),
        ({"conId": 7.0}, Contract(conId=7)),
        ({"secType": "stk", "symbol": "AAPL", "currency": "usd"}, Contract(secType="STK", symbol="AAPL", currency="USD")),
        ({"secType": "FUT", "localSymbol": "ESZ5"}, Contract(secType="FUT", localSymbol="ESZ5")),
        ({"secType": "STK", "symbol": "X", "strike": None}, Contract(secType="STK", symbol="X")),
        ({"secIdType": "ISIN", "secId": "US0378331005"}, Contract(secIdType="ISIN", secId="US0378331005")),
        ({"conId": 1, "right": "CALL", "strike": "150"}, Contract(conId=1, right="C", strike=150.0)),
        ({"conId": 1, "right": "?"}, Contract(conId=1)),
        ({"conId": 1, "multiplier": 50}, Contract(conId=1, multiplier="50")),
        ({"conId": 1, "multiplier": 12500000}, Contract(conId=1, multiplier="12500000")),
        ({"conId": 1, "multiplier": 1000000.0}, Contract(conId=1, multiplier="1000000")),
        ({"conId": 1, "multiplier": 0.1}, Contract(conId=1, multiplier="0.1")),
        ({"conId": 1, "lastTradeDateOrContractMonth": 202106}, Contract(conId=1, lastTradeDateOrContractMonth="202106")),
        ({"conId": 1, "lastTradeDateOrContractMonth": 20210625.0}, Contract(conId=1, lastTradeDateOrContractMonth="20210625")),
        ({"conId": 1, "includeExpired": True}, Contract(conId=1, includeExpired=True)),
        (
            {"secType": "BAG", "symbol": "X", "comboLegs": [{"conId": 1, "ratio": 1, "action": "BUY", "exchange": "SMART"}]},
            Contract(secType="BAG", symbol="X", comboLegs=(ComboLeg(1, 1, "BUY", "SMART"),)),
        ),
    ],
)
def test_a_contract_object_is_read_member_by_member(given_, read):
    assert contract_from_json(given_) == read


@pytest.mark.parametrize(
    ("given_", "named"),
    [
        ([], "object"),
        (None, "object"),
        ("AAPL", "object"),
        ({}, "conId"),
        ({"secType": "STK"}, "symbol"),
        ({"symbol": "AAPL"}, "secType"),
        ({"conId": 1, "foo": 1, "bar": 2}, "bar, foo"),
        ({"conId": -1}, "conId"),
        ({"conId": 1.5}, "conId"),
        ({"conId": 2**31}, "conId"),
        ({"conId": True}, "conId"),
        ({"conId": "x"}, "conId"),
        ({"conId": "9" * 400}, "conId"),
        ({"conId": 1e300}, "conId"),
        ({"conId": 1, "strike": "9" * 400}, "strike"),
        ({"conId": 1, "strike": -1}, "strike"),
        ({"conId": 1, "strike": [1]}, "strike"),
        ({"conId": 1, "symbol": 5}, "symbol"),
        ({"conId": 1, "symbol": "é"}, "symbol"),
        ({"conId": 1, "symbol": "A\n"}, "symbol"),
        ({"conId": 1, "symbol": "A" * 101}, "symbol"),
        ({"conId": 1, "multiplier": True}, "multiplier"),
        ({"conId": 1, "secType": "XXX"}, "XXX"),
        ({"conId": 1, "includeExpired": 1}, "includeExpired"),
        ({"conId": 1, "comboLegs": {}}, "comboLegs"),
        ({"conId": 1, "comboLegs": [1]}, "comboLegs"),
        ({"conId": 1, "comboLegs": [{"conId": 1, "ratio": True, "action": "BUY", "exchange": "X"}]}, "leg"),
        ({"conId": 1, "comboLegs": [{"conId": 1, "ratio": 1, "action": "HOLD", "exchange": "X"}]}, "leg"),
    ],
)
def test_a_contract_object_that_is_wrong_is_refused_naming_the_member(given_, named):
    error = refused(contract_from_json, given_)
    assert error.code == errors.BAD_PARAMS and named in error.text


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=4)
    | st.text("0123456789.", max_size=400),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
MEMBER = st.sampled_from(
    ["conId", "symbol", "secType", "strike", "right", "multiplier", "lastTradeDateOrContractMonth", "comboLegs", "secId"]
)


@given(st.dictionaries(MEMBER, ANY, max_size=4))
@example({"conId": "9" * 400})
@example({"conId": 1, "multiplier": 1e300})
def test_any_contract_object_is_read_or_refused(given_):
    try:
        assert contract_from_json(given_)
    except CommandError as error:
        assert error.code == errors.BAD_PARAMS


# The one contract meant.


def on(exchange, contract=AAPL):
    return attrs.evolve(contract, exchange=exchange)


def test_no_hit_is_an_unknown_contract():
    assert refused(choose, AAPL, [], "USD-AAPL").code == errors.UNKNOWN_CONTRACT


def test_two_multipliers_are_ambiguous_and_named():
    error = refused(choose, BRR5, [BRR5, BRR01], "USD-BRR@202106")
    assert error.code == errors.AMBIGUOUS_CONTRACT
    assert "CMECRYPTO/FUT/USD-BRR@20210625@0.1" in error.text and "CMECRYPTO/FUT/USD-BRR@20210625@5" in error.text


def test_the_hit_whose_pair_is_exactly_the_one_asked_for_is_meant():
    plain = attrs.evolve(BRR5, conId=9, multiplier="")
    assert choose(plain, [BRR5, plain, BRR01], "CMECRYPTO/FUT/USD-BRR@20210625") is plain


def test_rows_of_one_conid_are_one_contract():
    rows = [on("ARCA"), on("SMART"), on("NASDAQ")]
    assert choose(Contract(exchange="ARCA"), rows, "USD-AAPL").exchange == "ARCA"


@pytest.mark.parametrize(
    ("asked", "rows", "best"),
    [
        ("ARCA", ["SMART", "ARCA"], "ARCA"),
        ("arca", ["SMART", "ARCA"], "ARCA"),
        ("", ["ARCA", "SMART", "NASDAQ"], "SMART"),
        ("", ["ARCA", "NASDAQ"], "NASDAQ"),
        ("", ["ARCA", "BATS"], "ARCA"),
        ("IEX", ["ARCA", "SMART"], "SMART"),
    ],
)
def test_the_best_row_is_on_the_exchange_asked_for_else_smart_else_listing(asked, rows, best):
    assert best_row(Contract(exchange=asked), [on(exchange) for exchange in rows]).exchange == best


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (Contract(conId=7), "conId 7"),
        (Contract(conId=7, exchange="CME"), "conId 7 on CME"),
        (HK1137, "conId 1137 on SEHK"),
        (Contract(secType="STK", symbol="AAPL", currency="USD", exchange="SMART"), "SMART/STK/USD-AAPL"),
    ],
)
def test_a_question_is_described_in_one_line(asked, text):
    assert describe(asked) == text
