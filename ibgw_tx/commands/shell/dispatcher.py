"""Commands from Redis to whoever carries them out, and exactly one acknowledgement for each message.

A handler is a coroutine function of the command; it returns the members its ack carries beside `ok`, or raises. The ack goes
out when the handler has handed everything to TWS. At most MAX_OPEN commands are under way; one more is refused (`limit`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeAlias

import attrs
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.commands import message as commands
from ibgw_tx.commands.message import Command, Refused
from ibgw_tx.commands.shell.ack_channel import AckChannel, Reply
from ibgw_tx.model import errors
from ibgw_tx.model.contract import BadName
from ibgw_tx.model.errors import AnswerUnreadable, CommandError, NotEncodable, PacingFull, RedisDown, RequestTimeout, SessionLost
from ibgw_tx.model.tally import Histogram
from ibgw_tx.runtime.log import Logger

MAX_OPEN = 1000

Handler: TypeAlias = Callable[[Command], Coroutine[Any, Any, dict[str, Any]]]

#: Carries a command out without a coroutine, and tells its outcome once, perhaps at once; False: it has done nothing, the
#: handler has to.
Shortcut: TypeAlias = Callable[[Command, Callable[["dict[str, Any] | Exception"], None]], bool]

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


@attrs.frozen
class Entry:
    """Where a command of the stream stands: its id there, when it was added (epoch ms, None: nobody knows), who takes its ack.

    `again`: a former life had it; whether that one has carried it out has to be found out.
    """

    id: str
    sent: int | None
    reply: Reply
    again: bool = False


class Dispatcher:
    """Takes each message from CMD. `max_age` is in ms, 0 for no limit.

    `look_back` of a command that a former life had: what its ack carries if that one has carried it out, None if it is to be
    carried out now; raises CommandError when that cannot be told.
    """

    log = Logger()

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        acks: AckChannel,
        now_ms: Callable[[], int],
        max_age: int,
        look_back: Callable[[Command], Coroutine[Any, Any, dict[str, Any] | None]] | None = None,
        seconds: Callable[[], float] = time.monotonic,
        shortcuts: Mapping[str, Shortcut] | None = None,
    ) -> None:
        """`shortcuts` are offered each command of the channel first."""
        self._shortcuts = shortcuts or {}
        self._look_back = look_back
        #: From the coming of each kind of command to its ack or refusal.
        self.latencies = {cmd: Histogram() for cmd in handlers}
        self._handlers = handlers
        self._known = frozenset(handlers)
        self._acks = acks
        self._now_ms = now_ms
        self._max_age = max_age
        self._seconds = seconds
        self._open = 0

    @property
    def under_way(self) -> int:
        """Commands that have no ack yet."""
        return self._open

    def message(self, message: bytes | str, entry: Entry | None = None) -> None:
        """One message from the CMD channel, or of an entry of the stream; a text says why an entry has none."""
        to = None if entry is None else entry.reply
        if isinstance(message, str):
            self._refuse(None, None, CommandError(errors.BAD_JSON, message), to)
            return
        # What a former life has carried out is acknowledged as such, however old it is by now.
        max_age = 0 if entry is not None and entry.again else self._max_age
        try:
            if entry is None:
                command = commands.parse(message, self._known, self._now_ms(), max_age)
            else:
                command = commands.parse(message, self._known, self._now_ms(), max_age, entry.id, entry.sent)
        except Refused as refused:
            self._refuse(refused.id, refused.cmd, refused.error, to)
            return
        if self._open >= MAX_OPEN:
            error = CommandError(errors.LIMIT, f"{MAX_OPEN} commands are under way; try again")
            self._refuse(command.id, command.cmd, error, to)
            return
        self._open += 1
        if entry is None and self._take_shortcut(command):
            return
        done = Deferred.fromCoroutine(self._carry_out(command, entry))
        done.addErrback(lambda failure: self.log.failure("command {cmd}", failure, cmd=command.cmd))

    def _take_shortcut(self, command: Command) -> bool:
        shortcut = self._shortcuts.get(command.cmd)
        if shortcut is None:
            return False
        began = self._seconds()

        def finish(outcome: dict[str, Any] | Exception) -> None:
            self._open -= 1
            self._tell(command, outcome, None)
            self.latencies[command.cmd].add(self._seconds() - began)

        return shortcut(command, finish)

    def _tell(self, command: Command, outcome: dict[str, Any] | Exception, to: Reply | None) -> None:
        """The acknowledgement: what it carries, or why it is refused."""
        if isinstance(outcome, CommandError):
            self._refuse(command.id, command.cmd, outcome, to)
        elif isinstance(outcome, Exception):
            self._refuse(command.id, command.cmd, self._as_command_error(command, outcome), to)
        else:
            self._acks.ack(command, to, **outcome)

    async def _carry_out(self, command: Command, entry: Entry | None) -> None:
        to, began = None if entry is None else entry.reply, self._seconds()
        outcome: dict[str, Any] | Exception
        try:
            outcome = await self._outcome(command, entry)
        except Exception as error:
            outcome = error
        try:
            self._tell(command, outcome, to)
        finally:
            self._open -= 1
            self.latencies[command.cmd].add(self._seconds() - began)

    async def _outcome(self, command: Command, entry: Entry | None) -> dict[str, Any]:
        if entry is not None and entry.again:
            if self._look_back is not None:
                done = await self._look_back(command)
                if done is not None:
                    return done
            commands.check_age(command.t, self._now_ms(), self._max_age, entry.id)
            expires = command.t + self._max_age if self._max_age and command.t is not None else None
            command = attrs.evolve(command, expires=expires)
        return await self._handlers[command.cmd](command)

    def _as_command_error(self, command: Command, error: Exception) -> CommandError:
        for kind, code in _CODES:
            if isinstance(error, kind):
                return CommandError(code, str(error))
        self.log.failure("command {cmd} {id!r} failed", Failure(error), cmd=command.cmd, id=command.id)
        return CommandError(errors.UNAVAILABLE, "the gateway failed to carry this out; its log tells why")

    def _refuse(self, id: commands.CommandId, cmd: str | None, error: CommandError, to: Reply | None) -> None:
        self.log.info("command {cmd!r} {id!r} refused: {code}, {text}", cmd=cmd, id=id, code=error.code, text=error.text)
        self._acks.refusal(id, cmd, error, to)
