"""What a pager wants to hear of and the status does not say: farms, feeds, the lease, limits hit. Told on ACK as `alert`.

What is so until it is over is told when it begins and when it ends, once each. A limit is hit and that is all: it is told at
once, and then at most once in PAUSE, with how often it was hit meanwhile; a bot that runs against one must not drown the rest.

What stands is kept in the hash `IBGateway:{name}:alerts`, field `{kind} {what}`, value the alert as it was said. It is read when
Redis is first reached: what a former life left standing is not told again, and its end is told when it is over (`former`, see
alert_ends). While Redis is away changes wait, at most MOST_WAITING of them, and are told when it is back.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeAlias

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.runtime.log import Logger

#: Seconds between two alerts about one limit.
PAUSE = 60.0
#: Alerts that stand; beyond them one is told, and its end is not. Changes that wait for Redis; the oldest are left out.
MOST, MOST_WAITING = 10_000, 1_000
#: What a refusal by one of our own limits begins with.
_NAMED = re.compile(r"([a-z_]+): ")
#: Kinds that stand until they are over.
_STANDING = frozenset({"farm", "feed", "lease"})

#: (kind, what)
Key: TypeAlias = tuple[str, str]


class Keeper(Protocol):
    """What is needed of Redis."""

    up: bool

    def tell(self, *words: str | bytes) -> None: ...

    def call(self, *words: str | bytes) -> Deferred[Any]: ...

    def transaction(self, commands: Sequence[Sequence[str | bytes]]) -> Deferred[Any]: ...


class Alerts:
    """`say(kind, what, on, text)` puts one on ACK and gives its bytes; `on` False: it is over.

    `seconds` is a clock that never jumps. `name` is the gateway's.
    """

    log = Logger()

    def __init__(
        self, name: str, redis: Keeper, say: Callable[[str, str, bool, str], bytes], seconds: Callable[[], float]
    ) -> None:
        #: Those of a former life that nobody has spoken of in this one.
        self.former: set[Key] = set()
        self._hash = names.alerts(name)
        self._redis = redis
        self._say = say
        self._seconds = seconds
        #: What stands, as it is kept; b"" of one that has not been told yet.
        self._on: dict[Key, bytes] = {}
        self._loaded = False
        #: What is well, as far as was said before a former life is known, and why.
        self._well: dict[Key, str] = {}
        #: Whether Redis has what stands; else changes wait.
        self._told = False
        self._waiting: deque[tuple[Key, bool, str]] = deque(maxlen=MOST_WAITING)
        #: By limit: when it was told last, and how often it was hit since.
        self._hits: dict[str, tuple[float, int]] = {}

    def changed(self, kind: str, what: str, on: bool, text: str) -> None:
        """It is so, or over; nothing is said where that is no news."""
        key = kind, what
        self.former.discard(key)
        if on is (key in self._on):
            if not (on or self._loaded) and len(self._well) < MOST:
                self._well[key] = text
            return
        if not on:
            del self._on[key]
        elif len(self._on) < MOST:
            self._on[key] = b""
        if self._told:
            self._tell(key, on, text)
        else:
            self._waiting.append((key, on, text))

    def standing(self, kind: str) -> list[str]:
        """What stands of a kind."""
        return [what for each, what in self._on if each == kind]

    def _tell(self, key: Key, on: bool, text: str) -> None:
        said = self._say(*key, on, text)
        if not on:
            self._redis.tell("HDEL", self._hash, _field(key))
        elif key in self._on:
            self._on[key] = said
            self._redis.tell("HSET", self._hash, _field(key), said)

    # What is hit and that is all.

    def refused(self, text: str) -> None:
        """A command was refused as `limit`."""
        named = _NAMED.match(text)
        self.hit(named[1] if named else "commands", text)

    def hit(self, what: str, text: str) -> None:
        """A limit was hit. The names of limits are few, so nothing grows."""
        now, (told, count) = self._seconds(), self._hits.get(what, (-PAUSE, 0))
        if now - told < PAUSE:
            self._hits[what] = told, count + 1
            return
        self._hits[what] = now, 0
        self._say("limit", what, True, f"{text} ({count} more since the last alert)" if count else text)

    # Redis.

    def redis_down(self) -> None:
        """What changes from now on waits."""
        self._told = False

    def redis_up(self) -> None:
        """First time: take over what stands. Always: tell what has changed meanwhile, and write what stands as a whole."""
        reading = self._redis.call("HGETALL", self._hash).addCallbacks(self._read, self._unread)
        reading.addErrback(lambda failure: self.log.failure("alerts that stand are not kept", failure))

    def _unread(self, failure: Failure) -> None:
        if not self._redis.up:
            return  # it is read when it is back
        self.log.warn("alerts that stand are not read or kept: {error}", error=failure.getErrorMessage())
        self._told = True
        self._tell_waiting()

    def _read(self, reply: list[bytes]) -> Any:
        kept: dict[Key, bytes] = {}
        for value in reply[1::2]:
            try:
                kept[_key(value)] = value
            except ValueError as error:
                self.log.warn("alert {value!r} is not taken over: {error}", value=value[:300], error=str(error))
        if not self._loaded:
            self._take_over(kept)
        self._loaded = self._told = True
        spoken = {key for key, _, _ in self._waiting}
        self._tell_waiting()
        for key in kept.keys() - self._on.keys() - spoken:
            # Its end left us, and has not arrived.
            self._tell(key, False, "it is over")
        writes = [("DEL", self._hash), *(("HSET", self._hash, _field(key), said) for key, said in self._on.items())]
        return self._redis.transaction(writes)

    def _take_over(self, kept: dict[Key, bytes]) -> None:
        """Those that have begun in this life too stand already; those that are well in it are over."""
        self._waiting = deque((each for each in self._waiting if not each[1] or each[0] not in kept), MOST_WAITING)
        ended = {key for key, on, _ in self._waiting if not on}
        for key, said in kept.items():
            if key in self._on:
                self._on[key] = said
            elif key not in ended and len(self._on) < MOST:
                self._on[key] = said
                if key in self._well:
                    self.changed(*key, False, self._well[key])
                else:
                    self.former.add(key)
        self._well.clear()

    def _tell_waiting(self) -> None:
        waiting, self._waiting = self._waiting, deque(maxlen=MOST_WAITING)
        for change in waiting:
            self._tell(*change)


def _field(key: Key) -> str:
    return " ".join(key)


def _key(value: bytes) -> Key:
    """Raises ValueError for what is no alert that stands."""
    kept = jsontext.loads(value)
    if not isinstance(kept, dict) or kept.get("type") != "alert" or kept.get("on") is not True:
        raise ValueError("no alert")
    kind, what = kept.get("kind"), kept.get("what")
    if kind not in _STANDING or not isinstance(what, str):
        raise ValueError("no kind that stands")
    return kind, what
