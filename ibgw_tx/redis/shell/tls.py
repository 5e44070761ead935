"""TLS between a TCP connection and what is spoken over it: nothing is said before the server is believed, and never without it.

The files are read for each connection: a certificate that has been renewed counts from the next one on.
"""

from __future__ import annotations

import ssl
from typing import Any, NoReturn

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ibgw_tx.model import tls_reasons
from ibgw_tx.model.redis_access import Tls

HANDSHAKE_LIMIT = 5  # seconds
_CHUNK = 1 << 16


class NotTrusted(Exception):
    """No TLS with this server; the text says why."""


def context(tls: Tls) -> ssl.SSLContext:
    """What is believed, and who we are. Raises NotTrusted when a file cannot be used; the text names its setting."""
    try:
        made = ssl.create_default_context(cafile=tls.ca)
    except (OSError, ValueError) as error:
        raise NotTrusted(f"--redis-tls-ca (IBGW_REDIS_TLS_CA) {tls.ca!r}: {_why(error)}") from None
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.cert is not None:
        try:
            made.load_cert_chain(tls.cert, tls.key, password=_no_password)
        except (OSError, ValueError) as error:
            files = f"--redis-tls-cert (IBGW_REDIS_TLS_CERT) {tls.cert!r}"
            files += "" if tls.key is None else f", --redis-tls-key (IBGW_REDIS_TLS_KEY) {tls.key!r}"
            raise NotTrusted(f"{files}: {_why(error)}") from None
    return made


def _no_password() -> str:
    raise ValueError("the key is encrypted; nobody is there to be asked for its password")


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "no certificate or key in PEM, or the two do not belong together"
    return (isinstance(error, OSError) and error.strerror) or str(error)


def reason(error: ssl.SSLError, name: str) -> str:
    """Why, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return tls_reasons.not_believed(error.verify_code, error.verify_message, name)
    return tls_reasons.not_agreed(error.reason or str(error))


class _Encrypted:
    """The transport that the protocol inside has: what it writes is encrypted. Of the TCP transport it has by name only what
    writes nothing of its own: whatever else is asked for is not there (see `write_through`)."""

    _OF_TCP = frozenset(
        "abortConnection connected disconnecting doWrite getHost getPeer registerProducer unregisterProducer setTcpNoDelay "
        "setTcpKeepAlive".split()
    )

    def __init__(self, layer: TlsLayer) -> None:
        self._layer = layer

    def write(self, data: bytes) -> None:
        self._layer.write(data)

    def writeSequence(self, parts: Any) -> None:
        self._layer.write(b"".join(parts))

    def loseConnection(self) -> None:
        self._layer.close()

    def __getattr__(self, name: str) -> Any:
        if name not in self._OF_TCP:
            raise AttributeError(name)
        return getattr(self._layer.transport, name)


class TlsLayer(Protocol):
    """One connection. `ready` fires with the protocol inside when the server is believed, fails with NotTrusted or the loss.

    What is written goes to the TCP transport at once, so that its pauses are the producer's, as without TLS.
    """

    transport: Any

    def __init__(self, made: ssl.SSLContext, name: str, inner: Any) -> None:
        self.ready: Deferred[Any] = Deferred(lambda _: self._abort())
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = made.wrap_bio(self._in, self._out, server_hostname=name)
        self._name, self._inner = name, inner
        self._is_up = False
        self._why: Failure | None = None

    def connectionMade(self) -> None:
        self._shake_hands()

    def dataReceived(self, data: bytes) -> None:
        self._in.write(data)
        if not self._is_up:
            self._shake_hands()
        if self._is_up:
            self._read()

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return
        except ssl.SSLError as error:
            self._flush()
            self._fail(error)
            return
        self._flush()
        self._is_up = True
        self._inner.makeConnection(_Encrypted(self))
        self.ready.callback(self._inner)

    def _read(self) -> None:
        while not self.transport.disconnecting and self._why is None:
            try:
                data = self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                data = b""
            except ssl.SSLError as error:
                self._fail(error)
                return
            if not data:
                self.transport.loseConnection()
                return
            self._inner.dataReceived(data)
        self._flush()

    def write(self, data: bytes) -> None:
        """Encrypt and send."""
        if self._why is not None:
            return
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._tls.write(rest) :]
        except ssl.SSLError as error:
            self._fail(error)
        self._flush()

    def _flush(self) -> None:
        if self._out.pending:
            self.transport.write(self._out.read())

    def close(self) -> None:
        """Say so and close; what has been written goes out first."""
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            pass  # it has not said so in its turn, and need not
        self._flush()
        self.transport.loseConnection()

    def _fail(self, error: ssl.SSLError) -> None:
        self._why = Failure(NotTrusted(reason(error, self._name)))
        # What is written is lost, but for the alert that says why.
        self.transport.loseConnection()

    def _abort(self) -> None:
        self.transport.abortConnection()

    def connectionLost(self, why: Failure = connectionDone) -> None:
        why = self._why or why
        if self._is_up:
            self._inner.connectionLost(why)
        elif not self.ready.called:
            self.ready.errback(why)


class _LayerFactory(Factory):
    noisy = False

    def __init__(self, made: ssl.SSLContext, name: str, inner: Any) -> None:
        self._made, self._name, self._inner = made, name, inner

    def buildProtocol(self, addr: Any) -> Any:
        return TlsLayer(self._made, self._name, self._inner.buildProtocol(addr))


def _silent(result: Any, seconds: float) -> NoReturn:
    raise NotTrusted(tls_reasons.silent(seconds))


@implementer(IStreamClientEndpoint)
class TlsEndpoint:
    """Another endpoint, with TLS; `host` is what the certificate has to be for, unless the settings say another name."""

    def __init__(self, endpoint: Any, tls: Tls, host: str, reactor: Any) -> None:
        self._endpoint, self._tls, self._name, self._reactor = endpoint, tls, tls.name or host, reactor

    def connect(self, factory: Any) -> Deferred[Any]:
        """Fires when the server is believed. Fails with NotTrusted, or as the other endpoint does."""
        connected: Deferred[Any] = Deferred.fromCoroutine(self._connect(factory))
        return connected

    async def _connect(self, factory: Any) -> Any:
        layer = await self._endpoint.connect(_LayerFactory(context(self._tls), self._name, factory))
        return await layer.ready.addTimeout(HANDSHAKE_LIMIT, self._reactor, _silent)
