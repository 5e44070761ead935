"""Connections to Redis: txredisapi's protocols, taught what a gateway needs of them.

Against plain txredisapi 1.6 (house.md 2.5): a refused password, like every other refusal, is told and tried again instead of
ending everything; a connection counts as usable only after Redis has answered a PING; what an earlier connection of ours may
have left unread at a stalled Redis is killed first, so that nothing old can be carried out after something new.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import hiredis
import txredisapi
from twisted.application.internet import ClientService
from twisted.internet import defer
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from ibgw_tx.model import advice
from ibgw_tx.model.errors import LeaseLost
from ibgw_tx.redis.sentinel import role
from ibgw_tx.redis.shell.attempts import Attempts, cannot_be_reached
from ibgw_tx.redis.shell.replies import REPLY_LIMIT, Replies, Taker, fire, parsed
from ibgw_tx.redis.shell.tls import NotTrusted
from ibgw_tx.redis.shell.way import NoMaster, Way
from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.write_now import write_through

__all__ = [
    "REPLY_LIMIT",
    "RedisError",
    "RedisFactory",
    "RedisProtocol",
    "ResponseError",
]

#: Redis' own refusals; and these, or a connection that is lost or too slow.
ResponseError, RedisError = txredisapi.ResponseError, txredisapi.RedisError

#: What is used here of txredisapi beyond its documented interface, by where it stands; tests look whether a version still has it.
PRIVATE_PARTS = {
    "module": ("_PoolSlot", "_SlotFactory"),
    "RedisFactory": ("slots",),
    "RedisProtocol": ("_waiting_for_connect", "_reader", "whenConnected"),
}


class _QuietLogger(Logger):
    """One line says that Redis is away (RedisLink); a line for each attempt is for debugging."""

    def info(self, format: str | None = None, **kwargs: Any) -> None:
        self.debug(format, **kwargs)


class _QuietClientService(ClientService):
    _log = _QuietLogger()


class RedisFactory(txredisapi.RedisFactory):
    """One connection of one kind, until it is disconnected. Tells `ready(protocol)`, `lost()` and `trouble(text)`."""

    log = Logger()
    initialDelay = 0.2
    maxDelay = 5.0
    factor = 2.0

    def __init__(
        self,
        protocol: type[RedisProtocol],
        way: Way,
        ready: Callable[[Any], None],
        lost: Callable[[], None],
        trouble: Callable[[str], None],
        unreached: Callable[[Failure], None] | None = None,
        admit: Callable[[RedisProtocol], Awaitable[None]] | None = None,
    ) -> None:
        """`unreached` is told of each attempt that made no connection.

        `admit` is waited for before a connection counts as usable; what it raises drops the connection.
        """
        super().__init__(
            None,
            None,
            1,
            isLazy=True,
            charset=None,
            replyTimeout=REPLY_LIMIT,
            convertNumbers=False,
        )
        self.protocol = protocol
        self.ready = ready
        self.lost = lost
        self.trouble = trouble
        self.admit = admit
        self.way = way
        self.maxDelay = way.longest_pause
        self._unreached = unreached
        #: Redis' run_id and the client id there of the connection before.
        self.last_client: tuple[bytes, int] | None = None

    def start(self) -> None:
        """Connect, and again after each loss."""
        self.startConnecting(Attempts(self.way.endpoint(), self._unreached))

    def startConnecting(self, endpoint: Any) -> None:
        """As txredisapi does it, without a log line for each attempt."""
        slot = txredisapi._PoolSlot(self, endpoint, self.reconnect)
        slot.service = _QuietClientService(
            endpoint,
            txredisapi._SlotFactory(self, slot),
            retryPolicy=slot._retryDelay,
            prepareConnection=slot._prepareConnection,
        )
        self.slots.append(slot)
        slot.start()


class RedisProtocol(txredisapi.RedisProtocol):
    """A command connection: `execute_command` gives a Deferred with the reply as bytes, int, None or a list of these.

    Commands and replies are its own: txredisapi makes six Deferreds and a timer of each, and a string of every part.
    """

    log = Logger()
    seconds = staticmethod(time.monotonic)
    _waiting_for_connect: list[defer.Deferred[Any]]
    _is_no_redis = False
    #: Why the connection is lost.
    _why: Failure | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._replies = Replies(self._silent)

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)
        self.factory.way.made(self)
        defer.Deferred.fromCoroutine(self._introduce()).addErrback(self._refused)

    async def _introduce(self) -> None:
        way = self.factory.way
        if way.login:
            await self.execute_command("AUTH", *way.login)
        await self.execute_command("PING")
        if way.only_master and role(await self.execute_command("INFO", "replication")) != "master":
            raise NoMaster("the sentinels are asked again")
        await self._kill_predecessor()
        if self.factory.admit is not None:
            await self.factory.admit(self)
        await self.prepared()
        self._ready = True
        waiting, self._waiting_for_connect = self._waiting_for_connect, []
        for d in waiting:
            d.callback(self)
        self.factory.ready(self)

    async def _kill_predecessor(self) -> None:
        try:
            run_id = _run_id(await self.execute_command("INFO", "server"))
            last = self.factory.last_client
            # Each Redis process counts its clients anew: after its restart the old id is somebody else's.
            if last is not None and last[0] == run_id:
                await self.execute_command("CLIENT", "KILL", "ID", last[1])
            self.factory.last_client = run_id, await self.execute_command("CLIENT", "ID")
        except txredisapi.ResponseError as error:
            self.log.debug("INFO or CLIENT is not allowed by this Redis: {error}", error=error)

    async def prepared(self) -> None:
        """What a kind of connection does before it counts as usable."""

    def _refused(self, failure: Failure) -> None:
        if failure.check(LeaseLost):
            # Who keeps the lease says so.
            self.transport.abortConnection()
            return
        if self._is_no_redis or failure.check(defer.CancelledError):
            return
        if failure.check(NoMaster):
            self.factory.trouble(f"is no master: {failure.getErrorMessage()}")
        elif failure.check(txredisapi.ConnectionError) and self._why is not None and self._why.check(NotTrusted):
            # With TLS 1.3 a server looks at our certificate when we have seen its own already.
            self.factory.trouble(cannot_be_reached(self._why))
        elif failure.check(txredisapi.ConnectionError):
            self.factory.trouble("has hung up before it was asked anything; is REDIS_PORT that of a Redis, and without TLS?")
        else:
            # Redis' own words; the password is not in them.
            said = failure.getErrorMessage()
            hint = advice.refused(said)
            self.factory.trouble(f"refuses: {said} ({hint})" if hint else f"refuses: {said}")
        self.transport.abortConnection()

    def dataReceived(self, data: bytes, unpause: bool = False) -> None:
        self._replies.heard = self.seconds()
        try:
            self._take(data, unpause)
        except (hiredis.ProtocolError, txredisapi.InvalidData) as error:
            # It would be an unhandled error for each attempt, and end nothing but this connection.
            self._is_no_redis = True
            self.factory.trouble(f"does not speak as a Redis does: {error}; is REDIS_PORT that of a Redis?")
            self.transport.abortConnection()

    def _take(self, data: bytes, unpause: bool) -> None:
        """Take what has come. Raises InvalidData or ProtocolError when it is no Redis that speaks."""
        take = self._replies.take
        for reply in parsed(self._reader, data):
            take(reply)
            if isinstance(reply, Exception):
                self.look_at(reply)

    def look_at(self, refusal: Exception) -> None:
        """Drop the connection when Redis says that it is a replica, and only a master will do."""
        if self.factory.way.only_master and "READONLY" in str(refusal):
            self.factory.trouble("is no master any more: the sentinels are asked again")
            self.transport.abortConnection()

    def connectionLost(self, why: Failure = connectionDone) -> None:
        self._why = why
        self.factory.way.gone(self)
        super().connectionLost(why)
        self._replies.end()
        # Who waits is told last, and finds the connection gone: it may have something to say at once.
        self.factory.lost()
        self._replies.fail(txredisapi.ConnectionError("Lost connection"))

    def _silent(self) -> None:
        self._replies.fail(txredisapi.TimeoutError(f"Not received Redis response in {REPLY_LIMIT} seconds"))
        self.transport.abortConnection()

    def execute_command(self, *words: str | bytes | int, **_: Any) -> defer.Deferred[Any]:
        """One command; fires with its reply, fails with Redis' refusal or with what ended the wait."""
        if not self.connected:
            raise txredisapi.ConnectionError("Not connected")
        reply: defer.Deferred[Any] = defer.Deferred()
        self._replies.expect(((fire, reply),), self.seconds, self.callLater)
        self.transport.write(hiredis.pack_command(words))  # type: ignore[arg-type]
        return reply

    def send_packed(self, packed: bytes, takers: Sequence[tuple[Taker, Any]]) -> None:
        """Complete commands, to the kernel now; each of their replies goes to its taker."""
        self._replies.expect(takers, self.seconds, self.callLater)
        write_through(self.transport, packed)

    @property
    def unanswered(self) -> int:
        """Commands whose reply has not come."""
        return len(self._replies)


def _run_id(info: bytes) -> bytes:
    return next((line for line in info.splitlines() if line.startswith(b"run_id:")), b"")
