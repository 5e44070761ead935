"""The far ends, in memory: a Redis link, a TWS at the end of a wire, a client that only notes what is asked, makers of things."""

import json
import struct
from itertools import pairwise

import hiredis
from twisted.application.service import Service
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from ibgw_tx.commands import Command
from ibgw_tx.contract import Contract
from ibgw_tx.errors import RedisDown

AAPL = Contract(
    conId=265598, symbol="AAPL", secType="STK", exchange="SMART", primaryExchange="NASDAQ", currency="USD", localSymbol="AAPL"
)
HK1137 = Contract(conId=1137, symbol="1137", secType="STK", exchange="SEHK", primaryExchange="SEHK", currency="HKD")
BRR5 = Contract(
    conId=5, symbol="BRR", secType="FUT", exchange="CMECRYPTO", currency="USD",
    lastTradeDateOrContractMonth="20210625", multiplier="5",
)  # fmt: skip
BRR01 = Contract(
    conId=6, symbol="BRR", secType="FUT", exchange="CMECRYPTO", currency="USD",
    lastTradeDateOrContractMonth="20210625", multiplier="0.1",
)  # fmt: skip


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
    except kinds or Exception as raised:
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

    def transaction(self, commands):
        results = [self.call(*words) for words in commands]
        for found in results[:-1]:
            found.addErrback(lambda _: None)
        return results[-1]

    def publish(self, channel, message):
        self.tell("PUBLISH", channel, message)

    def carry_out(self, *words):
        """What redis-server does with the few commands that are used."""
        word, *rest = [item.decode() if isinstance(item, bytes) and place < 2 else item for place, item in enumerate(words)]
        assert not [item for item in words if not isinstance(item, str | bytes | int)], f"no words: {words}"
        match word, rest:
            case "PUBLISH", [channel, message]:
                self.published.append((channel, message))
            case "SET", [key, value, *_]:
                self.keys[key] = value
            case "DEL", keys:
                for key in keys:
                    self.keys.pop(key, None)
                    self.hashes.pop(key, None)
            case "HSET", [key, *pairs]:
                self.hashes.setdefault(key, {}).update(zip(pairs[::2], pairs[1::2], strict=True))
            case "HDEL", [key, *fields]:
                for field in fields:
                    self.hashes.get(key, {}).pop(field, None)
            case "HGETALL", [key]:
                return [
                    item if isinstance(item, bytes) else str(item).encode()
                    for pair in self.hashes.get(key, {}).items()
                    for item in pair
                ]
            case "GET", [key]:
                return self.keys.get(key)
            case "PING", []:
                return b"PONG"
        return b"OK"


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

    def __init__(self):
        self.calls = []
        self.full = None

    def _note(self, *call):
        if self.full is not None:
            raise self.full
        self.calls.append(call)

    def taken(self):
        calls, self.calls = self.calls, []
        return calls

    def ask_contract(self, req_id, contract):
        self._note("contract", req_id, contract)

    def subscribe_account(self, account):
        self._note("account", account)

    def unsubscribe_account(self, account):
        self._note("no account", account)

    def subscribe_depth(self, req_id, contract, num_rows, smart):
        self._note("depth", req_id, contract, num_rows, smart)

    def cancel_depth(self, req_id, smart):
        self._note("no depth", req_id, smart)


# Books.


def depth_frame(req_id, row, operation, side, price, size):
    """The fields of a MARKET_DEPTH frame as the hot path gets them."""
    return [*(str(item).encode() for item in (12, 1, req_id, row, operation, side, price, size)), b""]


def depth_l2_frame(req_id, row, maker, operation, side, price, size):
    """The fields of a MARKET_DEPTH_L2 frame."""
    return [*(str(item).encode() for item in (13, 1, req_id, row, maker, operation, side, price, size, 1)), b""]


def check_book(message):
    """A published book holds what section 6 promises; gives (bids, asks) as pairs."""
    bids, asks, t = message
    assert isinstance(t, int)
    for side in (bids, asks):
        for level in side:
            assert set(level) == {"p", "s"} and level["s"] > 0
    assert all(a["p"] > b["p"] for a, b in pairwise(bids))
    assert all(a["p"] < b["p"] for a, b in pairwise(asks))
    assert not (bids and asks) or bids[0]["p"] < asks[0]["p"]
    return [(level["p"], level["s"]) for level in bids], [(level["p"], level["s"]) for level in asks]
