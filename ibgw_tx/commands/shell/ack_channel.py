"""The ACK channel: where the gateway speaks to bots about commands, and says its status. Every message carries its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ibgw_tx.commands import replies
from ibgw_tx.commands.message import Command, CommandId
from ibgw_tx.model.errors import CommandError

#: Takes the bytes of one acknowledgement.
Reply: TypeAlias = Callable[[bytes], None]


class AckChannel:
    """`publish` sends bytes of a kind on ACK; while Redis is away they are dropped there. `now_ms` gives epoch ms, their `t`."""

    def __init__(self, publish: Callable[[str, bytes], None], now_ms: Callable[[], int]) -> None:
        #: Commands acknowledged with `ok` true, and with false.
        self.accepted = self.refused = 0
        self._publish = publish
        self._now_ms = now_ms

    def ack(self, command: Command, to: Reply | None = None, **more: Any) -> None:
        """`ok:true`, with what the command's ack carries beside; `to` takes it in place of the channel."""
        self.accepted += 1
        self._reply(replies.ack(command, self._now_ms(), **more), to)

    def refusal(self, id: CommandId, cmd: str | None, error: CommandError, to: Reply | None = None) -> None:
        """`ok:false`, with the error's code, sentence and members."""
        self.refused += 1
        self._reply(replies.refusal(id, cmd, error, self._now_ms(), **error.more), to)

    def _reply(self, message: bytes, to: Reply | None) -> None:
        if to is None:
            self._publish("ack", message)
        else:
            to(message)

    def error(self, command: Command, code: int | None, text: str, **more: Any) -> None:
        """What TWS says later about a command; `code` is None when it is the gateway that gave up."""
        self._publish("error", replies.tws_error(command.id, command.cmd, code, text, self._now_ms(), **more))

    def result(self, command: Command, **more: Any) -> None:
        """What a command has found."""
        self._publish("result", replies.result(command.id, command.cmd, self._now_ms(), **more))

    def message(self, code: int, text: str, **more: Any) -> None:
        """What TWS says about no command in particular."""
        self._publish("msg", replies.tws_message(code, text, self._now_ms(), **more))

    def heartbeat(self, status: bool, now: int, reasons: Sequence[str] = ()) -> None:
        """The status as its key has it, with the key's time, and why it is false."""
        self._publish("heartbeat", replies.heartbeat(status, now, reasons))
