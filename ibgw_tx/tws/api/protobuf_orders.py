"""Parts of protobuf messages as ibapi's objects, with what ibapi's own conversion leaves out (tws-facts-10x, T10 to T13)."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ibgw_tx.model.figures import UNSET_INTEGER, written
from ibgw_tx.model.order_members import CONDITIONS

_CONTRACT_NOT_READ = ("secIdType", "secId", "includeExpired")
_KINDS = frozenset(each.number for each in CONDITIONS.values())


def _convert() -> Any:
    return import_module("ibapi.decoder_utils")


def contract_of(message: Any) -> Any:
    """ibapi's Contract; its multiplier as it is, not cut to eight places."""
    contract = _convert().decodeContract(message)
    for name in _CONTRACT_NOT_READ:
        if message.HasField(name):
            setattr(contract, name, getattr(message, name))
    if message.HasField("multiplier"):
        contract.multiplier = written(message.multiplier)
    return contract


def order_of(number: int, contract: Any, message: Any) -> Any:
    """ibapi's Order. A condition of a kind that nobody knows is left out (ibapi's own stumbles, or repeats the one before)."""
    known = [each for each in message.conditions if each.type in _KINDS]
    if len(known) < len(message.conditions):
        copied = type(message)()
        copied.CopyFrom(message)
        del copied.conditions[:]
        copied.conditions.extend(known)
        message = copied
    order = _convert().decodeOrder(number or UNSET_INTEGER, contract, message)
    for condition, shown in zip(order.conditions or (), message.conditions, strict=True):
        # False is left out on the wire; ibapi reads what is absent as "and", and as neither more nor less.
        condition.isConjunctionConnection = shown.isConjunctionConnection
        if hasattr(condition, "isMore"):
            condition.isMore = shown.isMore
    return order


def state_of(message: Any) -> Any:
    """ibapi's OrderState."""
    return _convert().decodeOrderState(message)


def execution_of(message: Any) -> Any:
    """ibapi's Execution; a price that is not told is None."""
    execution = _convert().decodeExecution(message)
    for name in ("price", "avgPrice"):
        if not message.HasField(name):
            setattr(execution, name, None)
    return execution


def details_of(contract: Any, message: Any, bond: bool) -> Any:
    """ibapi's ContractDetails, with its contract as `contract_of` reads it."""
    details = _convert().decodeContractDetails(contract, message, bond)
    expiry = details.contract.lastTradeDateOrContractMonth
    details.contract = contract_of(contract)
    details.contract.lastTradeDateOrContractMonth = expiry or contract.lastTradeDateOrContractMonth
    return details
