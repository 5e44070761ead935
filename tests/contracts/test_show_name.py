"""From a show name to TWS's question."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.contracts.show_name import contracts_of_show_name
from ibgw_tx.model import errors
from ibgw_tx.model.contract import Contract, exchange_of, pair_of
from ibgw_tx.model.errors import CommandError
from tests.kit.commands import refused


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
