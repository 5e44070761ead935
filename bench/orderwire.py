"""Order messages of a TWS at server version 157. Pure; the openOrder is a recorded one (tests/data) with other names in it."""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path

from bench import wire

#: Quantity of every order: its fills are counted up one by one and never complete it.
QUANTITY = 1_000_000_000
FIRST_ORDER_ID, FIRST_PERM_ID = 10, 700_000_000
#: The clients' id: candidates connect with it.
CLIENT_ID = 1

_FRAMES = Path(__file__).resolve().parent.parent / "tests" / "data" / "frames.jsonl"

PLACE_ORDER, CANCEL_ORDER, OPEN_ORDERS, ALL_OPEN_ORDERS, COMPLETED_ORDERS = b"3", b"4", b"5", b"16", b"99"
EXECUTIONS = b"7"


@cache
def template(msg_id: int = 5, sec_type: str = "") -> list[str]:
    """The fields of a recorded openOrder, or another message, at 157; `sec_type`: one that has such a field."""
    lines = map(json.loads, _FRAMES.read_text(encoding="utf-8").splitlines())
    fields = (list(line["fields"]) for line in lines if line["msg_id"] == msg_id and line["server_version"] == 157)
    return next(each for each in fields if not sec_type or sec_type in each)


def open_order(order_id: int, symbol: str, order_ref: str, quantity: int = QUANTITY) -> bytes:
    """openOrder (5): a living limit order of CLIENT_ID."""
    fields = template().copy()
    con_id = wire.FIRST_CON_ID + int(symbol[1:])
    fields[1:13] = [str(order_id), str(con_id), symbol, "STK", "", "0", "?", "", "SEHK", "HKD", symbol, symbol]
    fields[14] = str(quantity)
    fields[20], fields[23] = wire.ACCOUNT, order_ref
    fields[24:26] = [str(CLIENT_ID), str(FIRST_PERM_ID + order_id)]
    return wire.frame(*fields)


def completed_order(perm_id: int, symbol: str, order_ref: str) -> bytes:
    """completedOrder (101): an order of today that was cancelled."""
    fields = template(101).copy()
    fields[1:12] = [str(wire.FIRST_CON_ID + int(symbol[1:])), symbol, "STK", "", "0", "?", "", "SEHK", "HKD", symbol, symbol]
    fields[13], fields[15], fields[17] = str(QUANTITY), "70.0", "DAY"
    fields[19], fields[22], fields[23] = wire.ACCOUNT, order_ref, str(perm_id)
    return wire.frame(*fields)


def order_status(order_id: int, filled: int, quantity: int = QUANTITY, status: str = "Submitted") -> bytes:
    """orderStatus (3), with so much filled."""
    return wire.frame(
        3, order_id, status, filled, quantity - filled, 70.0, FIRST_PERM_ID + order_id, 0, 70.0, CLIENT_ID, "", 0
    )


def executed(req_id: int, order_id: int, symbol: str, order_ref: str, shares: int) -> bytes:
    """execDetails (11) of a whole fill, and its commissionReport (59)."""
    exec_id, con_id = f"0000e0d5.{order_id:08x}.01.01", wire.FIRST_CON_ID + int(symbol[1:])
    contract = (con_id, symbol, "STK", "", "0.0", "", "", "SEHK", "HKD", symbol, symbol)
    trade = (exec_id, time.strftime("%Y%m%d  %H:%M:%S"), wire.ACCOUNT, "SEHK", "BOT", shares, 70.0)
    order = (FIRST_PERM_ID + order_id, CLIENT_ID, 0, shares, 70.0, order_ref, "", "", "", 2)
    commission = (59, 1, exec_id, 1.0, "HKD", "1.7976931348623157E308", "1.7976931348623157E308", "")
    return wire.frame(11, req_id, order_id, *contract, *trade, *order) + wire.frame(*commission)
