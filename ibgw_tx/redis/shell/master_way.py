"""The way to a Redis that Sentinel keeps: to its master, wherever that is.

All sentinels are asked once a second, over connections that stay. The address that they name is looked at (its role), and when it
is another one than so far every connection of this process is cut at once: each comes back to the new master. Between two looks a
connection finds out by itself that its Redis is a master no longer (see RedisProtocol), and the sentinels are asked again.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure
from zope.interface import implementer

from ibgw_tx.model.redis_access import Access, Address, at
from ibgw_tx.model.trouble import Trouble
from ibgw_tx.redis.sentinel import NoWord, Word, candidates, is_confirmed, questions, read_word, role
from ibgw_tx.redis.shell.peer import NoAnswer, Peer
from ibgw_tx.redis.shell.way import NoMaster, Way
from ibgw_tx.runtime.log import Logger

#: Seconds between two looks.
PACE = 1.0
#: Looks in a row at which a sentinel names another master than the one that is one, until it is told.
PATIENCE = 10


class MasterWay(Way):
    """Service: the looks. Every `endpoint()` goes to the master."""

    log = Logger()
    only_master = True
    # The new master is there before the one that holds a lease has come to it.
    longest_pause = 1.0
    grace = 6.0

    def __init__(self, access: Access, reactor: Any) -> None:
        super().__init__(access, reactor)
        self.master: Address | None = None
        self._sentinels = {
            address: Peer(partial(self.direct, address), access.sentinel_login, reactor) for address in access.sentinels
        }
        self._troubles = {address: Trouble() for address in access.sentinels}
        self._strays = dict.fromkeys(access.sentinels, 0)
        self._few = Trouble()
        self._words: dict[Address, Word] = {}
        self._confirmed = False
        #: The look under way; who waits for it.
        self._waiting: list[Deferred[None]] | None = None
        self._why = ""
        #: Connections, and attempts at one.
        self._live: set[Any] = set()
        self._attempts: set[Deferred[Any]] = set()
        self._loop = LoopingCall(self._tick)
        self._loop.clock = reactor

    @property
    def address(self) -> str:
        """The master's, else what the sentinels are asked for."""
        return super().address if self.master is None else at(self.master)

    @property
    def is_confirmed(self) -> bool:
        """Whether a majority of the sentinels has named this master at the last look."""
        return self._confirmed

    def startService(self) -> None:
        super().startService()
        self._loop.start(PACE, now=False).addErrback(
            lambda failure: self.log.failure("the sentinels are asked no longer", failure)
        )

    def stopService(self) -> Any:
        if self._loop.running:
            self._loop.stop()
        for peer in self._sentinels.values():
            peer.close()
        return super().stopService()

    # Looking.

    def _tick(self) -> Deferred[None]:
        return self.look().addErrback(lambda failure: self.log.failure("a look at the sentinels failed", failure))

    def look(self) -> Deferred[None]:
        """Ask everybody; who asks while that is under way waits for the same look."""
        done: Deferred[None] = Deferred()
        if self._waiting is not None:
            self._waiting.append(done)
            return done
        self._waiting = [done]
        Deferred.fromCoroutine(self._look()).addBoth(self._looked)
        return done

    def _looked(self, found: Any) -> None:
        waiting, self._waiting = self._waiting or [], None
        for each in waiting:
            if not each.called:
                each.callback(None) if not isinstance(found, Failure) else each.errback(found)

    async def _look(self) -> None:
        asked = [Deferred.fromCoroutine(self._ask(address, peer)) for address, peer in self._sentinels.items()]
        found: Any = await DeferredList(asked, consumeErrors=True)
        said = {address: answer if good else answer.value for address, (good, answer) in zip(self._sentinels, found, strict=True)}
        self._words = {address: word for address, word in said.items() if isinstance(word, Word)}
        for address, word in said.items():
            if not isinstance(word, Word):
                self._silent(address, word)
        await self._choose()
        self._confirmed = self.master is not None and is_confirmed(list(self._words.values()), self.master, len(self._sentinels))
        self._tell_strays()

    async def _ask(self, address: Address, peer: Peer) -> Word:
        return read_word(self._access.master, *await peer.ask(*questions(self._access.master)))

    def _silent(self, address: Address, error: Exception) -> None:
        if not isinstance(error, NoAnswer | NoWord):
            self.log.failure("sentinel {address} was not understood", Failure(error), address=at(address))
        self._strays[address] = 0
        self._trouble(address, str(error), type(error).__name__)

    def _trouble(self, address: Address, text: str, kind: str) -> None:
        # One that is away is so in several ways, one after the other.
        if self._troubles[address].begins(kind):
            self.log.warn(
                "sentinel {address} {text}; {good} of {all} can be asked",
                address=at(address),
                text=text,
                good=len(self._words),
                all=len(self._sentinels),
            )

    async def _choose(self) -> None:
        places = candidates(self._words.values(), len(self._sentinels))
        why = []
        for place in places:
            if place == self.master and self._live:
                return  # its connections look at it themselves
            found = await self._role(place)
            if found == "master":
                self._moved(place)
                return
            why.append(f"{at(place)} {found}")
        self._why = "; ".join(why) or f"none of {len(self._sentinels)} sentinels names a master"

    async def _role(self, place: Address) -> str:
        peer = Peer(partial(self.direct, place), self.login, self._reactor)
        try:
            (info,) = await peer.ask(("INFO", "replication"))
        except NoAnswer as error:
            return str(error)
        finally:
            peer.close()
        if isinstance(info, Exception):
            return f"refuses: {info}"
        found = role(info)
        return found if found == "master" else "is no master"

    def _moved(self, place: Address) -> None:
        if place == self.master:
            return
        before, self.master = self.master, place
        if before is None:
            self.log.info("the master {name} of Redis is at {address}", name=self._access.master, address=at(place))
            return
        self.log.warn(
            "the master {name} of Redis is at {address} now, no longer at {before}",
            name=self._access.master,
            address=at(place),
            before=at(before),
        )
        self.cut()

    def cut(self) -> None:
        """Every connection ends, and every attempt; each begins anew by itself."""
        for protocol in list(self._live):
            protocol.transport.abortConnection()
        for attempt in list(self._attempts):
            attempt.cancel()

    def _tell_strays(self) -> None:
        """Sentinels that lag or lie, and how many agree."""
        for address, word in self._words.items():
            self._strays[address] = self._strays[address] + 1 if self.master not in (None, word.master) else 0
            if self._strays[address] >= PATIENCE:
                self._trouble(address, f"names {at(word.master)} as the master", at(word.master))
            elif not self._strays[address] and self._troubles[address].ends():
                self.log.info("sentinel {address} is as the others again", address=at(address))
        if self.master is None or self._confirmed:
            if self._few.ends() and self._confirmed:
                self.log.info("most sentinels name {address} as the master again", address=self.address)
        elif self._few.begins("few"):
            self.log.warn(
                "no majority of the {all} sentinels names {address} as the master: another may have been made one",
                all=len(self._sentinels),
                address=self.address,
            )

    # Connections.

    def endpoint(self) -> Any:
        return _ToMaster(self)

    async def connect(self, factory: Any) -> Any:
        """A connection to the master. Raises NoMaster, or as the endpoint does."""
        await self.look()
        if self.master is None:
            raise NoMaster(self._why)
        attempt = self.direct(self.master).connect(factory)
        self._attempts.add(attempt)
        try:
            return await attempt
        except (CancelledError, ConnectingCancelledError):
            raise NoMaster("the master has moved meanwhile") from None
        finally:
            self._attempts.discard(attempt)

    def made(self, protocol: Any) -> None:
        self._live.add(protocol)

    def gone(self, protocol: Any) -> None:
        self._live.discard(protocol)


@implementer(IStreamClientEndpoint)
class _ToMaster:
    def __init__(self, way: MasterWay) -> None:
        self._way = way

    def connect(self, factory: Any) -> Deferred[Any]:
        """Asks the sentinels first."""
        connected: Deferred[Any] = Deferred.fromCoroutine(self._way.connect(factory))
        return connected


def make_way(access: Access, reactor: Any) -> Way:
    """By what the settings say."""
    return MasterWay(access, reactor) if access.sentinels else Way(access, reactor)
