"""The far end at Redis, in memory: the interface of RedisLink over a dict."""


import json
from fnmatch import fnmatchcase

import hiredis
from twisted.application.service import Service
from twisted.internet.defer import Deferred, DeferredList, fail, succeed
from twisted.python.failure import Failure

from ibgw_tx.model.errors import RedisDown


class FakeWire:
    """A book connection: takes batches of complete commands while it has room."""

    def __init__(self, redis):
        self.room = True
        self.batches = []
        self._redis = redis

    @property
    def has_room(self):
        return self.room

    def send(self, batch, commands):
        reader = hiredis.Reader()
        reader.feed(batch)
        words = []
        while (found := reader.gets()) is not False:
            words.append(found)
        assert len(words) == commands
        self.batches.append(words)
        for command in words:
            self._redis.carry_out(*command)


class NoConnection:
    """A connection that is never there."""

    def disconnect(self):
        return succeed(None)


class FakeLink(Service):
    """RedisLink's interface over a dict. `hold` leaves replies out until `answer`; `refuse` names commands that fail."""

    is_ours = True
    address = "127.0.0.1:6379"

    def __init__(self, *arguments):
        self.setName("redis")
        self.arguments = arguments
        self.streams = {}
        self.up = False
        self.listening = False
        self.on_listening = lambda: None
        self.books = None
        self.on_up, self.on_down = [], []
        self.on_books_up = self.on_room = lambda: None
        self.on_message = lambda message: None
        self.keys, self.hashes = {}, {}
        self.published = []
        self.calls = []
        self.hold = False
        self.refuse = {}
        self._held, self._answers = [], []
        self.refused = 0
        self.unanswered = {"commands": 0, "books": 0}

    @property
    def connections(self):
        return {"commands": self.up, "subscription": self.listening, "books": self.books is not None}

    # What a test does.

    is_ours = True

    def open(self, ready, lost, trouble):
        return NoConnection()

    def bring_up(self):
        self.up, self.books = True, FakeWire(self)
        self.listening = True
        for call in self.on_up:
            call()
        self.on_books_up()

    def go_down(self):
        self.up, self.books = False, None
        for call in self.on_down:
            call()
        held, self._held = self._held, []
        for deferred, _ in held:
            deferred.errback(RedisDown("connection lost"))

    def answer(self):
        held, self._held = self._held, []
        for deferred, words in held:
            deferred.callback(self.carry_out(*words))

    def lose_replies(self):
        """What is held is carried out, and nobody hears of it: the gateway was killed meanwhile."""
        held, self._held = self._held, []
        for _, words in held:
            self.carry_out(*words)

    def on_channel(self, channel):
        """The messages of one channel, parsed."""
        return [json.loads(message) for name, message in self.published if name == channel]

    def json(self, key):
        return json.loads(self.keys[key])

    def sets(self, key):
        """How often a key was set through a command."""
        return sum(1 for words in self.calls if words[:2] == ("SET", key))

    # The interface.

    def call(self, *words):
        if not self.up:
            return fail(RedisDown(f"{words[0]} not sent: Redis is away"))
        self.calls.append(words)
        if words[0] in self.refuse:
            return fail(self.refuse[words[0]])
        if self.hold:
            deferred = Deferred()
            self._held.append((deferred, words))
            return deferred
        return succeed(self.carry_out(*words))

    def tell(self, *words):
        if self.up:
            self.call(*words).addErrback(lambda _: None)

    def tell_all(self, commands, refused=None, answered=None):
        for words in commands:
            if self.up:
                done = self.call(*words)
                if answered is not None:
                    done.addBoth(_heard, words, answered)
                done.addErrback(lambda failure: None if refused is None or failure.check(RedisDown) else refused(failure))

    def transaction(self, commands):
        """All or none, as MULTI … EXEC: fires with the list of replies."""
        if not self.up:
            return fail(RedisDown("EXEC not sent: Redis is away"))
        self.calls += map(tuple, commands)
        for words in commands:
            if words[0] in self.refuse:
                return fail(self.refuse[words[0]])
        if self.hold:
            deferred = Deferred()
            self._held.append((deferred, ("EXEC", commands)))
            return deferred
        return succeed(self.carry_out("EXEC", commands))

    def ask_now(self, commands, take):
        """Several commands; their replies wait for `look_now`."""
        if not self.up:
            return False
        done = DeferredList([self.call(*words) for words in commands], consumeErrors=True)
        self._answers.append((done, take))
        return True

    def look_now(self):
        answers, self._answers = self._answers, []
        for done, take in answers:
            done.addCallback(lambda found, take=take: take([reply if ok else reply.value for ok, reply in found]))

    def publish(self, channel, message):
        self.tell("PUBLISH", channel, message)

    def carry_out(self, word, *rest):
        """What redis-server does with the few commands that are used, and its reply."""
        if word == "EXEC":
            return [self.carry_out(*words) for words in rest[0]]
        word, *rest = (item if isinstance(item, bytes) else _on_the_wire(item) for item in (word, *rest))
        return getattr(self, f"_{word.decode().lower()}")(*rest)

    def _xadd(self, key, maxlen, about, cap, entry, *fields):
        self.streams.setdefault(key, []).append(dict(zip(fields[::2], fields[1::2], strict=True)))

    def _publish(self, channel, message):
        self.published.append((channel.decode(), message))
        return 0

    def _set(self, key, value, *options):
        if b"NX" in options and key.decode() in self.keys:
            return None
        before = self.keys.get(key.decode())
        self.keys[key.decode()] = value
        return before if b"GET" in options else b"OK"

    def _get(self, key):
        return self.keys.get(key.decode())

    def _mget(self, *keys):
        return [self._get(key) for key in keys]

    def _del(self, *keys):
        return sum(kept.pop(key.decode(), None) is not None for key in keys for kept in (self.keys, self.hashes))

    def _exists(self, *keys):
        return sum(key.decode() in kept for key in keys for kept in (self.keys, self.hashes))

    def _scan(self, cursor, *options):
        pattern = options[options.index(b"MATCH") + 1].decode()
        return [b"0", [key.encode() for key in (*self.keys, *self.hashes) if fnmatchcase(key, pattern)]]

    def _hset(self, key, *pairs):
        kept = self.hashes.setdefault(key.decode(), {})
        before = len(kept)
        kept.update(zip(pairs[::2], pairs[1::2], strict=True))
        return len(kept) - before

    def _hdel(self, key, *fields):
        kept = self.hashes.get(key.decode(), {})
        gone = sum(kept.pop(field, None) is not None for field in fields)
        if gone and not kept:
            del self.hashes[key.decode()]
        return gone

    def _hscan(self, key, cursor, *options):
        return [b"0", self._hgetall(key)]

    def _hmget(self, key, *fields):
        kept = self.hashes.get(key.decode(), {})
        return [kept.get(field) for field in fields]

    def _hlen(self, key):
        return len(self.hashes.get(key.decode(), {}))

    def _hget(self, key, field):
        return self.hashes.get(key.decode(), {}).get(field)

    def _type(self, key):
        kinds = (b"string", self.keys), (b"hash", self.hashes), (b"stream", self.streams)
        return next((kind for kind, kept in kinds if key.decode() in kept), b"none")

    def _hgetall(self, key):
        return [item for pair in self.hashes.get(key.decode(), {}).items() for item in pair]

    def _expire(self, key, seconds):
        return 1

    def _ping(self):
        return b"PONG"


def _heard(found, words, answered):
    answered(words, found.value if isinstance(found, Failure) else found)
    return found


def _on_the_wire(item):
    assert isinstance(item, str | int), f"no word: {item!r}"
    return str(item).encode()
