"""Protobuf messages as records: the figures of ibapi's own decoder, and absent, zero and empty told apart where it does not."""

from decimal import Decimal

import pytest

from ibgw_tx.model import events
from ibgw_tx.model import order_events as told_of
from ibgw_tx.tws.api.generation import MODERN

pytestmark = pytest.mark.skipif(not MODERN, reason="9.81.1 knows no protobuf")

if MODERN:
    from ibgw_tx.tws.api.decoder import TWSDecoder
    from ibgw_tx.tws.api.protobuf import ProtobufReader, message_class
    from ibgw_tx.tws.api.wrapper import TWSWrapper


@pytest.fixture
def told():
    return []


@pytest.fixture
def read(told):
    wrapper = TWSWrapper(told.append)
    reader = ProtobufReader(wrapper, TWSDecoder(wrapper, 226), told.append)
    return lambda number, message: reader.read(number + 200, message.SerializeToString())


def made(name, **members):
    return message_class(name)(**members)


def test_an_error_without_an_id_is_about_the_session(read, told):
    read(4, made("ErrorMessage", errorCode=2104, errorMsg="OK", errorTime=5))
    read(4, made("ErrorMessage", id=0, errorCode=201, errorMsg="no", advancedOrderRejectJson="{}"))
    read(4, made("ErrorMessage", id=-1, errorCode=1100, errorMsg="gone"))
    assert told == [
        events.Notice(-1, 2104, "OK", "", 5), events.Notice(0, 201, "no", "{}", 0), events.Notice(-1, 1100, "gone", "", 0),
    ]  # fmt: skip


def test_an_absent_commission_is_none_and_a_zero_is_zero(read, told):
    read(59, made("CommissionAndFeesReport", execId="e", currency="USD"))
    read(59, made("CommissionAndFeesReport", execId="e", commissionAndFees=0.0, realizedPNL=0.0, currency="USD"))
    assert [(each.commission, each.realizedPnl) for each in told] == [(None, None), (0, 0)]


def test_a_next_valid_id_without_its_number_is_no_message(read, told):
    with pytest.raises(ValueError):
        read(9, made("NextValidId"))
    read(9, made("NextValidId", orderId=7))
    assert told == [events.NextValidId(7)]


@pytest.mark.parametrize("text", ["", "170141183460469231731687303715884105727", "NaN", "2147483647"])
def test_a_quantity_that_is_none_costs_no_message(read, told, text):
    read(3, made("OrderStatus", orderId=1, status="Submitted", filled=text, remaining="1E+2", clientId=2147483647, permId=9))
    (status,) = told
    assert (status.filled, status.remaining, status.clientId, status.permId) == (None, 100, 0, 9)


def test_a_quantity_is_exact(read, told):
    read(3, made("OrderStatus", orderId=1, status="Submitted", filled="12345678.00000001", remaining="1E-8"))
    assert (told[0].filled, told[0].remaining) == (Decimal("12345678.00000001"), Decimal("1E-8"))


def open_order(**order):
    contract = message_class("Contract")(conId=5, symbol="A", secType="STK", multiplier=1e-9, secIdType="ISIN", secId="X")
    order = {"action": "BUY", "totalQuantity": "1", "orderType": "LMT", "lmtPrice": 1.5, **order}
    shown = message_class("Order")(**order)
    return made("OpenOrder", orderId=7, contract=contract, order=shown, orderState={"status": "Submitted"})


def test_what_ibapi_does_not_read_of_an_order_is_in_its_echo(read, told):
    more = {"algoId": "a", "scaleTable": "s", "mifid2DecisionMaker": "m", "advancedErrorOverride": "8229", "manualOrderTime": "t"}
    read(5, open_order(**more, orderMiscOptions={"k": "v"}, usePriceMgmtAlgo=1))
    echo, order = told
    assert {name: echo.members[name] for name in more} == more
    assert [(tag.tag, tag.value) for tag in echo.members["orderMiscOptions"]] == [("k", "v")]
    assert echo.members["usePriceMgmtAlgo"] is True
    assert order.contract.multiplier == "0.000000001" and order.terms.totalQuantity == 1


@pytest.mark.parametrize(
    ("said", "joined", "more"), [({}, False, False), ({"isConjunctionConnection": True, "isMore": True}, True, True)]
)
def test_a_condition_says_or_and_less_by_saying_nothing(read, told, said, joined, more):
    read(5, open_order(conditions=[{"type": 1, "price": 1.5, "conId": 5, "exchange": "SMART", **said}]))
    (condition,) = told[0].members["conditions"]
    assert (condition.members["isConjunctionConnection"], condition.members["isMore"]) == (joined, more)


@pytest.mark.parametrize("kinds", [[99], [3, 99], [99, 3], [3, 99, 3]])
def test_an_order_with_a_condition_of_no_known_kind_is_told_and_no_change_is_built_from_it(read, told, kinds):
    read(5, open_order(conditions=[{"type": kind, "time": "20350101-10:00:00", "isMore": True} for kind in kinds]))
    echo, order = told
    assert echo.lost == ("conditions",) and isinstance(order, told_of.OpenOrder)


@pytest.mark.parametrize("part", ["contract", "order", "orderState"])
def test_an_order_that_lacks_a_part_is_a_broken_message(read, told, part):
    message = open_order()
    message.ClearField(part)
    with pytest.raises(ValueError, match=part):
        read(5, message)
    assert not told


def test_absent_figures_of_a_position_are_none(read, told):
    read(7, made("PortfolioValue", contract={"conId": 5}, position="0.5", marketPrice=0.0, accountName="DU1"))
    (row,) = told
    position = row.position
    assert (position.pos, position.marketPrice, position.marketValue, position.realPnl) == (Decimal("0.5"), 0, None, None)


def test_an_absent_price_of_an_execution_is_none(read, told):
    read(11, made("ExecutionDetails", reqId=-1, contract={"conId": 5}, execution={"execId": "e", "shares": "", "side": "BOT"}))
    assert (told[0].price, told[0].shares) == (None, None)


def test_details_without_a_tick_are_details(read, told):
    details = {"minTick": "", "minSize": "0.00000001", "longName": "A\\u00e9", "sizeIncrement": "1E-8"}
    read(10, made("ContractData", reqId=7, contract={"conId": 5, "strike": 0.0}, contractDetails=details))
    (hit,) = told
    assert hit.req_id == 7 and hit.contract.conId == 5 and hit.details["longName"] == "Aé"
    assert hit.details["minSize"] == hit.details["sizeIncrement"] == Decimal("1E-8")


def test_settings_are_told_without_what_is_absent(read, told):
    read(110, made("ConfigResponse", reqId=3, api={"settings": {"readOnlyApi": True}}))
    assert told == [events.OwnSettings(3, {"reqId": 3, "api": {"settings": {"readOnlyApi": True}}})]


def test_a_message_nobody_knows_is_passed_over(read, told):
    read(99_000, made("NextValidId", orderId=7))
    assert not told


@pytest.mark.parametrize("number", [3, 4, 5, 7, 11, 59, 101])
def test_bytes_that_are_no_message_are_an_error(told, number):
    wrapper = TWSWrapper(told.append)
    with pytest.raises(Exception):  # noqa: B017 (protobuf's own)
        ProtobufReader(wrapper, TWSDecoder(wrapper, 226), told.append).read(number + 200, b"\x0a\xff")
    assert not told
