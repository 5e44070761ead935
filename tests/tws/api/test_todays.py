"""What today's messages have beyond those of 9.81, told exactly; from ibapi's own classes where they are installed."""

from decimal import Decimal
from types import SimpleNamespace

import pytest
from ibapi.order_state import OrderState

from ibgw_tx.model import json_text
from ibgw_tx.model.events import OrderEcho, OwnSettings
from ibgw_tx.model.order_members import Tag
from ibgw_tx.tws.api import todays
from ibgw_tx.tws.api.wrapper import TWSWrapper

UNSET = 1.7976931348623157e308


def test_a_preview_of_9_81_has_nothing_more():
    assert todays.preview(OrderState()) == {}


def test_a_preview_tells_margins_outside_hours_and_what_it_suggests():
    allocation = SimpleNamespace(
        account="DU1", position=Decimal("0.5"), positionDesired=Decimal(2**127 - 1), positionAfter=Decimal("1.5"),
        desiredAllocQty=Decimal(1), allowedAllocQty=Decimal(1), isMonetary=False,
    )  # fmt: skip
    state = SimpleNamespace(
        initMarginChangeOutsideRTH=1234.5, maintMarginChangeOutsideRTH=UNSET, suggestedSize=Decimal("0.00012345"),
        marginCurrency="USD", rejectReason="", orderAllocations=[allocation],
    )  # fmt: skip
    told = todays.preview(state)
    assert json_text.text(told) == (
        '{"initMarginChangeOutsideRTH":1234.5,"suggestedSize":0.00012345,"marginCurrency":"USD","orderAllocations":[{"account":"DU1",'
        '"position":0.5,"positionDesired":null,"positionAfter":1.5,"desiredAllocQty":1,"allowedAllocQty":1,"isMonetary":false}]}'
    )


@pytest.fixture
def told():
    return []


@pytest.fixture
def decoder(told):
    pytest.importorskip("ibapi.protobuf.OpenOrder_pb2")
    from ibapi.decoder import Decoder  # noqa: PLC0415 (of today's ibapi)

    return Decoder(TWSWrapper(told.append), 226)


def open_order():
    from ibapi.protobuf.OpenOrder_pb2 import OpenOrder  # noqa: PLC0415

    message = OpenOrder(orderId=7)
    message.contract.conId = 265598
    message.orderState.status = "Inactive"
    order = message.order
    order.action, order.orderType, order.totalQuantity, order.lmtPrice, order.tif = "BUY", "LMT", "12345678.00000001", 1.5, "DAY"
    return message


def test_what_ibapi_passes_over_is_in_the_echo(decoder, told):
    message = open_order()
    order = message.order
    order.algoId, order.mifid2DecisionMaker, order.overridePercentageConstraints = "a1", "m", True
    order.deactivate, order.postOnly, order.routeMarketableToBbo = True, True, 1
    order.orderMiscOptions["k"] = "v"
    decoder.processOpenOrderMsgProtoBuf(message.SerializeToString())
    echo, opened = told
    assert isinstance(echo, OrderEcho) and echo.lost == ()
    shown = {name: echo.members[name] for name in ("algoId", "mifid2DecisionMaker", "overridePercentageConstraints", "postOnly")}
    assert shown == {"algoId": "a1", "mifid2DecisionMaker": "m", "overridePercentageConstraints": True, "postOnly": True}
    assert echo.members["orderMiscOptions"] == (Tag("k", "v"),) and echo.members["routeMarketableToBbo"] is True
    assert json_text.text([echo.members["totalQuantity"], opened.terms.totalQuantity]) == "[12345678.00000001,12345678.00000001]"
    assert opened.deactivated and opened.status == "Inactive"


def test_nothing_of_one_order_is_told_of_the_next(decoder, told):
    message = open_order()
    message.order.algoId = "a1"
    decoder.processOpenOrderMsgProtoBuf(message.SerializeToString())
    decoder.processOpenOrderMsgProtoBuf(open_order().SerializeToString())
    assert "algoId" in told[0].members and "algoId" not in told[2].members


def test_a_condition_that_nobody_knows_is_lost_and_said_to_be(decoder, told):
    message = open_order()
    message.order.conditions.add(type=3, isMore=True, isConjunctionConnection=True, time="20260105-15:30:00")
    message.order.conditions.add(type=99)
    decoder.processOpenOrderMsgProtoBuf(message.SerializeToString())
    assert told[0].lost == ("conditions",)


def test_its_own_settings_are_told_by_their_names(decoder, told):
    from ibapi.protobuf.ConfigResponse_pb2 import ConfigResponse  # noqa: PLC0415

    message = ConfigResponse(reqId=9)
    message.api.settings.readOnlyApi = False
    message.api.settings.socketPort = 4002
    message.api.precautions.bypassOrderPrecautions = True
    decoder.processConfigResponseProtoBuf(message.SerializeToString())
    api = {"settings": {"readOnlyApi": False, "socketPort": 4002}, "precautions": {"bypassOrderPrecautions": True}}
    assert told == [OwnSettings(9, {"reqId": 9, "api": api})]
