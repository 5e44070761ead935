"""Bots as a fuzzer would have them: messages on CMD, or as entries of the stream, to a gateway at work.

The input: one byte of flags, then the messages with a NUL between each two. What has to hold: exactly one acknowledgement each,
with the id that was sent; a refusal is one sentence, and nothing was done; an order that TWS gets is the one that was ordered;
and the gateway takes a good command afterwards.
"""

from __future__ import annotations

import json
import zlib
from fractions import Fraction
from typing import Any

from ibgw_tx.commands.shell.dispatcher import Entry
from ibgw_tx.model import errors, keys
from tests.fuzz.stage import CONTRACT, NAME, PROTOBUF, TEXT, Stage, Violated, twice

#: Flags: the dialect of TWS; from the stream, and from a former life's part of it.
IN_PROTOBUF, IN_STREAM, AGAIN = 1, 2, 4
LONGEST, MOST = 16_384, 20
#: Seconds in which a command is acknowledged, come what may.
PATIENCE = 65
TRADING = ("placeOrder", "cancelOrder", "reqGlobalCancel", "exerciseOptions")
ORDERING = ("PLACE_ORDER", "CANCEL_ORDER", "CANCEL_ALL", "CANCEL_ORDERS", "EXERCISE", "HALT", "RESET")
CODES = {value for name, value in vars(errors).items() if name.isupper() and isinstance(value, str)}
#: What a command may leave behind that is refused: what was found on the way.
_FOUND = ("IBGateway:Contract", "IBGateway:MarketRule", f"IBGateway:{NAME}:order_id")


@twice
def check(data: bytes) -> None:
    """One input. Raises Violated, or whatever the gateway raises."""
    if not data or len(data) > LONGEST:
        return
    flags, messages = data[0], data[1:].split(b"\0")[:MOST]
    stage = Stage.made(PROTOBUF if flags & IN_PROTOBUF else TEXT)
    with stage.watched():
        for message in messages:
            _command(stage, message, flags)
        _takes_more(stage, zlib.crc32(data) % 8 == 0)
        if stage.failures:
            event = stage.failures[0]
            raise Violated(f"{event.get('log_format')}: {event.get('log_failure')}")
        stage.check_said()
        stage.check_kept()


def _command(stage: Stage, message: bytes, flags: int) -> None:
    market = stage.market
    market.said.clear()
    before, sent = _state(stage), len(market.simulator.office.journal.named(*TRADING))
    acks: list[dict[str, Any]] = []
    gateway = market.life.gateway
    if flags & IN_STREAM:
        now = gateway.clock.now_ms()
        entry = Entry(f"{now}-0", now, lambda ack: acks.append(json.loads(ack)), bool(flags & AGAIN))
        gateway.assembly.dispatcher.message(message, entry)
    else:
        market.life.redis.on_message(message)
    market.settle()
    waited = 0
    while not (found := acks or _acks(stage)) and waited < PATIENCE:
        market.passes(1)
        waited += 1
    if len(found) != 1:
        raise Violated(f"{len(found)} acknowledgements of {message!r}: {found}")
    _check_ack(message, found[0])
    orders = market.simulator.office.journal.named(*TRADING)[sent:]
    if not found[0]["ok"]:
        after = _state(stage)
        if orders:
            raise Violated(f"refused, and yet sent: {message!r} {found[0]} {orders}")
        if before != after:
            raise Violated(f"refused, and yet done: {message!r} {found[0]}\n{before}\n{after}")
    else:
        _check_orders(message, found[0], orders)
    stage.check_said()


def _acks(stage: Stage) -> list[dict[str, Any]]:
    return [said for channel, said in stage.market.said if channel == keys.acks(NAME) and said["type"] == "ack"]


def _state(stage: Stage) -> Any:
    """What a command may change."""
    values, hashes = stage.market.memory
    kept = {
        key: value
        for key, value in values.items()
        if key.startswith(f"IBGateway:{NAME}:client_oid") or key == keys.halt(NAME) or key.endswith(":OMS")
    }
    hashes = {key: dict(fields) for key, fields in hashes.items() if ":O:" not in key and not key.startswith(_FOUND)}
    wanted = [sorted(map(str, books.wanted)) for books in stage.market.life.gateway.assembly.books]
    return kept, hashes, stage.orders(), wanted


def _strict(message: bytes) -> Any:
    """The message as any careful reader has it; None where careful readers differ."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("given twice")
        return dict(pairs)

    def no_figure(text: str) -> float:
        raise ValueError(text)

    try:
        body = json.loads(message.decode(), object_pairs_hook=once, parse_constant=no_figure)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _check_ack(message: bytes, ack: dict[str, Any]) -> None:
    if not ack["ok"]:
        said = ack["err"]
        if ack["code"] not in CODES or not said.strip() or "\n" in said or len(said) > 600:
            raise Violated(f"no refusal in a sentence: {message!r} {ack}")
    body = _strict(message)
    sent = None if body is None else body.get("id")
    if isinstance(sent, str) and not sent.isprintable() and _cannot_be_written(sent):
        sent = None
    if isinstance(sent, str | int) and not isinstance(sent, bool) and ack["id"] != sent:
        raise Violated(f"the id is not the one sent: {message!r} {ack}")
    if body is None and ack["ok"]:
        raise Violated(f"carried out, and no careful reader could: {message!r} {ack}")


def _cannot_be_written(text: str) -> bool:
    """Half a character: JSON allows it, UTF-8 does not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _check_orders(message: bytes, ack: dict[str, Any], orders: list[Any]) -> None:
    """What TWS got is what was ordered, as far as one order's quantity, side and limit price say."""
    body = _strict(message) or {}
    params = body if body.get("params") is None else body["params"]
    placed = [entry for entry in orders if entry.name == "placeOrder"]
    if orders and body.get("cmd") not in ORDERING:
        raise Violated(f"{body.get('cmd')} is no order: {orders}")
    if body.get("cmd") != "PLACE_ORDER" or not isinstance(params.get("order"), dict):
        return
    order = params["order"]
    if len(placed) > 1 or (placed and int(placed[0].fields[1]) != ack["apiOrderId"]):
        raise Violated(f"one order, and sent: {orders}")
    for entry in placed:
        args = entry.args
        wanted = order.get("s", order.get("totalQuantity"))
        if wanted is not None and Fraction(str(wanted)) != args["totalQuantity"]:
            raise Violated(f"{wanted} ordered, {args['totalQuantity']} sent: {message!r}")
        side = order.get("T", order.get("action"))
        if side is not None and str(side).upper() != args["action"]:
            raise Violated(f"{side} ordered, {args['action']} sent: {message!r}")
        price = order.get("p", order.get("lmtPrice"))
        if price is not None and float(price) != args["lmtPrice"]:
            raise Violated(f"{price} ordered, {args['lmtPrice']} sent: {message!r}")


def _takes_more(stage: Stage, thoroughly: bool) -> None:
    """A good command is carried out as ever; an order, which changes the stage, is not tried each time."""
    market = stage.market
    id_ = market.send("ACCOUNT_LIST")
    market.settle()
    if [ack["ok"] for ack in market.acks[id_]] != [True]:
        raise Violated(f"not taken afterwards: {market.acks[id_]}")
    if thoroughly and keys.halt(NAME) not in market.memory[0] and market.is_trusted:
        id_ = market.send("PLACE_ORDER", **CONTRACT, order={"T": "buy", "s": 1, "p": 50.0})
        market.settle()
        if not market.acks[id_]:
            # Behind what was asked before, within TWS's message rate.
            market.passes(3)
        if [ack["ok"] for ack in market.acks[id_]] != [True]:
            raise Violated(f"no order is taken afterwards: {market.acks[id_]}")
