"""What the gateway says on its ACK channel: acknowledgements, refusals, results, what TWS says, the heartbeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ibgw_tx.commands.message import Command, CommandId
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.errors import CommandError

#: What the channel of every book ends with.
_BOOK = ":full_odbk_channel"


def ack(command: Command, now: int, **more: Any) -> bytes:
    """`ok:true`: checked and handed to TWS."""
    return jsontext.dumps({"type": "ack", "id": command.id, "cmd": command.cmd, "ok": True, **more, "t": now})


def refusal(id: CommandId, cmd: str | None, error: CommandError, now: int, **more: Any) -> bytes:
    """`ok:false` with its code and one sentence."""
    head = {"type": "ack", "id": id, "cmd": cmd, "ok": False, "code": error.code, "err": error.text}
    return jsontext.dumps({**head, **more, "t": now})


def tws_error(id: CommandId, cmd: str, code: int | None, text: str, now: int, **more: Any) -> bytes:
    """What TWS says later about a command."""
    return jsontext.dumps({"type": "error", "id": id, "cmd": cmd, "code": code, "err": text, **more, "t": now})


def tws_message(code: int, text: str, now: int, **more: Any) -> bytes:
    """What TWS says about no command in particular."""
    return jsontext.dumps({"type": "msg", "code": code, "msg": text, **more, "t": now})


def result(id: CommandId, cmd: str, now: int, **more: Any) -> bytes:
    """What a command has found."""
    return jsontext.dumps({"type": "result", "id": id, "cmd": cmd, **more, "t": now})


def state(status: bool, reasons: Sequence[str], now: int) -> bytes:
    """The status, when it or why it is false has changed."""
    return jsontext.dumps({"type": "state", "status": status, "reasons": list(reasons), "t": now})


def bulletin(number: int, kind: int, exchange: str, text: str, now: int) -> bytes:
    """A bulletin of IB."""
    return jsontext.dumps({"type": "bulletin", "number": number, "kind": kind, "exchange": exchange, "text": text, "t": now})


def alert(kind: str, what: str, on: bool, text: str, now: int) -> bytes:
    """Something for a pager, or its end; of a feed, `channel` is what the ack of its SUB_… said."""
    channel = {"channel": channel_of(what)} if kind == "feed" else {}
    return jsontext.dumps({"type": "alert", "kind": kind, "what": what, **channel, "on": on, "text": text, "t": now})


def channel_of(feed: str) -> str:
    """The channel of a feed named `{kind} {channel}`, or `{kind} {channel} {exchange}`; a symbol may hold blanks."""
    rest = feed.partition(" ")[2]
    head, mark, _ = rest.rpartition(_BOOK)
    return head + mark if mark else rest


def heartbeat(status: bool, now: int, reasons: Sequence[str] = ()) -> bytes:
    """The status, every second; the reasons while it is false."""
    why = {"reasons": list(reasons)} if reasons else {}
    return jsontext.dumps({"type": "heartbeat", "status": status, **why, "t": now})
