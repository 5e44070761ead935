"""The far ends, in memory: a Redis link, a TWS at the end of a wire, a client that only notes what is asked, makers of things."""

import json
import struct
from fnmatch import fnmatchcase
from itertools import pairwise

import hiredis
from twisted.application.service import Service
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from ibgw_tx.commands.message import Command
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import RedisDown

AAPL = Contract(
    conId=265598, symbol="AAPL", secType="STK", exchange="SMART", primaryExchange="NASDAQ", currency="USD", localSymbol="AAPL"
)
HK1137 = Contract(conId=1137, symbol="1137", secType="STK", exchange="SEHK", primaryExchange="SEHK", currency="HKD")
BRR5 = Contract(
    conId=5,
    symbol="BRR",
    secType="FUT",
    exchange="CMECRYPTO",
    currency="USD",
    lastTradeDateOrContractMonth="20210625",
    multiplier="5",
)
BRR01 = Contract(
    conId=6,
    symbol="BRR",
    secType="FUT",
    exchange="CMECRYPTO",
    currency="USD",
    lastTradeDateOrContractMonth="20210625",
    multiplier="0.1",
)


def command(cmd="SUB_ODBK", id=1, **params):
    """A command as the desk hands it on."""
    return Command(id, cmd, params)


def result(deferred):
    """What a Deferred has fired with; its exception is raised."""
    fired = []
    deferred.addBoth(fired.append)
    assert fired, "the Deferred has not fired"
    if isinstance(fired[0], Failure):
        fired[0].raiseException()
    return fired[0]


def error(deferred, *kinds):
    """The exception a Deferred has failed with."""
    try:
        found = result(deferred)
    except Exception as raised:
        assert not kinds or isinstance(raised, kinds), repr(raised)
        return raised
    raise AssertionError(f"no failure but {found!r}")


# Redis.


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


class FakeLink(Service):
    """RedisLink's interface over a dict. `hold` leaves replies out until `answer`; `refuse` names commands that fail."""

    def __init__(self, *arguments):
        self.setName("redis")
        self.arguments = arguments
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
        self._held = []

    # What a test does.

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

    def tell_all(self, commands, refused=None):
        for words in commands:
            if self.up:
                self.call(*words).addErrback(
                    lambda failure: None if refused is None or failure.check(RedisDown) else refused(failure)
                )

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

    def publish(self, channel, message):
        self.tell("PUBLISH", channel, message)

    def carry_out(self, word, *rest):
        """What redis-server does with the few commands that are used, and its reply."""
        if word == "EXEC":
            return [self.carry_out(*words) for words in rest[0]]
        word, *rest = (item if isinstance(item, bytes) else _on_the_wire(item) for item in (word, *rest))
        return getattr(self, f"_{word.decode().lower()}")(*rest)

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

    def _scan(self, cursor, *options):
        pattern = options[options.index(b"MATCH") + 1].decode()
        return [b"0", [key.encode() for key in (*self.keys, *self.hashes) if fnmatchcase(key, pattern)]]

    def _hset(self, key, *pairs):
        self.hashes.setdefault(key.decode(), {}).update(zip(pairs[::2], pairs[1::2], strict=True))
        return len(pairs) // 2

    def _hdel(self, key, *fields):
        kept = self.hashes.get(key.decode(), {})
        return sum(kept.pop(field, None) is not None for field in fields)

    def _hgetall(self, key):
        return [item for pair in self.hashes.get(key.decode(), {}).items() for item in pair]

    def _expire(self, key, seconds):
        return 1

    def _ping(self):
        return b"PONG"


def _on_the_wire(item):
    assert isinstance(item, str | int), f"no word: {item!r}"
    return str(item).encode()


# TWS.


class Wire(StringTransport):
    """A transport that ends its protocol when it is aborted or closed."""

    protocol = None
    aborted = False

    def __init__(self):
        super().__init__(peerAddress=IPv4Address("TCP", "127.0.0.1", 4002))

    def setTcpNoDelay(self, enabled):
        """Nothing to set."""

    def setTcpKeepAlive(self, enabled):
        """Nothing to set."""

    def abortConnection(self):
        self.aborted = True
        self.end(ConnectionAborted())

    def loseConnection(self):
        self.end(ConnectionDone())

    def end(self, reason=None):
        protocol, self.protocol = self.protocol, None
        if protocol is not None:
            protocol.connectionLost(Failure(reason or ConnectionDone()))


def tws_frame(*fields):
    """One message as TWS frames it."""
    payload = b"".join(b"%b\0" % (field if isinstance(field, bytes) else str(field).encode()) for field in fields)
    return struct.pack("!I", len(payload)) + payload


class ScriptedTWS:
    """The far end of one session: says what the test says, and reads what was asked."""

    def __init__(self, session):
        self.wire = Wire()
        self.wire.protocol = self.session = session
        self._read = 0
        session.makeConnection(self.wire)

    def say(self, *fields):
        """One message of TWS."""
        self.session.dataReceived(tws_frame(*fields))

    def greet(self, version=157):
        """The version reply."""
        self.say(version, "20260405 23:49:26 CET")

    def welcome(self, accounts="DU1", order_id=1, version=157):
        """Everything up to READY."""
        self.greet(version)
        self.say(15, 1, accounts)
        self.say(9, 1, order_id)

    def notice(self, code, text="text", id=-1):
        self.say(4, 2, id, code, text)

    def asked(self):
        """The requests since the last time, as lists of texts."""
        return [[field.decode() for field in payload.split(b"\0")[:-1]] for payload in self.frames()]

    def frames(self):
        """The frames since the last time; the greeting's `API\\0` is left out."""
        data = self.wire.value()
        if not self._read and data.startswith(b"API\0"):
            self._read = 4
        found = []
        while self._read < len(data):
            (length,) = struct.unpack_from("!I", data, self._read)
            found.append(data[self._read + 4 : self._read + 4 + length])
            self._read += 4 + length
        return found


class RecordingClient:
    """TWSClient's questions, noted. `full` (an exception) is what the next ones raise."""

    server_version = 157

    def __init__(self):
        self.calls = []
        self.full = None
        self.times_asked = 0

    def _note(self, *call):
        if self.full is not None:
            raise self.full
        self.calls.append(call)

    def taken(self):
        calls, self.calls = self.calls, []
        return calls

    def ask_contract(self, req_id, contract, own=False):
        self._note("contract", req_id, contract)

    def ask_current_time(self):
        self._note("time")
        self.times_asked += 1

    def subscribe_account(self, account):
        self._note("account", account)

    def unsubscribe_account(self, account):
        self._note("no account", account)

    def subscribe_depth(self, req_id, contract, num_rows, smart):
        self._note("depth", req_id, contract, num_rows, smart)

    def cancel_depth(self, req_id, smart):
        self._note("no depth", req_id, smart)

    def subscribe_top(self, req_id, contract, generic_ticks):
        self._note("top", req_id, contract, generic_ticks)

    def cancel_top(self, req_id):
        self._note("no top", req_id)


# Books.


def depth_frame(req_id, row, operation, side, price, size):
    """The fields of a MARKET_DEPTH frame as the hot path gets them."""
    return [*(str(item).encode() for item in (12, 1, req_id, row, operation, side, price, size)), b""]


def depth_l2_frame(req_id, row, maker, operation, side, price, size):
    """The fields of a MARKET_DEPTH_L2 frame."""
    return [*(str(item).encode() for item in (13, 1, req_id, row, maker, operation, side, price, size, 1)), b""]


def check_book(message, may_lock=False):
    """A published book holds what section 6 promises; gives (bids, asks) as pairs. Several exchanges may lock each other."""
    bids, asks, t = message
    assert isinstance(t, int)
    for side in (bids, asks):
        for level in side:
            assert set(level) == {"p", "s"} and level["s"] > 0
    assert all(a["p"] > b["p"] for a, b in pairwise(bids))
    assert all(a["p"] < b["p"] for a, b in pairwise(asks))
    if bids and asks:
        assert bids[0]["p"] < asks[0]["p"] or (may_lock and bids[0]["p"] == asks[0]["p"])
    return [(level["p"], level["s"]) for level in bids], [(level["p"], level["s"]) for level in asks]
