"""The gateway's Redis: three connections (commands, the CMD subscription, books) behind one service.

Bounds. Commands: at most MAX_UNANSWERED wait for a reply; beyond that, and while Redis is away, `call` fails at once with
RedisDown, so that nothing piles up. What is written is written again as a whole by `on_up` when Redis is back (it may have
come back empty). Books: see BookProtocol and publisher.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from twisted.application.service import Service
from twisted.internet import defer
from twisted.python.failure import Failure

from ibgw_tx.model.errors import RedisDown
from ibgw_tx.redis.shell.attempts import cannot_be_reached
from ibgw_tx.redis.shell.book_connection import BookFactory, BookProtocol
from ibgw_tx.redis.shell.connections import RedisFactory, RedisProtocol, ResponseError
from ibgw_tx.redis.shell.fence import Fence
from ibgw_tx.redis.shell.replies import Answered, Refused, Words, fire, packed, together, transaction
from ibgw_tx.redis.shell.subscription import SubscriberFactory
from ibgw_tx.redis.shell.tls import NotTrusted
from ibgw_tx.redis.shell.way import NoMaster, Way
from ibgw_tx.redis.troubles import Troubles
from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.write_now import read_now

MAX_UNANSWERED = 20_000


class RedisLink(Service):
    """`up` while commands can be sent. `on_up` and `on_down` are called on each change, `on_books_up` when books can go."""

    log = Logger()

    def __init__(self, way: Way, channel: str, fence: Fence | None = None) -> None:
        """`fence`: what keeps a gateway out whose name is another's now."""
        self.setName("redis")
        self.up = False
        #: Whether the CMD channel is heard: a command published before is lost.
        self.listening = False
        self.on_listening: Callable[[], None] = lambda: None
        self.books: BookProtocol | None = None
        self.on_up: list[Callable[[], None]] = []
        self.on_down: list[Callable[[], None]] = []
        self.on_books_up: Callable[[], None] = lambda: None
        self.on_room: Callable[[], None] = lambda: None
        self.on_message: Callable[[bytes], None] = lambda message: None
        self.refused = 0
        self._fence = fence
        self._way = way
        self._ear: RedisProtocol | None = None
        #: Subscriptions that wait until acknowledgements can be told.
        self._dumb: list[defer.Deferred[None]] = []
        #: Where it was when it was there last: a master may move. "" before the first time.
        self._place = ""
        self._protocol: RedisProtocol | None = None
        self._troubles = Troubles()
        admit, say = None if fence is None else fence.admit, self._say_trouble
        kind = self._kind = dict[str, Any](way=way, admit=admit, unreached=self._cannot_connect)
        self._factories: list[RedisFactory] = [
            RedisFactory(RedisProtocol, ready=self._ready, lost=self._lost, trouble=partial(say, "commands"), **kind),
            SubscriberFactory(
                [channel],
                self._message,
                self._answerable,
                ready=self._listening,
                lost=self._deaf,
                trouble=partial(say, "subscription"),
                **kind,
            ),
            BookFactory(
                self._books_room,
                ready=self._books_ready,
                lost=self._books_lost,
                trouble=partial(say, "books"),
                recovered=self._books_taken,
                **kind,
            ),
        ]

    @property
    def is_ours(self) -> bool:
        """Whether no other gateway can have this one's name now."""
        return self._fence is None or self._fence.is_held

    @property
    def address(self) -> str:
        """host:port."""
        return self._way.address

    @property
    def connections(self) -> dict[str, bool]:
        """Which of the three can be used."""
        return {"commands": self.up, "subscription": self.listening, "books": self.books is not None}

    @property
    def unanswered(self) -> dict[str, int]:
        """Commands that wait for Redis' answer, by connection."""
        commands, books = self._protocol, self.books
        return {"commands": commands.unanswered if commands else 0, "books": books.in_flight if books else 0}

    # Life.

    def startService(self) -> None:
        super().startService()
        for factory in self._factories:
            factory.start()

    def open(self, ready: Callable[[Any], None], lost: Callable[[], None], trouble: Callable[[str], None]) -> RedisFactory:
        """One more connection, for commands that wait in Redis; until its factory is told to disconnect."""
        factory = RedisFactory(RedisProtocol, ready=ready, lost=lost, trouble=trouble, **self._kind)
        factory.start()
        return factory

    def stopService(self) -> defer.Deferred[Any]:
        """Close all three; what is written before has been handed to the kernel."""
        super().stopService()
        self.up = False
        return defer.DeferredList([factory.disconnect() for factory in self._factories], consumeErrors=True)

    def cut(self) -> None:
        """Nothing more is written, nothing more is heard, and nothing is connected again: another gateway has the name now."""
        self.running = 0
        self.up = self.listening = False
        lost = [protocol for protocol in (self._protocol, self.books) if protocol is not None]
        self._protocol = self.books = None
        for factory in self._factories:
            factory.disconnect().addErrback(lambda _: None)
        for protocol in lost:
            protocol.transport.abortConnection()

    def _cannot_connect(self, failure: Failure) -> None:
        # One that has been there is told as lost; that nobody trusts it, or knows where it is, is told all the same.
        if not self._place or failure.check(NotTrusted, NoMaster):
            self._say_trouble("any", cannot_be_reached(failure))

    def _say_trouble(self, connection: str, text: str, reason: str = "", place: str = "") -> None:
        if self.running and self._troubles.begins(connection, reason or text):
            self.log.warn("Redis at {address} {text}; trying again", address=place or self.address, text=text)

    def _ready(self, protocol: RedisProtocol) -> None:
        self._protocol = protocol
        self.up = True
        self._place = self.address
        self._troubles.ends("any")
        self._troubles.ends("commands")
        self.log.info("Redis at {address} is ready", address=self.address)
        for call in self.on_up:
            try:
                call()
            except Exception:
                # Anything but this would drop the connection, and the next one, and every one after.
                self.log.failure("not everything was written when Redis came up")
        dumb, self._dumb = self._dumb, []
        for waiting in dumb:
            waiting.callback(None)

    def _answerable(self) -> defer.Deferred[None]:
        if self.up:
            return defer.succeed(None)
        waiting: defer.Deferred[None] = defer.Deferred(self._dumb.remove)
        self._dumb.append(waiting)
        return waiting

    def _lost(self) -> None:
        was_up, self.up, self._protocol = self.up, False, None
        if was_up:
            self._troubles.forget_refusals()
            self._say_trouble("commands", "is lost", place=self._place)
            if self._ear is not None:
                # Nobody shall take a command for heard whose acknowledgement cannot be told.
                self._ear.transport.abortConnection()
            for call in self.on_down:
                call()

    def _listening(self, protocol: RedisProtocol) -> None:
        self.listening, self._ear = True, protocol
        self._troubles.ends("subscription")
        self.log.debug("listening for commands")
        self.on_listening()

    def _deaf(self) -> None:
        self.listening, self._ear = False, None
        self.log.debug("not listening for commands")

    def _message(self, message: bytes) -> None:
        self.on_message(message)

    def _books_ready(self, protocol: BookProtocol) -> None:
        self.books = protocol
        self._troubles.ends("books")
        self.on_books_up()

    def _books_taken(self) -> None:
        self._troubles.ends("books")
        self.log.info("Redis at {address} takes books again", address=self.address)

    def _books_lost(self) -> None:
        self.books = None

    def _books_room(self) -> None:
        self.on_room()

    # Commands.

    def call(self, *words: str | bytes | int) -> defer.Deferred[Any]:
        """One command; fires with the reply, fails with RedisDown at once or with txredisapi's error."""
        protocol = self._protocol
        if protocol is None or protocol.unanswered >= MAX_UNANSWERED:
            self.refused += 1
            return defer.fail(RedisDown(f"{words[0]!s} not sent: Redis {'is away' if protocol is None else 'is too slow'}"))
        result: defer.Deferred[Any] = protocol.execute_command(*words)
        return result

    def tell(self, *words: str | bytes | int) -> None:
        """One command whose reply matters only if it is an error; nothing when Redis is away (on_up writes anew)."""
        if self.up:
            self.call(*words).addCallbacks(self._told, self._not_told, (words[0],), {}, (words[0],))

    def tell_all(self, commands: Iterable[Words], refused: Refused | None = None, answered: Answered | None = None) -> None:
        """Many commands in one write, as `tell`; `refused` is called for each that Redis answers with an error, `answered` for
        each with what came of it, be it an Exception."""
        protocol = self._protocol
        if protocol is None:
            return
        batch = list(commands)
        if protocol.unanswered + len(batch) > MAX_UNANSWERED:
            self.refused += len(batch)
            self.log.error(
                "{count} commands not sent: Redis at {address} is too slow; starting the connection over",
                count=len(batch),
                address=self.address,
            )
            protocol.transport.abortConnection()
        elif batch:
            takers = [(self._judge, (command, refused, answered)) for command in batch]
            protocol.send_packed(packed(batch), takers)

    def _judge(self, reply: Any, about: tuple[Words, Refused | None, Answered | None]) -> None:
        """The reply to one command of `tell_all`."""
        words, tell, answered = about
        if isinstance(reply, Exception):
            failure = Failure(reply)
            self._not_told(failure, words[0])
            if tell is not None and failure.check(ResponseError):
                tell(failure)
        else:
            self._told(reply, words[0])
        if answered is not None:
            answered(words, reply)

    def transaction(self, commands: Sequence[Words]) -> defer.Deferred[Any]:
        """All commands or none (MULTI … EXEC in one write); fires with EXEC's list of replies, fails as `call` does."""
        protocol = self._protocol
        if protocol is None or protocol.unanswered + len(commands) + 2 > MAX_UNANSWERED:
            # Refused as a whole: a MULTI without its EXEC would swallow every later command.
            self.refused += 1
            how = "is away" if protocol is None else "is too slow"
            return defer.fail(RedisDown(f"{len(commands)} commands not sent: Redis {how}"))
        done: defer.Deferred[Any] = defer.Deferred()
        protocol.send_packed(*transaction(commands, fire, done))
        return done

    def ask_now(self, commands: Sequence[Words], take: Callable[[Any], None]) -> bool:
        """Commands to the kernel now, in one write and no transaction; `take` gets the list of their replies, an Exception for
        each that failed. False: Redis is away, or too slow, and nothing was sent."""
        protocol = self._protocol
        if protocol is None or protocol.unanswered + len(commands) > MAX_UNANSWERED:
            return False
        protocol.send_packed(packed(commands), together(len(commands), take))
        return True

    def look_now(self) -> None:
        """Take what Redis has answered by now."""
        if self._protocol is not None:
            read_now(self._protocol.transport)

    def publish(self, channel: str, message: bytes) -> None:
        """Publish, unless Redis is away."""
        self.tell("PUBLISH", channel, message)

    def _not_told(self, failure: Failure, word: Any) -> None:
        if not self.up:
            return
        if not failure.check(ResponseError):
            self._say_trouble("commands", f"has not carried out {word}: {failure.getErrorMessage()}", failure.getErrorMessage())
        elif self._troubles.refused(str(word), failure.getErrorMessage()):
            text = failure.getErrorMessage()
            self.log.warn("Redis at {address} refuses {word}: {text}; trying again", address=self.address, word=word, text=text)

    def _told(self, _: Any, word: Any) -> None:
        if self._troubles.any_refused and self._troubles.carried_out(str(word)):
            self.log.info("Redis at {address} refuses nothing any more", address=self.address)
