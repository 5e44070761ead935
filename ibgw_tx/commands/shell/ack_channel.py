"""The ACK channel: where the gateway speaks to bots about commands, and says its status. Every message carries its time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ibgw_tx.commands import replies
from ibgw_tx.commands.message import Command, CommandId
from ibgw_tx.model.errors import CommandError


class AckChannel:
    """`publish` sends bytes on ACK; while Redis is away they are dropped there. `now_ms` gives epoch ms, the `t` of a message."""

    def __init__(self, publish: Callable[[bytes], None], now_ms: Callable[[], int]) -> None:
        self._publish = publish
        self._now_ms = now_ms

    def ack(self, command: Command, **more: Any) -> None:
        """`ok:true`, with what the command's ack carries beside."""
        self._publish(replies.ack(command, self._now_ms(), **more))

    def refusal(self, id: CommandId, cmd: str | None, error: CommandError) -> None:
        """`ok:false`, with the error's code, sentence and members."""
        self._publish(replies.refusal(id, cmd, error, self._now_ms(), **error.more))

    def error(self, command: Command, code: int | None, text: str) -> None:
        """What TWS says later about a command; `code` is None when it is the gateway that gave up."""
        self._publish(replies.tws_error(command.id, command.cmd, code, text, self._now_ms()))

    def result(self, command: Command, **more: Any) -> None:
        """What a command has found."""
        self._publish(replies.result(command.id, command.cmd, self._now_ms(), **more))

    def message(self, code: int, text: str) -> None:
        """What TWS says about no command in particular."""
        self._publish(replies.tws_message(code, text, self._now_ms()))

    def heartbeat(self, status: bool, now: int, reasons: Sequence[str] = ()) -> None:
        """The status as its key has it, with the key's time, and why it is false."""
        self._publish(replies.heartbeat(status, now, reasons))
