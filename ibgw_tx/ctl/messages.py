"""What the gateway says on ACK and on the channels of orders, as lines for people. Pure."""

from __future__ import annotations

from typing import Any

from ibgw_tx.ctl.orders import sentence
from ibgw_tx.ctl.words import figure, moment, safe

#: Members that every message has, or that the line says otherwise.
FRAME = frozenset("type id cmd ok code err msg t".split())
LONGEST = 400


def line(message: dict[str, Any], order: bool = False) -> str:
    """`05:31:58  refused  PLACE_ORDER b1  limit: …`; `order` tells a message of a channel of orders."""
    when = moment(message.get("updateTime") if order else message.get("t"), date=False)
    kind, words = ("order", _order(message)) if order else _said(message)
    return f"{when:<8}  {kind:<9}  {words}".rstrip()


def fill(message: dict[str, Any]) -> str:
    """An execution on its channel: `05:31:58  fill       1168  buy 1 USD-AAPL at 206.5, commission 1 USD`."""
    what = f"{safe(message.get('T'))} {figure(message.get('s'))} {safe(message.get('pair'))} at {figure(message.get('p'))}"
    paid = message.get("commission")
    costs = f", commission {figure(paid)} {safe(message.get('commissionCurrency'))}".rstrip() if paid is not None else ""
    marks = "".join(f", {mark}" for mark in ("recovered", "busted", "combo", "leg") if message.get(mark))
    if message.get("corrects"):
        marks += f", in place of {safe(message['corrects'])}"
    whose = safe(message.get("i") or message.get("client_oid"))
    return f"{moment(message.get('t'), date=False):<8}  {'fill':<9}  {whose}  {what}{costs}{marks}"


def _order(message: dict[str, Any]) -> str:
    marks = "".join(f", {mark}" for mark in ("recovered", "corrected") if message.get(mark))
    return f"{safe(message.get('i') or message.get('client_oid'))}  {sentence(message)}{marks}"


def _said(message: dict[str, Any]) -> tuple[str, str]:
    """(kind, words)"""
    whose = f"{safe(message.get('cmd')) or '-'} {safe(message.get('id')) or '-'}"
    kind = message.get("type")
    if kind == "ack":
        return ("done", f"{whose}  {rest(message)}") if message.get("ok") else ("refused", f"{whose}  {_words(message, 'err')}")
    if kind == "error":
        return "error", f"{whose}  {_words(message, 'err')}"
    if kind == "msg":
        return "notice", _words(message, "msg")
    if kind == "heartbeat":
        reasons = message.get("reasons")
        why = f": {safe('; '.join(map(str, reasons)), LONGEST)}" if isinstance(reasons, list) and reasons else ""
        return "heartbeat", f"status {'true' if message.get('status') is True else 'false'}{why}"
    return safe(kind), f"{whose}  {rest(message)}"


def _words(message: dict[str, Any], member: str) -> str:
    code = safe(message.get("code"))
    return f"{code}: {safe(message.get(member), LONGEST)}" if code else safe(message.get(member), LONGEST)


def rest(message: dict[str, Any]) -> str:
    """The members beside the frame: `apiOrderId 5, market CME`; lists and objects by their length."""
    return ", ".join(f"{safe(key)} {_short(value)}" for key, value in message.items() if key not in FRAME)[:LONGEST]


def _short(value: Any) -> str:
    if isinstance(value, list | dict):
        return f"({len(value)})"
    return safe(value) if isinstance(value, str | int) else figure(value)
