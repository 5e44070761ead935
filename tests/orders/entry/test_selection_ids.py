"""CANCEL_ORDERS by a contract's id: members that contradict it mean no order."""

import pytest

from ibgw_tx.orders.entry.selection import parse_selection

APPLE = {"market": "NASDAQ", "pair": "USD-AAPL", "secType": "STK", "conId": 265598, "account": "DU1", "T": "buy"}
APPLE["client_oid"] = "a"


def _means(**contract):
    return parse_selection({"contract": contract}).matches(APPLE)


@pytest.mark.parametrize("members", [{"symbol": "MSFT"}, {"currency": "EUR"}, {"secType": "OPT"}, {"strike": 0, "symbol": "AAP"}])
def test_members_that_contradict_the_id_mean_no_order(members):
    assert not _means(conId=265598, **members)


@pytest.mark.parametrize(
    "members",
    [{}, {"symbol": "AAPL"}, {"symbol": "aapl", "secType": "STK", "currency": "USD", "exchange": "SMART", "localSymbol": "AAPL"}],
)
def test_members_that_fit_the_id_mean_its_order(members):
    assert _means(conId=265598, **members) and not _means(conId=1, **members)
