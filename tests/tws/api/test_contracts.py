"""Between ibapi's objects and our records."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.contract import ComboLeg as IBComboLeg
from ibapi.contract import Contract as IBContract
from ibapi.contract import ContractDetails
from ibapi.tag_value import TagValue

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.tws.api.contracts import contract_from_ib, contract_to_ib, details_from_ib, plain
from tests.kit.contracts import AAPL, BRR01


def ib(kind=IBContract, **members):
    made = kind()
    for member, value in members.items():
        setattr(made, member, value)
    return made


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("plain", "plain"),
        (r"caf\u00e9", "café"),
        (r"\u4e2d\u6587", "中文"),
        (r"C:\new", r"C:\new"),
        (r"\u12", r"\u12"),
        ("", ""),
        ("up \ud83d\ude80!", "up 🚀!"),
        ("half \ud83d", "half �"),
        (r"up \ud83d\ude80!", "up 🚀!"),
        (r"half \ud83d", "half �"),
        (r"\ude80\ud83d", "��"),
        (r"\ud83dx\ude80", "�x�"),
    ],
)
def test_escapes_of_the_server_become_characters(text, read):
    assert plain(text) == read


@given(st.text("\\u0d8e3f🚀é", max_size=30))
def test_whatever_tws_escapes_can_be_told_as_json(text):
    assert json.loads(jsontext.dumps(plain(text))) == plain(text)


CONTRACTS = st.builds(
    Contract,
    conId=st.integers(0, 2**31 - 1),
    symbol=st.text("AB 1", max_size=5),
    secType=st.sampled_from(["STK", "FUT", "OPT"]),
    exchange=st.text("AB", max_size=5),
    strike=st.floats(0, 1e6),
    right=st.sampled_from(["", "C", "P"]),
    multiplier=st.sampled_from(["", "5", "0.1"]),
    comboLegs=st.lists(st.builds(ComboLeg, st.just(1), st.just(2), st.just("BUY"), st.just("X"))).map(tuple),
)


@given(CONTRACTS)
def test_a_contract_there_and_back_is_the_same(contract):
    assert contract_from_ib(contract_to_ib(contract)) == contract


def test_questions_carry_their_own_members():
    asked = contract_to_ib(Contract(includeExpired=True, secIdType="ISIN", secId="US0378331005"))
    assert (asked.includeExpired, asked.secIdType, asked.secId) == (True, "ISIN", "US0378331005")


@pytest.mark.parametrize("right", ["?", "0", "", "None"])
def test_what_tws_calls_missing_is_missing(right):
    found = contract_from_ib(ib(right=right, multiplier="0", strike=0.0, comboLegs=None))
    assert found == Contract()


def test_unset_and_none_members_are_empty():
    found = contract_from_ib(ib(conId=None, symbol=None, strike=1.7976931348623157e308, multiplier=None, exchange=None))
    assert found == Contract()


def test_legs_are_ours():
    found = contract_from_ib(ib(comboLegs=[ib(IBComboLeg, conId=7, ratio=2, action="SELL", exchange="SMART")]))
    assert found.comboLegs == (ComboLeg(7, 2, "SELL", "SMART"),)


def test_details_are_every_field_that_has_a_value_without_the_contract():
    made = ib(
        ContractDetails,
        contract=contract_to_ib(AAPL),
        minTick=0.01,
        longName=r"APPLE \u00e9",
        mdSizeMultiplier=100,
        aggGroup=2147483647,
        coupon=0.0,
        notes="",
        secIdList=[TagValue("ISIN", "US0378331005")],
        evMultiplier=1.7976931348623157e308,
    )
    details = details_from_ib(made)
    assert details["minTick"] == 0.01 and details["longName"] == "APPLE é" and details["mdSizeMultiplier"] == 100
    assert details["secIdList"] == {"ISIN": "US0378331005"}
    assert not {"contract", "aggGroup", "notes", "evMultiplier"} & set(details)
    assert json.loads(jsontext.dumps(details))


def test_a_multiplier_keeps_tws_spelling():
    assert contract_from_ib(contract_to_ib(BRR01)).multiplier == "0.1"


@pytest.mark.parametrize(
    ("text", "date", "time"),
    [
        ("20240402-17:10:00", "20240402", "17:10:00"),
        ("20240402 17:10:00 US/Central", "20240402", "17:10:00 US/Central"),
        ("20240402", "20240402", None),
        ("202404", "202404", None),
        ("", "", None),
    ],
)
def test_an_expiry_is_a_date_and_its_time_a_field_of_its_own(text, date, time):
    contract = ib(conId=1, lastTradeDateOrContractMonth=text)
    details = ib(ContractDetails, contract=contract)
    assert contract_from_ib(contract).lastTradeDateOrContractMonth == date
    assert details_from_ib(details).get("lastTradeTime") == time
    assert contract_to_ib(contract_from_ib(contract)).lastTradeDateOrContractMonth == date


def test_what_ibapi_cannot_write_is_asked_by_conid():
    strange = Contract(conId=5, symbol="中文", secType="STK", exchange="SEHK", currency="HKD", localSymbol="é", tradingClass="x")
    sent = contract_to_ib(strange)
    assert (sent.conId, sent.symbol, sent.localSymbol, sent.tradingClass, sent.exchange) == (5, "", "", "x", "SEHK")
