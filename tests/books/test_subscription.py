"""What is kept of a subscription, and that only our own entries are read back."""

import json

import pytest

from ibgw_tx.books import subscription as subscriptions
from ibgw_tx.model.contract import Contract
from tests.kit.fakes import AAPL, BRR01, BRR5, HK1137

OPTION = Contract(
    conId=9,
    symbol="AAPL",
    secType="OPT",
    exchange="SMART",
    currency="USD",
    lastTradeDateOrContractMonth="20260116",
    strike=150.0,
    right="C",
    multiplier="100",
    localSymbol="AAPL  260116C00150000",
    tradingClass="AAPL",
)


@pytest.mark.parametrize("contract", [AAPL, HK1137, BRR5, BRR01, OPTION])
@pytest.mark.parametrize("factor", [1, 100, 0.1])
def test_an_entry_read_back_is_what_was_kept(contract, factor):
    assert subscriptions.read_entry(subscriptions.entry("odbk", contract, factor)) == ("odbk", contract, factor)


def kept(**changes):
    return json.dumps({"kind": "odbk", "contract": AAPL.to_json(), "factor": 1, **changes}).encode()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b'{"kind":"odbk"}',
        kept(factor=0),
        kept(factor=-1),
        kept(factor="1"),
        kept(factor=True),
        kept(contract=None),
        kept(contract=[]),
        kept(contract={}),
        kept(contract={"conId": 1, "foo": 1}),
        kept(contract={"conId": 1, "symbol": "A:B"}),
        kept(contract={"conId": 1, "exchange": "A:B"}),
        kept(contract={"conId": "9" * 400}),
    ],
)
def test_an_entry_nobody_of_ours_wrote_is_a_value_error(value):
    with pytest.raises(ValueError):
        subscriptions.read_entry(value)
