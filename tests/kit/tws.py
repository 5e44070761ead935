"""The far end at TWS, in memory: a transport, a script at its end, and a client that only notes what it is asked."""


import struct

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure


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
