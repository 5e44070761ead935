"""TWS's protobuf messages as records: the ones that matter from the message itself, the rest through ibapi's decoder.

ibapi's conversion loses and invents: an absent commission becomes 0.0, an error without an id is about request 0, an empty one
decimal ends the message, an order lacks what it does not read (tws-facts-10x, 22.4 and T5 to T14). Absent is absent here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from ibapi.wrapper import EWrapper

from ibgw_tx.model import events
from ibgw_tx.model.figures import number_or_none, order_id, quantity_or_none
from ibgw_tx.model.order_events import Commission, OrderStatus
from ibgw_tx.model.position import Position
from ibgw_tx.tws.api.contracts import contract_from_ib
from ibgw_tx.tws.api.protobuf_orders import contract_of, details_of, execution_of, order_of, state_of
from ibgw_tx.tws.dialects import PROTOBUF

#: Message ids (of their texts) whose message is read here -> the name of its class and of the method.
_OWN = {
    3: ("OrderStatus", "order_status"),
    4: ("ErrorMessage", "error"),
    5: ("OpenOrder", "open_order"),
    7: ("PortfolioValue", "portfolio"),
    9: ("NextValidId", "next_valid_id"),
    10: ("ContractData", "contract_data"),
    11: ("ExecutionDetails", "execution"),
    18: ("ContractData", "bond_data"),
    59: ("CommissionAndFeesReport", "commission"),
    71: ("PositionMulti", "position_multi"),
    101: ("CompletedOrder", "completed_order"),
}


@cache
def message_class(name: str) -> Any:
    """The generated class of a message."""
    return getattr(import_module(f"ibapi.protobuf.{name}_pb2"), name)


def told(message: Any, name: str) -> Any:
    """A member of a message, None where it is absent."""
    return getattr(message, name) if message.HasField(name) else None


def _part(message: Any, name: str) -> Any:
    """A message in a message; ValueError where it is missing, since without it nothing is told."""
    if not message.HasField(name):
        raise ValueError(f"{type(message).__name__} without its {name}")
    return getattr(message, name)


def clear_empty(message: Any) -> None:
    """Take away texts that are there and empty: ibapi reads some of them as numbers, and cannot."""
    for field, value in message.ListFields():
        if value == "":
            message.ClearField(field.name)
        elif hasattr(value, "ListFields"):
            clear_empty(value)
        elif hasattr(value, "add"):
            for each in value:
                clear_empty(each)


class ProtobufReader:
    """`decoder` is ibapi's (an unknown message is passed over), `wrapper` what it calls, `tell` takes the records."""

    def __init__(self, wrapper: EWrapper, decoder: Any, tell: Callable[[Any], None]) -> None:
        self._wrapper = wrapper
        self._decoder = decoder
        self._tell = tell

    def read(self, kind: int, payload: bytes) -> None:
        """One message of this id (201 and more). Raises whatever is wrong with it; then nothing has been told."""
        number = kind - PROTOBUF
        own = _OWN.get(number)
        if own is not None:
            name, method = own
            message = message_class(name)()
            message.ParseFromString(payload)
            clear_empty(message)
            getattr(self, method)(message)
        elif number in self._decoder.msgId2handleInfoProtoBuf:
            self._decoder.processProtoBuf(payload, number)

    def next_valid_id(self, message: Any) -> None:
        """An id of 0 would be none to order with."""
        if not message.HasField("orderId"):
            raise ValueError("NextValidId without its orderId")
        self._wrapper.nextValidId(message.orderId)

    def error(self, message: Any) -> None:
        """Without an id it is about the session."""
        req_id = message.id if message.HasField("id") else -1
        self._wrapper.error(
            req_id, message.errorTime, message.errorCode, message.errorMsg, message.advancedOrderRejectJson
        )

    def order_status(self, message: Any) -> None:
        figures = {name: told(message, name) for name in ("filled", "remaining", "avgFillPrice", "lastFillPrice")}
        client_id = order_id(message.clientId)
        self._tell(OrderStatus(message.orderId, client_id, message.permId, message.status, **figures, whyHeld=message.whyHeld))

    def open_order(self, message: Any) -> None:
        contract, shown = _part(message, "contract"), _part(message, "order")
        state = state_of(_part(message, "orderState"))
        number = message.orderId or shown.orderId
        # The wrapper says what of it nobody can read.
        self._wrapper.openOrderProtoBuf(message)
        self._wrapper.openOrder(number, contract_of(contract), order_of(number, contract, shown), state)

    def completed_order(self, message: Any) -> None:
        contract, shown = _part(message, "contract"), _part(message, "order")
        state = state_of(_part(message, "orderState"))
        self._wrapper.completedOrder(contract_of(contract), order_of(0, contract, shown), state)

    def execution(self, message: Any) -> None:
        contract, shown = _part(message, "contract"), _part(message, "execution")
        self._wrapper.execDetails(message.reqId, contract_of(contract), execution_of(shown))

    def commission(self, message: Any) -> None:
        figures = told(message, "commissionAndFees"), message.currency, told(message, "realizedPNL")
        self._tell(Commission(message.execId, *figures))

    def portfolio(self, message: Any) -> None:
        names = "averageCost", "marketPrice", "marketValue", "unrealizedPNL", "realizedPNL"
        figures = (number_or_none(told(message, name)) for name in names)
        contract = contract_from_ib(contract_of(_part(message, "contract")))
        row = Position(contract, quantity_or_none(told(message, "position")), *figures)
        self._tell(events.PortfolioRow(message.accountName, row))

    def position_multi(self, message: Any) -> None:
        contract = contract_from_ib(contract_of(_part(message, "contract")))
        held, cost = quantity_or_none(told(message, "position")), number_or_none(told(message, "avgCost"))
        self._tell(events.MultiPosition(message.reqId, message.account, Position(contract, held, cost, None, None, None, None)))

    def contract_data(self, message: Any) -> None:
        self._details(message, bond=False)

    def bond_data(self, message: Any) -> None:
        self._details(message, bond=True)

    def _details(self, message: Any, bond: bool) -> None:
        details = details_of(_part(message, "contract"), _part(message, "contractDetails"), bond)
        self._wrapper.contractDetails(message.reqId, details)
