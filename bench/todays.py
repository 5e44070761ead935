"""What a TWS of today says, in text (to 200) or in protobuf (from 201), as far as the gateway asks. Not the gateway's code.

Requests are read and answers written by what ibsim knows of each server version; rows of depth, which have to be made by the
hundred thousand, are written here.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable

from bench import wire
from bench.client import Client
from bench.market import DELETE, Change
from ibgw_tx.sim.market.instrument import Instrument
from ibgw_tx.sim.replies import market, session
from ibgw_tx.sim.replies.protobuf import config, dialect
from ibgw_tx.sim.wire import frames, protobuf_requests, requests
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.ids import PROTOBUF_IDS, TEXT
from ibgw_tx.sim.wire.protobuf import varint
from ibgw_tx.sim.wire.requests import Request

#: The newest server versions in text and in protobuf.
IN_TEXT, IN_PROTOBUF = 200, 226

_HOURS = ("Asia/Hong_Kong", *["20260102:0930-20260102:1600"] * 2)
_FARMS = ((2104, "Market data"), (2106, "HMDS data"), (2158, "Sec-def data"))
_length, _double = struct.Struct("!I").pack, struct.Struct("<d").pack


def depth(req_id: int, change: Change) -> bytes:
    """MarketDepth as TWS's class writes it: every member, in the order of their numbers; a deleted row says no price."""
    operation, side, row, cents, size = change
    price = 0.0 if operation == DELETE else cents / 100
    text = b"%d" % size
    data = b"\x08%c\x10%c\x18%c\x21%b\x2a%c%b" % (row, operation, side, _double(price), len(text), text)
    body = b"\x08%b\x12%c%b" % (varint(req_id), len(data), data)
    return _length(len(body) + 4) + _length(PROTOBUF_IDS + 12) + body


class TodaysClient(Client):
    """A connection from the gateway, at one of today's server versions."""

    def __init__(self, sock: socket.socket, version: int) -> None:
        super().__init__(sock)
        self._version = version
        self._inbox = frames.Inbox()

    def received(self, data: bytes) -> None:
        for payload in self._inbox.feed(data):
            if self.greeted:
                self._answer(self._read(payload))
            else:
                self.greeted = True
                self.sock.sendall(wire.frame(self._version, "20260102 09:30:00 UTC"))

    def _read(self, payload: bytes) -> Request:
        if self._version <= TEXT:
            return requests.parse(frames.split(payload), self._version)
        msg_id, rest = frames.take_id(payload)
        if msg_id > PROTOBUF_IDS:
            return protobuf_requests.parse(msg_id - PROTOBUF_IDS, rest, self._version)
        return requests.parse([str(msg_id), *frames.split(rest)], self._version)

    def _answer(self, request: Request) -> None:
        if request.name == "reqMktDepth":
            self.requests[request.contract.symbol] = request.req_id
        told = [frames.frame(dialect(fields, self._version), self._version) for fields in self._answers(request)]
        self.sock.sendall(b"".join(told))

    def _answers(self, request: Request) -> Iterable[Fields]:
        req_id, version = request.req_id, self._version
        accounts, next_id = session.managed_accounts([wire.ACCOUNT]), session.next_valid_id(1)
        match request.name:
            case "startApi":
                farms = ((code, f"{what} farm connection is OK:bench") for code, what in _FARMS)
                return accounts, next_id, *(session.error(-1, *farm, version, time.time()) for farm in farms)
            case "reqContractDetails":
                found = market.contract(req_id, _asked_for(request), "SEHK", _HOURS, "LMT,MKT", version)
                return found, market.contract_end(req_id)
            case "reqAccountUpdates":
                values = (("NetLiquidation", "1000000.00"), ("TotalCashValue", "1000000.00"), ("BuyingPower", "4000000.00"))
                told = (session.account_value(key, value, "HKD", wire.ACCOUNT) for key, value in values)
                return (*told, session.account_end(wire.ACCOUNT)) if request.args["subscribe"] else ()
            case "reqConfig":
                return (config(req_id, {}),)
        fixed = {
            "reqCurrentTime": session.current_time(time.time()), "reqIds": next_id, "reqManagedAccts": accounts,
            "reqExecutions": session.executions_end(req_id), "reqAccountSummary": session.summary_end(req_id),
            "reqAccountUpdatesMulti": session.account_multi_end(req_id), "reqPositionsMulti": session.position_multi_end(req_id),
            "reqPositions": session.position_end(), "reqCompletedOrders": session.completed_orders_end(),
            "reqOpenOrders": session.open_order_end(), "reqAllOpenOrders": session.open_order_end(),
        }  # fmt: skip
        return (fixed[request.name],) if request.name in fixed else ()


def _asked_for(request: Request) -> Instrument:
    """Any symbol of ours, or its conId."""
    symbol = request.contract.symbol or f"S{request.contract.con_id - wire.FIRST_CON_ID:03d}"
    return Instrument(
        con_id=wire.FIRST_CON_ID + int(symbol[1:]), symbol=symbol, sec_type="STK", currency="HKD", exchange="SEHK",
        valid_exchanges=("SEHK",), rule=26, price=100.0, calendar="", farm="", local_symbol=symbol, trading_class=symbol,
        market_name=symbol, long_name=f"Made-up {symbol}", stock_type="COMMON",
    )  # fmt: skip
