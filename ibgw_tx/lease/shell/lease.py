"""The lease of a name on Redis: looked for, taken, renewed, lost, given back, over a connection of its own.

What keeps a former holder from writing: whoever takes the lease first writes its value, then cuts every connection to Redis that
a former holder has named as its own; and every new connection of a gateway asks for the lease (`admit`) before anything else goes
over it. So nothing of a former holder can be carried out behind the new one's first word. What keeps it from sending orders:
`is_held` is true only as long as no other can have taken the lease, counted by a clock that goes on while the host sleeps.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from ibgw_tx.lease.claim import GRACE, LIFE, PACE, STANDBY_LIFE, Claim, Move, Term
from ibgw_tx.lease.holder import Holder, Process, holder_of
from ibgw_tx.lease.shell import scripts
from ibgw_tx.lease.shell.process import is_dead
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import LeaseLost
from ibgw_tx.redis.shell.attempts import cannot_be_reached
from ibgw_tx.redis.shell.connections import RedisFactory, RedisProtocol, ResponseError
from ibgw_tx.redis.shell.way import Way
from ibgw_tx.redis.troubles import Troubles
from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.waits import within

RELEASE_LIMIT = 2.0  # seconds for giving it back


class Lease(Service):
    """`on_taken()`, `on_lost(words)` and `on_given_up(words)` are called once for each time; `words` say who holds it."""

    log = Logger()

    def __init__(
        self,
        name: str,
        way: Way,
        stands_by: bool,
        process: Process,
        reactor: Any,
        seconds: Callable[[], float],
        now_ms: Callable[[], int],
    ) -> None:
        """`seconds`: of a clock that never stands still."""
        self.setName("lease")
        self.on_taken: Callable[[], None] = lambda: None
        self.on_lost: Callable[[str], None] = lambda words: None
        self.on_given_up: Callable[[str], None] = lambda words: None
        #: Called with each look of one that stands by, once Redis has taken that it does; who holds the lease.
        self.on_standing_by: Callable[[str], None] = lambda words: None
        #: Whether another gateway waits for the lease, as of the last renewal.
        self.has_standby = False
        self.holder: Holder | None = None
        self._name, self._process, self._stands_by = name, process, stands_by
        self._reactor, self._seconds, self._now_ms = reactor, seconds, now_ms
        self.way = way
        self._factory = RedisFactory(
            RedisProtocol,
            way,
            ready=self._ready,
            lost=self._disconnected,
            trouble=self._trouble,
            unreached=lambda failure: self._trouble(cannot_be_reached(failure)),
        )
        self._protocol: RedisProtocol | None = None
        self._claim = Claim(stands_by, GRACE if way.grace is None else way.grace)
        self._term, self._troubles = Term(), Troubles()
        self._standby_life = int(1000 * (STANDBY_LIFE if way.only_master else LIFE))
        self._busy = False
        self._waits_for = ""
        self._loop = LoopingCall(self._turn)
        self._loop.clock = reactor

    @property
    def is_held(self) -> bool:
        """Whether this gateway holds it for sure: no other can have taken it."""
        return self.holder is not None and self._term.is_sure(self._seconds())

    # Life.

    def startService(self) -> None:
        super().startService()
        self._factory.start()
        self._loop.start(PACE).addErrback(lambda failure: self.log.failure("the lease is looked after no longer", failure))

    def stopService(self) -> Deferred[Any]:
        """Give it back, so that who stands by need not wait until it ends."""
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        given_back = within(RELEASE_LIMIT, Deferred.fromCoroutine(self._give_back()), self._reactor)
        given_back.addErrback(lambda failure: self.log.debug("lease not given back: {why}", why=failure.getErrorMessage()))
        return given_back.addCallback(lambda _: self._factory.disconnect())

    async def _give_back(self) -> None:
        mine, self.holder = self.holder, None
        self._term.end()
        if mine is not None and self._protocol is not None:
            await self._protocol.execute_command(*scripts.release(self._name, mine))

    def _ready(self, protocol: RedisProtocol) -> None:
        self._protocol = protocol
        self._troubles.ends("lease")
        self._turn()

    def _disconnected(self) -> None:
        self._protocol = None
        self._claim.begin_again()

    def _trouble(self, text: str) -> None:
        # While the lease is held the gateway's own connections say what is wrong with Redis.
        if self.running and self.holder is None and self._troubles.begins("lease", text):
            self.log.warn("Redis at {address} {text}; trying again", address=self.way.address, text=text)

    # One look after another.

    def _turn(self) -> None:
        protocol = self._protocol
        if protocol is None or self._busy:
            return
        self._busy = True
        execute = protocol.execute_command
        step = self._renew(execute) if self.holder is not None else self._look(execute)
        Deferred.fromCoroutine(step).addErrback(self._not_done).addBoth(self._turned)

    def _turned(self, _: Any) -> None:
        self._busy = False

    def _not_done(self, failure: Failure) -> None:
        if failure.check(LeaseLost):
            return
        # The connection is gone, or Redis refuses (READONLY, OOM, NOPERM): as long as it lasts the lease is not renewed.
        self._trouble(f"does not give the lease of {self._name}: {failure.getErrorMessage()}")

    async def _look(self, execute: Callable[..., Deferred[Any]]) -> None:
        value, rest = await self._stands(execute)
        if self._stands_by:
            document = {"host": self._process.host, "pid": self._process.pid, "t": int(self._now_ms())}
            await execute("SET", names.standby(self._name), jsontext.dumps(document), "PX", self._standby_life)
        held_by = None if value is None else holder_of(value)
        move = self._claim.look(value, rest, held_by is not None and is_dead(held_by), self._seconds())
        words = "somebody" if held_by is None else held_by.words
        if self._stands_by and move is Move.WAIT:
            self.on_standing_by(f"{words} holds it" if value is not None else "free")
        if move is Move.TAKE:
            await self._take(execute, value or "")
        elif move is Move.GIVE_UP:
            self.on_given_up(words)
        elif value is not None and words != self._waits_for:
            self._waits_for = words
            verb = "stands by for" if self._stands_by else "waits to see whether anybody is alive under"
            self.log.info("{verb} {name}, which {words} holds", verb=verb, name=self._name, words=words)

    async def _stands(self, execute: Callable[..., Deferred[Any]]) -> tuple[str | None, float]:
        key = names.lease(self._name)
        value, rest = await execute("GET", key), await execute("PTTL", key)
        return (None if value is None else value.decode(errors="replace")), int(rest) / 1000

    async def _take(self, execute: Callable[..., Deferred[Any]], dead: str) -> None:
        number = int(await execute("INCR", names.lease_number(self._name)))
        mine = Holder(number, uuid.uuid4().hex, self._process, int(self._now_ms()))
        sent_at = self._seconds()
        stands, has_standby = await execute(*scripts.hold(self._name, mine, dead))
        if stands != mine.text.encode():
            return  # another was faster
        await self._cut_former(execute, number)
        if not self.running:
            return  # stopped meanwhile: it ends by itself
        self.holder, self._waits_for, self.has_standby = mine, "", bool(has_standby)
        self._term.renewed(sent_at)
        if self._stands_by:
            await execute("DEL", names.standby(self._name))
        self.log.info("{name} holds its lease, number {number}", name=self._name, number=number)
        self.on_taken()

    async def _cut_former(self, execute: Callable[..., Deferred[Any]], number: int) -> None:
        try:
            for client in scripts.ids_of_others(await execute("CLIENT", "LIST"), self._name, number):
                await execute("CLIENT", "KILL", "ID", client)
        except ResponseError as error:
            self.log.warn(
                "Redis at {address} does not let {name} cut the connections of a former gateway of this name: {error}",
                address=self.way.address,
                name=self._name,
                error=str(error),
            )

    async def _renew(self, execute: Callable[..., Deferred[Any]]) -> None:
        """Raises LeaseLost when it is another's."""
        mine = self.holder
        if mine is None:
            raise LeaseLost(f"the lease of {self._name} is not held")
        sent_at = self._seconds()
        stands, has_standby = await execute(*scripts.hold(self._name, mine))
        if self.holder is not mine:
            raise LeaseLost(f"the lease of {self._name} was lost meanwhile")
        if stands == mine.text.encode():
            self._renewed(sent_at, bool(has_standby))
            return
        self._lose(stands.decode(errors="replace"))
        raise LeaseLost(f"the lease of {self._name} is another's")

    def _renewed(self, sent_at: float, has_standby: bool) -> None:
        """While most sentinels cannot be asked, this Redis may be an old master in a part of the network that is cut off. Who
        stands by and is seen here is not at a new one; who was, and is gone, may take the lease from that."""
        if self.way.is_confirmed or not (has_standby or self.has_standby):
            self.has_standby = has_standby
            self._term.renewed(sent_at)
        elif has_standby:
            self.has_standby = True
            self._term.renewed_in_doubt(sent_at)
        else:
            self._term.end()

    def _lose(self, stands: str) -> None:
        self.holder, self.has_standby = None, False
        self._term.end()
        self._claim.begin_again()
        by = holder_of(stands)
        self.on_lost("somebody" if by is None else by.words)

    # Connections of the gateway.

    async def admit(self, protocol: RedisProtocol) -> None:
        """Before anything else goes over a connection: it is named as this holder's, and the lease is this holder's still.

        Raises LeaseLost, or what Redis refuses the renewal with.
        """
        mine = self.holder
        if mine is None:
            raise LeaseLost(f"the lease of {self._name} is not held")
        try:
            await protocol.execute_command("CLIENT", "SETNAME", scripts.client_name(self._name, mine.number))
        except ResponseError as error:
            self.log.debug("CLIENT SETNAME is not allowed by this Redis: {error}", error=error)
        await self._renew(protocol.execute_command)

