"""What a tradable thing is called (section 2 of the interface)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model.contract import BadName, ComboLeg, Contract, exchange_of, normal_right, number_text, pair_of
from tests.kit.contracts import AAPL, BRR01, BRR5, HK1137


def option(**members):
    kind = {"secType": "OPT", "symbol": "AAPL", "currency": "USD", "exchange": "SMART", "multiplier": "100", "right": "C"}
    return Contract(**{**kind, "strike": 150.0, "lastTradeDateOrContractMonth": "20260116", **members})


@pytest.mark.parametrize(
    ("contract", "pair"),
    [
        (HK1137, "HKD-1137"),
        (BRR5, "USD-BRR@20210625@5"),
        (BRR01, "USD-BRR@20210625@0.1"),
        (Contract(secType="CASH", symbol="EUR", currency="USD", exchange="IDEALPRO"), "USD-EUR"),
        (
            Contract(secType="FUT", symbol="VIX", currency="USD", lastTradeDateOrContractMonth="20260121", multiplier="1"),
            "USD-VIX@20260121",
        ),
        (Contract(secType="FUT", symbol="VIX", currency="USD", lastTradeDateOrContractMonth="20260121"), "USD-VIX@20260121"),
        (Contract(secType="BOND", symbol="IBCID", conId=77, currency="USD"), "USD-77"),
        (option(), "USD-AAPL@20260116@100C150"),
        (option(right="P", strike=2.5), "USD-AAPL@20260116@100P2.5"),
        (option(secType="FOP", multiplier="1"), "USD-AAPL@20260116@1C150"),
        (Contract(secType="CFD", symbol="X", currency="USD", multiplier="10"), "USD-X@10"),
    ],
)
def test_a_pair_is_spelled_as_section_2_says(contract, pair):
    assert pair_of(contract) == pair


@pytest.mark.parametrize(
    ("exchange", "primary", "name"),
    [
        ("SEHK", "", "SEHK"),
        ("SMART", "NASDAQ", "NASDAQ"),
        ("", "NYSE", "NYSE"),
        ("smart", "nyse", "NYSE"),
        ("SMART", "", "SMART"),
        ("", "", "SMART"),
        ("Globex", "CME", "GLOBEX"),
    ],
)
def test_the_exchange_of_smart_is_the_listing_exchange(exchange, primary, name):
    assert exchange_of(Contract(exchange=exchange, primaryExchange=primary)) == name


@pytest.mark.parametrize("text", ["A:B", "A\nB", "A\x00"])
def test_a_name_never_gets_a_colon_or_a_control_character_from_data(text):
    with pytest.raises(BadName):
        pair_of(Contract(secType="STK", symbol=text, currency="USD"))
    with pytest.raises(BadName):
        exchange_of(Contract(exchange=text))


@given(st.builds(Contract, symbol=st.text(), currency=st.text(), exchange=st.text(), multiplier=st.text(), secType=st.text()))
def test_whatever_tws_sends_a_name_has_no_colon_or_is_refused(contract):
    for name_of in (pair_of, exchange_of):
        try:
            assert ":" not in name_of(contract)
        except BadName:
            pass


@pytest.mark.parametrize(
    ("date", "expiry"),
    [
        ("20210625", "20210625"),
        ("202106", "202106"),
        ("20240430-17:10:00", "20240430"),
        ("20240430 08:30 US/Central", "20240430"),
        ("", ""),
        ("soon", ""),
    ],
)
def test_an_expiry_is_cut_at_the_date(date, expiry):
    assert Contract(lastTradeDateOrContractMonth=date).expiry == expiry


@pytest.mark.parametrize(("text", "right"), [("C", "C"), ("call", "C"), ("P", "P"), ("PUT", "P"), ("?", ""), ("0", ""), ("", "")])
def test_a_missing_right_is_empty_whatever_tws_calls_it(text, right):
    assert normal_right(text) == right


@pytest.mark.parametrize(("value", "text"), [(150.0, "150"), (2.5, "2.5"), (0.0, "0"), (12500000, "12500000")])
def test_numbers_are_spelled_as_people_write_them(value, text):
    assert number_text(value) == text


def test_the_json_object_has_the_twelve_members_and_legs_only_for_a_combo():
    assert list(AAPL.to_json()) == [
        "conId", "symbol", "secType", "exchange", "primaryExchange", "currency", "lastTradeDateOrContractMonth", "strike",
        "right", "multiplier", "localSymbol", "tradingClass",
    ]  # fmt: skip
    combo = Contract(secType="BAG", comboLegs=(ComboLeg(1, 2, "BUY", "SMART"),))
    assert combo.to_json()["comboLegs"] == [{"conId": 1, "ratio": 2, "action": "BUY", "exchange": "SMART"}]
