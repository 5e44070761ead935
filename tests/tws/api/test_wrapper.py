"""ibapi's callbacks as records: one each, without sentinels, whatever version of ibapi calls."""

import pytest
from ibapi.contract import Contract, ContractDetails
from ibapi.order import Order
from ibapi.order_state import OrderState

from ibgw_tx.model import events
from ibgw_tx.model import order_events as told_of
from ibgw_tx.model.figures import UNSET_DOUBLE, UNSET_INTEGER
from ibgw_tx.tws.api.wrapper import TWSWrapper


@pytest.fixture
def told():
    return []


@pytest.fixture
def wrapper(told):
    return TWSWrapper(told.append)


@pytest.mark.parametrize(
    ("text", "accounts"), [("DU1", ("DU1",)), ("DU1,DU2,", ("DU1", "DU2")), (" DU1 , ", ("DU1",)), ("", ())]
)
def test_accounts_may_end_with_a_comma(wrapper, told, text, accounts):
    wrapper.managedAccounts(text)
    assert told == [events.ManagedAccounts(accounts)]


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        ((7, 399, "text"), ("", 0)),
        ((7, 399, "text", '{"a":1}'), ('{"a":1}', 0)),
        ((7, 1700000000000, 399, "text", '{"a":1}'), ('{"a":1}', 1700000000000)),
        # Decoded below 194, and said by ibapi itself.
        ((7, 0, 399, "text", ""), ("", 0)),
        ((7, 1700000000000, 399, "text"), ("", 1700000000000)),
    ],
)
def test_an_error_in_every_shape_of_ibapi(wrapper, told, arguments, more):
    wrapper.error(*arguments)
    assert told == [events.Notice(7, 399, "text", *more)]


def test_an_old_way_of_saying_no_id(wrapper, told):
    wrapper.error(UNSET_INTEGER, 321, "read only")
    assert told[0].id == -1


def test_portfolio_rows_have_no_sentinels(wrapper, told):
    wrapper.updatePortfolio(Contract(), 5.0, UNSET_DOUBLE, UNSET_DOUBLE, 1.5, float("nan"), 0.0, "DU1")
    row = told[0].position
    assert (row.pos, row.marketPrice, row.marketValue, row.avgCost, row.unrealPnl, row.realPnl) == (5, None, None, 1.5, None, 0)


@pytest.mark.parametrize("attribute", [(), (1,)])
def test_greeks_with_and_without_the_attribute_of_version_156(wrapper, told, attribute):
    wrapper.tickOptionComputation(7, 13, *attribute, 0.2, 0.5, 1.0, 0.0, 0.01, 0.1, UNSET_DOUBLE, 100.0)
    assert told[0].figures == {"iv": 0.2, "delta": 0.5, "gamma": 0.01, "vega": 0.1, "theta": None, "undPrice": 100}


def test_an_open_order_is_told_with_its_echo_first(wrapper, told):
    order = Order()
    order.clientId, order.permId, order.action, order.conditions = 3, 9, "BUY", []
    wrapper.openOrder(5, Contract(), order, OrderState())
    echo, record = told
    assert isinstance(record, told_of.OpenOrder) and (record.orderId, record.clientId, record.permId) == (5, 3, 9)
    assert (echo.order_id, echo.client_id, echo.members["action"]) == (5, 3, "BUY")


def test_a_preview_is_no_order(wrapper, told):
    order, state = Order(), OrderState()
    order.whatIf, state.initMarginChange = True, "12.5"
    wrapper.openOrder(5, Contract(), order, state)
    (preview,) = told
    assert isinstance(preview, events.WhatIf) and preview.figures["initMarginChange"] == 12.5


def test_a_status_has_its_client(wrapper, told):
    wrapper.orderStatus(5, "Submitted", 1.0, 9.0, 1.5, 77, 0, 1.5, 3, None, 0.0)
    (status,) = told
    assert (status.orderId, status.clientId, status.permId, status.filled, status.whyHeld) == (5, 3, 77, 1, "")


def test_bonds_are_contracts_too(wrapper, told):
    wrapper.bondContractDetails(7, ContractDetails())
    assert isinstance(told[0], events.ContractHit)


def test_somebody_else_may_listen_for_a_while(wrapper, told):
    aside = []
    with pytest.raises(RuntimeError), wrapper.listening(aside.append):
        wrapper.error(7, 579, "character")
        raise RuntimeError
    wrapper.error(7, 399, "advice")
    assert [notice.code for notice in aside] == [579] and [notice.code for notice in told] == [399]


@pytest.mark.parametrize(
    ("call", "arguments", "record"),
    [
        ("nextValidId", (5,), events.NextValidId(5)),
        ("contractDetailsEnd", (5,), events.ContractEnd(5)),
        ("updateAccountValue", ("k", "v", "USD", "DU1"), events.AccountValue("k", "v", "USD", "DU1")),
        ("accountDownloadEnd", ("DU1",), events.AccountDownloadEnd("DU1")),
        ("accountUpdateMulti", (5, "DU1", "", "k", "v", "USD"), events.MultiValue(5, "DU1", "k", "v", "USD")),
        ("accountUpdateMultiEnd", (5,), events.MultiEnd(5, "values")),
        ("positionMultiEnd", (5,), events.MultiEnd(5, "positions")),
        ("accountSummary", (5, "DU1", "t", "v", "USD"), events.SummaryRow(5, "DU1", "t", "v", "USD")),
        ("accountSummaryEnd", (5,), events.SummaryEnd(5)),
        ("marketDataType", (5, 3), events.DataType(5, 3)),
        ("openOrderEnd", (), events.OpenOrderEnd()),
        ("completedOrdersEnd", (), events.CompletedOrdersEnd()),
        ("execDetailsEnd", (5,), events.ExecutionsEnd(5)),
    ],
)
def test_plain_callbacks(wrapper, told, call, arguments, record):
    getattr(wrapper, call)(*arguments)
    assert told == [record]


def test_what_is_of_no_interest_is_told_to_nobody(wrapper, told):
    wrapper.tickPrice(1, 1, 1.0, None)
    assert not told
