"""A contract object of a bot, read member by member."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ibgw_tx.contracts.asked import contract_from_json
from ibgw_tx.model import errors
from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.model.errors import CommandError
from tests.kit.commands import refused


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


@pytest.mark.parametrize("sec_type", ["OPT", "FOP", "WAR"])
def test_a_strike_of_0_is_refused_where_it_would_be_taken_for_none(sec_type):
    option = {"secType": sec_type, "symbol": "AAPL", "right": "C", "strike": 0}
    with pytest.raises(CommandError, match="a strike of 0 cannot be told to TWS apart from none"):
        contract_from_json(option)
    assert contract_from_json({**option, "conId": 5}).conId == 5
    assert contract_from_json({**option, "strike": None}).strike == 0
    assert contract_from_json({"secType": "STK", "symbol": "AAPL", "strike": 0})
