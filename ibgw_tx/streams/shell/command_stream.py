"""Commands from the stream `IBGateway:{name}:CMDS`, beside the channel: none is lost, none is carried out twice (section 9).

A connection of its own waits for entries. An entry is read by the group, carried out or refused, and then, in one transaction,
acknowledged to its bot and to the stream (XACK): a kill before it leaves the entry with the group, and the next life finds out
what became of it (`again`) before it does anything. At most WINDOW entries are under way; the others wait in the stream, where
they grow old (`--max-command-age`).

| killed | the entry | what the next life does |
|---|---|---|
| before it was read | waits in the stream | carries it out, or refuses it (for its age, or without TWS after START_PATIENCE) |
| read, nothing done yet | is the group's | carries it out, or refuses it for its age |
| its order kept in Redis, no byte out | the same | the name is given back; the same |
| bytes out, no ack | the same | finds the order by its name, acknowledges it |
| bytes out, ack not yet in Redis | the same | the same |
| ack and XACK in Redis | is done | nothing |

A fail-over may lose the end of an entry, or the whole entry: then the new master gives out again what this life has done already,
and it is known by its id and its text. A group that somebody destroys is made anew where it had been read to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from ibgw_tx.commands.shell.dispatcher import Entry
from ibgw_tx.model import keys as names
from ibgw_tx.model.trouble import Trouble
from ibgw_tx.redis.shell.connections import RedisFactory, RedisProtocol, ResponseError
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger
from ibgw_tx.streams.ages import Ages
from ibgw_tx.streams.entries import CONSUMER, GROUP, entries, follows, place_of
from ibgw_tx.streams.shell.group import START, make_group

#: Entries under way at a time.
WINDOW = 200
#: ms that one question to Redis waits for new entries.
BLOCK = 2000
#: Seconds between two looks at what is to be done again, and at what could not be said.
PACE = 0.5
#: Seconds that a gateway which has just started waits for TWS before it reads what was added meanwhile: it would refuse it all.
START_PATIENCE = 5.0
#: Seconds until the stream is read again after Redis has refused it.
REFUSED_PAUSE = 5.0
#: Rounds between two cuts of what is done; entries that are done stay an hour for whoever looks.
TRIM_EVERY, KEEP_FOR = 120, 3_600_000
#: Entries that are remembered when they are done; those of some seconds are enough.
MEMORY = 2000


@attrs.define
class _Done:
    """An entry that is done. `told`: Redis has said that its ack went out."""

    message: bytes | str
    ack: bytes
    told: bool = False


class CommandStream(Service):
    """`dispatch(message, entry)` carries out, or refuses with a text; `settled()`: what a former life did can be found out."""

    log = Logger()

    def __init__(
        self,
        name: str,
        redis: RedisLink,
        dispatch: Callable[[bytes | str, Entry], None],
        publication: Callable[[bytes], list[Any]],
        settled: Callable[[], bool],
        reactor: Any,
        now_ms: Callable[[], int],
    ) -> None:
        """`publication` of an ack gives the Redis commands that publish it."""
        self.setName("command stream")
        self._key = names.command_stream(name)
        self._redis, self._dispatch, self._publication, self._settled = redis, dispatch, publication, settled
        self._reactor, self._now_ms = reactor, now_ms
        self._factory: RedisFactory | None = None
        self._protocol: RedisProtocol | None = None
        #: Under way, by id; what of a former life has not been looked at; acks that Redis has not taken.
        self._open: set[str] = set()
        self._former: dict[str, bytes | str] = {}
        self._unsaid: dict[str, bytes] = {}
        #: Acks on their way to Redis.
        self._saying: set[str] = set()
        #: The last ones that are done, and what was said: a Redis that has lost its last moments gives them out again.
        self._done: dict[str, _Done] = {}
        self._last = START
        self._ages, self._ahead = Ages(), Trouble()
        #: What Redis refuses the stream with.
        self._refused = Trouble()
        self._rounds = 0
        self._patient_until = 0.0
        self._loop = LoopingCall(self._tick)
        self._loop.clock = reactor

    def startService(self) -> None:
        super().startService()
        self._factory = self._redis.open(self._ready, self._lost, self._trouble)
        self._patient_until = self._reactor.seconds() + START_PATIENCE
        self._loop.start(PACE, now=False).addErrback(lambda failure: self.log.failure("the stream of commands is left", failure))

    def stopService(self) -> Deferred[Any]:
        super().stopService()
        if self._loop.running:
            self._loop.stop()
        closed: Deferred[Any] = succeed(None) if self._factory is None else self._factory.disconnect()
        return closed

    # Reading.

    def _ready(self, protocol: RedisProtocol) -> None:
        self._protocol = protocol
        Deferred.fromCoroutine(self._read(protocol)).addErrback(self._ended, protocol)

    def _lost(self) -> None:
        self._protocol = None

    def _trouble(self, text: str) -> None:
        # The gateway's other connections say what is wrong with Redis.
        self.log.debug("the stream of commands: Redis {text}", text=text)

    def _ended(self, failure: Failure, protocol: RedisProtocol) -> None:
        if self._protocol is not protocol or not self.running:
            return
        if failure.check(ResponseError):
            if self._refused.begins(failure.getErrorMessage()):
                self.log.warn("commands are not read from {key}: {error}", key=self._key, error=failure.getErrorMessage())
            self._reactor.callLater(REFUSED_PAUSE, protocol.transport.abortConnection)
        else:
            protocol.transport.abortConnection()

    async def _read(self, protocol: RedisProtocol) -> None:
        await self._make_group(protocol)
        await self._read_former(protocol)
        if self._refused.ends():
            self.log.info("commands are read from {key} again", key=self._key)
        while not self._settled() and self._reactor.seconds() < self._patient_until:
            await self._pause()
        while self.running and self._protocol is protocol:
            room = WINDOW - len(self._open) - len(self._former) - len(self._unsaid)
            if room <= 0:
                await self._pause()
                continue
            asked = self._reactor.seconds()
            # At first what waits is read, without waiting for more: from then on what comes is known to be young.
            patience = ("BLOCK", BLOCK) if self._ages.is_listening else ()
            try:
                reply = await self._ask(protocol, "COUNT", room, *patience, "STREAMS", self._key, ">")
            except ResponseError as error:
                if not str(error).startswith(("NOGROUP", "UNBLOCKED")):
                    raise
                # Redis has lost everything, or somebody the stream or its group.
                await self._make_group(protocol)
                continue
            found = list(entries(reply))
            for entry_id, message in found:
                self._last = entry_id
                self._take(entry_id, message, again=False)
            if len(found) < room:
                # Redis had no more when it answered: after the question, and after all of BLOCK when it had none.
                self._ages.read_out(asked if found or not patience else asked + BLOCK / 1000)

    def _ask(self, protocol: RedisProtocol, *words: Any) -> Deferred[Any]:
        reply: Deferred[Any] = protocol.execute_command("XREADGROUP", "GROUP", GROUP, CONSUMER, *words)
        return reply

    async def _make_group(self, protocol: RedisProtocol) -> None:
        read_to = await make_group(protocol, self._key, self._last)
        if self._last == START or read_to == START:
            # A former life's, or another stream.
            self._last = read_to
            self._ages.begins_anew(read_to)

    async def _read_former(self, protocol: RedisProtocol) -> None:
        """What the group had and did not acknowledge: of a former life, but for what this one has under way."""
        after = "0-0"
        while found := list(entries(await self._ask(protocol, "COUNT", 1000, "STREAMS", self._key, after))):
            for entry_id, message in found:
                after = entry_id
                if entry_id not in self._open and entry_id not in self._unsaid:
                    self._former[entry_id] = message

    def _pause(self) -> Deferred[None]:
        pause: Deferred[None] = Deferred()
        self._reactor.callLater(PACE / 10, pause.callback, None)
        return pause

    # Carrying out.

    def _take(self, entry_id: str, message: bytes | str, again: bool) -> None:
        if entry_id in self._open or entry_id in self._unsaid:
            return
        done = self._done.get(entry_id)
        if done is not None and done.message == message:
            self._end_again(entry_id, done)
            return
        self._open.add(entry_id)
        try:
            entry = Entry(entry_id, self._sent(entry_id, again), self._reply(entry_id, message), again)
            self._dispatch(message, entry)
        except Exception:
            self.log.failure("entry {entry} of {key} was not taken", entry=entry_id, key=self._key)

    def _sent(self, entry_id: str, again: bool) -> int | None:
        now = int(self._now_ms())
        ahead = self._ages.ahead(entry_id, now)
        if ahead and self._ahead.begins("ahead"):
            self.log.warn(
                "the last id of {key} lies {ahead:.0f} s ahead of the clock: entries that wait there have no age and are "
                "refused; DEL the stream when nothing waits in it",
                key=self._key,
                ahead=ahead,
            )
        sent = self._ages.sent(entry_id, now, self._reactor.seconds(), again)
        if not ahead and sent == place_of(entry_id)[0] and self._ahead.ends():
            self.log.info("ids of {key} tell the age again", key=self._key)
        return sent

    def _end_again(self, entry_id: str, done: _Done) -> None:
        """Its end was lost, and with it what the stream of events was told; its bot may have been told already."""
        said = self._publication(done.ack)
        ended = self._redis.transaction([*(said[1:] if done.told else said), self._end_of(entry_id)])
        ended.addErrback(self._not_said, entry_id)

    def _reply(self, entry_id: str, message: bytes | str) -> Callable[[bytes], None]:
        def said(ack: bytes) -> None:
            self._unsaid[entry_id] = ack
            self._note(entry_id, message, ack)
            self._open.discard(entry_id)
            self._say(entry_id)

        return said

    def _note(self, entry_id: str, message: bytes | str, ack: bytes) -> None:
        self._done[entry_id] = _Done(message, ack)
        while len(self._done) > MEMORY:
            del self._done[next(iter(self._done))]

    def _end_of(self, entry_id: str) -> tuple[str, ...]:
        return "XACK", self._key, GROUP, entry_id

    def _say(self, entry_id: str) -> None:
        """To its bot and to the stream, both or none."""
        self._saying.add(entry_id)
        done = self._redis.transaction([*self._publication(self._unsaid[entry_id]), self._end_of(entry_id)])
        done.addCallbacks(self._said, self._not_said, (entry_id,), {}, (entry_id,))

    def _said(self, replies: Any, entry_id: str) -> None:
        if replies is not None and entry_id in self._done:
            self._done[entry_id].told = True
        self._saying.discard(entry_id)
        self._unsaid.pop(entry_id, None)

    def _not_said(self, failure: Failure, entry_id: str) -> None:
        self._saying.discard(entry_id)
        self.log.debug("the ack of entry {entry} waits: {error}", entry=entry_id, error=failure.getErrorMessage())

    async def _say_again(self, entry_id: str) -> None:
        """Unless Redis has carried it out and only its answer was lost."""
        self._saying.add(entry_id)
        try:
            pending = await self._redis.call("XPENDING", self._key, GROUP, entry_id, entry_id, 1)
        except Exception as error:
            self._saying.discard(entry_id)
            self.log.debug("the ack of entry {entry} waits: {error}", entry=entry_id, error=str(error))
            return
        if pending:
            self._say(entry_id)
        else:
            self._said(None, entry_id)

    def _tick(self) -> None:
        if self._former and self._settled():
            former, self._former = self._former, {}
            for entry_id, message in former.items():
                self._take(entry_id, message, again=True)
        if self._redis.up:
            for entry_id in self._unsaid.keys() - self._saying:
                Deferred.fromCoroutine(self._say_again(entry_id)).addErrback(
                    lambda failure: self.log.failure("an ack of the stream", failure)
                )
        self._rounds += 1
        if self._rounds % TRIM_EVERY == 0 and self._redis.up and self._last != START:
            self._trim()

    def _trim(self) -> None:
        """What was done an hour ago goes; nothing that has not been read, nothing that is under way."""
        oldest = min([*self._open, *self._former, *self._unsaid, follows(self._last)], key=place_of)
        limit = min(oldest, f"{int(self._now_ms()) - KEEP_FOR}-0", key=place_of)
        self._redis.tell("XTRIM", self._key, "MINID", "~", limit)
