"""Contracts and market rules on Redis (section 5): written a few at a time, read back after a restart.

An option chain comes as hundreds of hits in one read; writing them all at once would hold the reactor, so each turn writes
SLICE documents. What waits is one document per contract and exchange; with Redis away nothing waits, because everything known
is written again when it is back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred

from ibgw_tx.contracts.known import KnownContract, answers, read_document, stored_under
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import BadName, Contract
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger

#: Documents written in one turn of the reactor, some 3 ms.
SLICE = 20

#: Seconds from the start in which Redis is waited for before TWS is asked.
FIRST_WAIT = 2.0







class ContractStore:
    """Writes and reads the documents. `is_best` says whether a row speaks for its conId."""

    log = Logger()

    def __init__(self, redis: RedisLink, clock: Clock, is_best: Callable[[KnownContract], bool]) -> None:
        self._redis = redis
        self._clock = clock
        self._is_best = is_best
        self._waiting: dict[tuple[int, str], KnownContract] = {}
        self._call: Any = None
        self._started = clock.seconds()
        self._then: list[Callable[[], None]] = []

    def when_written(self, call: Callable[[], None]) -> None:
        """Call when nothing waits to be written: what is said from then on comes after it."""
        if self._call is None:
            call()
        else:
            self._then.append(call)

    def put(self, known: KnownContract) -> None:
        """Write a contract, in one of the next turns."""
        if not self._redis.up:
            return
        self._waiting[known.contract.conId, known.contract.exchange] = known
        if self._call is None:
            self._call = self._clock.callLater(0, self._write_slice)

    def put_all(self, all_known: Iterable[KnownContract]) -> None:
        """Redis is back: write everything."""
        for known in all_known:
            self.put(known)

    def _write_slice(self) -> None:
        self._call = None
        for key in list(self._waiting)[:SLICE]:
            known = self._waiting.pop(key)
            try:
                self._write(known)
            except Exception:
                self.log.failure("contract {con_id} is not stored", con_id=known.contract.conId)
        if self._waiting:
            self._call = self._clock.callLater(0, self._write_slice)
            return
        then, self._then = self._then, []
        for call in then:
            call()

    def _write(self, known: KnownContract) -> None:
        document = known.document()
        for key in self.keys(known):
            self._redis.tell("SET", key, document)

    def keys(self, known: KnownContract) -> tuple[str, ...]:
        """Every key of a contract; by its id only when a name of it may not stand in a key."""
        keys: tuple[str, ...] = ()
        try:
            keys = names.contract_keys(known.contract)
        except BadName as error:
            self.log.warn(
                "contract {con_id} is stored by its id only: {error}", con_id=known.contract.conId, error=str(error)
            )
        return (*keys, names.contract_id(known.contract.conId)) if self._is_best(known) else keys

    async def _redis_is_up(self) -> bool:
        """A gateway that has just started gives Redis a moment: TWS may be there first, and would be asked for everything."""
        while not self._redis.up and self._clock.seconds() - self._started < FIRST_WAIT:
            moment: Deferred[None] = Deferred()
            self._clock.callLater(0.05, moment.callback, None)
            await moment
        return self._redis.up

    async def get(self, asked: Contract) -> KnownContract | None:
        """What Redis has for a question that means one contract alone; None when it has nothing, or it means more."""
        key = stored_under(asked)
        if key is None or not await self._redis_is_up():
            return None
        try:
            value = await self._redis.call("GET", key)
            known = read_document(value) if value is not None else None
        except RedisDown:
            return None
        except Exception as error:
            self.log.warn("{key} is not ours to read: {error}", key=key, error=str(error))
            return None
        return known if known is not None and answers(asked, known.contract) else None




