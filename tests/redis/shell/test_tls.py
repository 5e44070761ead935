"""TLS over a transport in memory, against Python's own server side."""

import ssl

import pytest
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock

from ibgw_tx.model.redis_access import Tls
from ibgw_tx.redis.shell.tls import NotTrusted, TlsEndpoint, TlsLayer, context
from ibgw_tx.runtime.write_now import write_through
from tests.kit.certificates import Authority
from tests.kit.deferreds import error, result
from tests.kit.tws import Wire


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


class Inner(Protocol):
    """What is spoken inside."""

    def __init__(self):
        self.heard, self.why, self.made = b"", None, 0

    def connectionMade(self):
        self.made += 1

    def dataReceived(self, data):
        self.heard += data

    def connectionLost(self, why):
        self.why = why


class Server:
    """The far end, over memory; `pump` carries what is there, in pieces of some size."""

    def __init__(self, authority, certificate=None, ask=False, names=("redis.example",), tls=None, name="redis.example"):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(*(certificate or authority.signed("server", *names)))
        if ask:
            made.load_verify_locations(authority.ca)
            made.verify_mode = ssl.CERT_REQUIRED
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.end = made.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.inner, self.wire = Inner(), Wire()
        self.layer = TlsLayer(context(tls or Tls(ca=authority.ca)), name, self.inner)
        self.wire.protocol = self.layer
        self.layer.makeConnection(self.wire)
        self.heard, self._read, self._shaken = b"", 0, False

    def pump(self, size=1 << 20):
        for _ in range(20):
            data = self.wire.value()[self._read :]
            self._read += len(data)
            self.incoming.write(data)
            self._turn()
            answer = self.outgoing.read()
            for start in range(0, len(answer), size):
                self.layer.dataReceived(answer[start : start + size])
            if not data and not answer:
                return

    def _turn(self):
        try:
            if not self._shaken:
                self.end.do_handshake()
                self._shaken = True
            while data := self.end.read(1 << 16):
                self.heard += data
        except ssl.SSLError:
            pass


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_what_is_said_inside_goes_both_ways_however_it_is_cut(authority, size):
    server = Server(authority)
    server.pump(size)
    assert result(server.layer.ready) is server.inner and server.inner.made == 1
    server.inner.transport.write(b"x" * 100_000)
    server.inner.transport.writeSequence([b"a", b"b"])
    server.pump(size)
    assert server.heard == b"x" * 100_000 + b"ab"
    server.end.write(b"y" * 50_000)
    server.pump(size)
    assert server.inner.heard == b"y" * 50_000


def test_nothing_is_said_before_the_server_is_believed(authority):
    server = Server(authority)
    assert server.inner.made == 0 and server.wire.value()[:1] == b"\x16"


def test_nothing_goes_past_the_encryption(authority):
    """`write_through` writes to a TCP transport itself, where there is one."""
    server = Server(authority)
    server.pump()
    server.wire.writeSomeData = server.wire.doWrite = lambda *data: pytest.fail("past the encryption")
    del server.wire.doWrite
    said = len(server.wire.value())
    write_through(server.inner.transport, b"AUTH secret")
    assert b"secret" not in server.wire.value()[said:]
    server.pump()
    assert server.heard == b"AUTH secret"


@pytest.mark.parametrize(
    ("names", "words"), [(("other.example",), "is not for redis.example"), (("10.0.0.1",), "is not for redis.example")]
)
def test_a_certificate_for_another_name_is_refused(authority, names, words):
    server = Server(authority, names=names)
    server.pump()
    server.wire.end()
    assert words in str(error(server.layer.ready, NotTrusted)) and server.inner.made == 0 and server.inner.why is None


def test_an_address_may_stand_in_a_certificate(authority):
    server = Server(authority, names=("10.0.0.1",), name="10.0.0.1")
    server.pump()
    assert result(server.layer.ready)
    server = Server(authority, names=("10.0.0.1",), name="10.0.0.2")
    server.pump()
    server.wire.end()
    assert "is not for 10.0.0.2" in str(error(server.layer.ready, NotTrusted))


def test_an_expired_one_and_one_of_another_authority_are_refused(authority, tmp_path):
    server = Server(authority, authority.signed("old", "redis.example", expired=True))
    server.pump()
    server.wire.end()
    assert "has expired" in str(error(server.layer.ready, NotTrusted))
    server = Server(authority, tls=Tls(ca=Authority(tmp_path).ca))
    server.pump()
    server.wire.end()
    assert "--redis-tls-ca" in str(error(server.layer.ready, NotTrusted))


def test_a_server_that_wants_to_know_us_says_so(authority):
    server = Server(authority, ask=True)
    server.pump()
    server.wire.end()
    # With TLS 1.3 the refusal comes when this end believes the server already.
    assert result(server.layer.ready) and "--redis-tls-cert" in server.inner.why.getErrorMessage()
    cert, key = authority.signed("client")
    server = Server(authority, ask=True, tls=Tls(authority.ca, cert, key))
    server.pump()
    assert result(server.layer.ready) and server.inner.why is None


def test_what_is_no_tls_is_told_so(authority):
    server = Server(authority)
    server.layer.dataReceived(b"-ERR unknown command\r\n")
    server.wire.end()
    assert "is it the TLS port?" in str(error(server.layer.ready, NotTrusted))


def test_a_close_is_said_to_the_other_side_and_its_close_closes(authority):
    server = Server(authority)
    server.pump()
    server.inner.transport.write(b"last words")
    server.inner.transport.loseConnection()
    server.pump()
    assert server.heard == b"last words" and server.wire.protocol is None
    assert server.end.read(1) == b"", "it was told"
    other = Server(authority)
    other.pump()
    with pytest.raises(ssl.SSLWantReadError):
        other.end.unwrap()
    other.pump()
    assert other.wire.protocol is None and other.inner.why is not None


def test_a_connection_lost_before_and_after_is_told_once(authority):
    server = Server(authority)
    server.wire.end()
    error(server.layer.ready)
    server = Server(authority)
    server.pump()
    result(server.layer.ready)
    server.wire.end()
    assert server.inner.why is not None


def test_files_that_cannot_be_used_are_named(authority, tmp_path):
    cert, key = authority.signed("mine")
    _, other = authority.signed("another")
    locked = authority.signed("locked", passphrase=b"secret")
    for tls, words in (
        (Tls(ca=str(tmp_path / "none.pem")), ("--redis-tls-ca", "No such file")),
        (Tls(ca=key), ("--redis-tls-ca", "in PEM")),
        (Tls(authority.ca, str(tmp_path / "none.pem")), ("--redis-tls-cert", "No such file")),
        (Tls(authority.ca, cert, other), ("--redis-tls-key", "belong together")),
        (Tls(authority.ca, *locked), ("--redis-tls-key", "encrypted")),
    ):
        with pytest.raises(NotTrusted) as found:
            context(tls)
        assert all(part in str(found.value) for part in words) and "\n" not in str(found.value)


class Silent:
    """An endpoint whose server accepts and says nothing."""

    def connect(self, factory):
        layer, wire = factory.buildProtocol(None), Wire()
        wire.protocol = layer
        layer.makeConnection(wire)
        self.wire = wire
        from twisted.internet.defer import succeed  # noqa: PLC0415

        return succeed(layer)


def test_a_server_that_says_nothing_is_given_up(authority):
    class Inside:
        def buildProtocol(self, addr):
            return Inner()

    clock, silent = Clock(), Silent()
    connected = TlsEndpoint(silent, Tls(authority.ca), "h", clock).connect(Inside())
    clock.advance(6)
    assert silent.wire.aborted
    silent.wire.end()
    assert "speaks no TLS there, or says nothing (5 s)" in str(error(connected, NotTrusted))
