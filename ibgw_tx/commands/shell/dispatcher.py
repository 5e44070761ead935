"""Commands from Redis to whoever carries them out, and exactly one acknowledgement for each message.

A handler is a coroutine function of the command; it returns the members its ack carries beside `ok`, or raises. The ack goes
out when the handler has handed everything to TWS. At most MAX_OPEN commands are under way; one more is refused (`limit`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.commands import message as commands
from ibgw_tx.commands.message import Command, Refused
from ibgw_tx.commands.shell.ack_channel import AckChannel
from ibgw_tx.model import errors
from ibgw_tx.model.contract import BadName
from ibgw_tx.model.errors import AnswerUnreadable, CommandError, NotEncodable, PacingFull, RedisDown, RequestTimeout, SessionLost
from ibgw_tx.runtime.log import Logger

MAX_OPEN = 1000

Handler: TypeAlias = Callable[[Command], Coroutine[Any, Any, dict[str, Any]]]

#: What a handler may raise beside CommandError, and the code it is told as.
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (SessionLost, errors.NOT_CONNECTED),
    (RequestTimeout, errors.UNAVAILABLE),
    (AnswerUnreadable, errors.UNAVAILABLE),
    (RedisDown, errors.UNAVAILABLE),
    (PacingFull, errors.LIMIT),
    (BadName, errors.BAD_PARAMS),
    (NotEncodable, errors.BAD_PARAMS),
)


class Dispatcher:
    """Takes each message from CMD. `max_age` is in ms, 0 for no limit."""

    log = Logger()

    def __init__(
        self, handlers: Mapping[str, Handler], acks: AckChannel, now_ms: Callable[[], int], max_age: int
    ) -> None:
        self._handlers = handlers
        self._known = frozenset(handlers)
        self._acks = acks
        self._now_ms = now_ms
        self._max_age = max_age
        self._open = 0

    def message(self, message: bytes) -> None:
        """One message from the CMD channel."""
        try:
            command = commands.parse(message, self._known, self._now_ms(), self._max_age)
        except Refused as refused:
            self._refuse(refused.id, refused.cmd, refused.error)
            return
        if self._open >= MAX_OPEN:
            error = CommandError(errors.LIMIT, f"{MAX_OPEN} commands are under way; try again")
            self._refuse(command.id, command.cmd, error)
            return
        self._open += 1
        done = Deferred.fromCoroutine(self._carry_out(command))
        done.addErrback(lambda failure: self.log.failure("command {cmd}", failure, cmd=command.cmd))

    async def _carry_out(self, command: Command) -> None:
        try:
            more = await self._handlers[command.cmd](command)
        except CommandError as error:
            self._refuse(command.id, command.cmd, error)
        except Exception as error:
            self._refuse(command.id, command.cmd, self._as_command_error(command, error))
        else:
            self._acks.ack(command, **more)
        finally:
            self._open -= 1

    def _as_command_error(self, command: Command, error: Exception) -> CommandError:
        for kind, code in _CODES:
            if isinstance(error, kind):
                return CommandError(code, str(error))
        self.log.failure("command {cmd} {id!r} failed", Failure(error), cmd=command.cmd, id=command.id)
        return CommandError(errors.UNAVAILABLE, "the gateway failed to carry this out; its log tells why")

    def _refuse(self, id: commands.CommandId, cmd: str | None, error: CommandError) -> None:
        self.log.info("command {cmd!r} {id!r} refused: {code}, {text}", cmd=cmd, id=id, code=error.code, text=error.text)
        self._acks.refusal(id, cmd, error)
