"""What is kept of a subscription, and that only our own entries are read back."""

import json

import attrs
import pytest

from ibgw_tx.books import subscription as subscriptions
from ibgw_tx.model.contract import Contract
from tests.kit.books import subscription
from tests.kit.contracts import AAPL, BRR01, BRR5, HK1137

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
@pytest.mark.parametrize("lots", [1, 100, 0.1, None])
def test_an_entry_read_back_is_what_was_kept(contract, lots):
    assert subscriptions.read_entry(subscriptions.entry("odbk", subscription(contract, lots))) == ("odbk", contract, lots)


@pytest.mark.parametrize(("contract", "factor", "lots"), [(AAPL, 100, 100), (BRR5, 5, 1), (BRR01, 0.1, 1), (HK1137, 1, 1)])
def test_an_entry_of_an_earlier_version_kept_the_whole_factor(contract, factor, lots):
    value = json.dumps({"kind": "odbk", "contract": contract.to_json(), "factor": factor}).encode()
    assert subscriptions.read_entry(value) == ("odbk", contract, lots)


def test_what_is_routed_elsewhere_than_its_channel_says_has_a_name_of_its_own():
    direct = attrs.evolve(AAPL, exchange="NASDAQ")
    names = [subscriptions.field("odbk", subscription(each)) for each in (AAPL, direct)]
    assert names == [f"odbk URANUS:NASDAQ:USD-AAPL:full_odbk_channel{routed}" for routed in (" SMART", "")]


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
        kept(lots=0),
        kept(lots="1"),
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
