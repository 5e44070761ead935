"""The ACK channel: where the gateway speaks to bots about commands, and says its status. Every message carries its time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ibgw_tx.commands import replies
from ibgw_tx.commands.message import Command, CommandId
from ibgw_tx.model.errors import LIMIT, CommandError

#: How many of the last acks, and of the last errors, are remembered, and how much of each text.
REMEMBERED, _TEXT, _ID = 30, 300, 80
#: Takes the bytes of one acknowledgement.
Reply: TypeAlias = Callable[[bytes], None]


class AckChannel:
    """`publish` sends bytes of a kind on ACK; while Redis is away they are dropped there. `now_ms` gives epoch ms, their `t`."""

    def __init__(self, publish: Callable[[str, bytes], None], now_ms: Callable[[], int]) -> None:
        self._publish = publish
        self._now_ms = now_ms
        #: Messages by kind; `ack` is `ok` true, `refusal` false.
        self.counts = dict.fromkeys(("ack", "refusal", "error", "result", "message", "heartbeat"), 0)
        self.refusals: dict[str, int] = {}
        self.recent: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self.errors: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        #: Told the text of each refusal by a limit.
        self.on_limit: Callable[[str], None] = lambda text: None

    def _remember(self, id: CommandId, cmd: str | None, code: str | None, text: str) -> None:
        shown = None if id is None else str(id)[:_ID]
        self.recent.append({"t": self._now_ms(), "id": shown, "cmd": cmd and cmd[:_ID], "code": code, "text": text[:_TEXT]})

    def _remember_error(self, code: int | None, text: str, cmd: str | None = None) -> None:
        self.errors.append({"t": self._now_ms(), "code": code, "text": text[:_TEXT], "cmd": cmd})

    def ack(self, command: Command, to: Reply | None = None, **more: Any) -> None:
        """`ok:true`, with what the command's ack carries beside; `to` takes it in place of the channel."""
        self.counts["ack"] += 1
        self._remember(command.id, command.cmd, None, "")
        self._reply(replies.ack(command, self._now_ms(), **more), to)

    def refusal(self, id: CommandId, cmd: str | None, error: CommandError, to: Reply | None = None) -> None:
        """`ok:false`, with the error's code, sentence and members."""
        self.counts["refusal"] += 1
        self.refusals[error.code] = self.refusals.get(error.code, 0) + 1
        self._remember(id, cmd, error.code, error.text)
        self._reply(replies.refusal(id, cmd, error, self._now_ms(), **error.more), to)
        if error.code == LIMIT:
            self.on_limit(error.text)

    def _reply(self, message: bytes, to: Reply | None) -> None:
        if to is None:
            self._publish("ack", message)
        else:
            to(message)

    def error(self, command: Command, code: int | None, text: str, **more: Any) -> None:
        """What TWS says later about a command; `code` is None when it is the gateway that gave up."""
        self.counts["error"] += 1
        self._remember_error(code, text, command.cmd)
        self._publish("error", replies.tws_error(command.id, command.cmd, code, text, self._now_ms(), **more))

    def result(self, command: Command, **more: Any) -> None:
        """What a command has found."""
        self.counts["result"] += 1
        self._publish("result", replies.result(command.id, command.cmd, self._now_ms(), **more))

    def message(self, code: int, text: str, **more: Any) -> None:
        """What TWS says about no command in particular."""
        self.counts["message"] += 1
        self._remember_error(code, text)
        self._publish("msg", replies.tws_message(code, text, self._now_ms(), **more))

    def state(self, status: bool, reasons: Sequence[str]) -> None:
        """The status has changed, or why it is false."""
        self._publish("state", replies.state(status, reasons, self._now_ms()))

    def bulletin(self, number: int, kind: int, exchange: str, text: str) -> None:
        """IB says something to everybody."""
        self._publish("bulletin", replies.bulletin(number, kind, exchange, text, self._now_ms()))

    def alert(self, kind: str, what: str, on: bool, text: str) -> bytes:
        """Something for a pager, or its end; gives what was said."""
        said = replies.alert(kind, what, on, text, self._now_ms())
        self._publish("alert", said)
        return said

    def heartbeat(self, status: bool, now: int, reasons: Sequence[str] = ()) -> None:
        """The status as its key has it, with the key's time, and why it is false."""
        self.counts["heartbeat"] += 1
        self._publish("heartbeat", replies.heartbeat(status, now, reasons))
