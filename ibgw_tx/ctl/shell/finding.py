"""Where Redis is, and a client for it: at an address, or where sentinels say; with TLS or without."""

from __future__ import annotations

import contextlib
import ssl
from typing import Any

import attrs
import redis

from ibgw_tx.model.redis_access import Access, Address, Tls, at
from ibgw_tx.model.tls_reasons import not_agreed, not_believed, silent

CONNECT_LIMIT = 5.0  # seconds, also for each answer of Redis
SENTINEL_LIMIT = 2.0  # the same of a sentinel


class _Named(redis.SSLConnection):
    """TLS with a server whose certificate is for another name than its address."""

    def __init__(self, tls_name: str, **kind: Any) -> None:
        super().__init__(**kind)
        self._tls_name = tls_name

    def _wrap_socket_with_ssl(self, sock: Any) -> Any:
        host, self.host = self.host, self._tls_name
        try:
            return super()._wrap_socket_with_ssl(sock)
        finally:
            self.host = host


@attrs.frozen
class Found:
    """A client, where it goes, and what each sentinel said: the master's address, None from one that did not say."""

    client: Any
    place: Address
    words: dict[Address, Address | None]


class NotFound(Exception):
    """No Redis that answers; the text says why."""


def _tls(tls: Tls) -> dict[str, Any]:
    files = {"ssl_ca_certs": tls.ca, "ssl_certfile": tls.cert, "ssl_keyfile": tls.key or tls.cert}
    strict = {"ssl_cert_reqs": "required", "ssl_check_hostname": True, "ssl_min_version": ssl.TLSVersion.TLSv1_2}
    return {**files, **strict}


def _client(access: Access, place: Address, user: str | None, password: str | None, limit: float) -> Any:
    """It connects when it is used."""
    kind: dict[str, Any] = {
        "host": place[0], "port": place[1], "username": user, "password": password, "decode_responses": True,
        "encoding_errors": "backslashreplace", "socket_timeout": limit, "socket_connect_timeout": limit,
    }  # fmt: skip
    if access.tls is not None:
        kind |= {"connection_class": _Named, "tls_name": access.tls.name or place[0], **_tls(access.tls)}
    return redis.Redis(connection_pool=redis.ConnectionPool(**kind))


def why(error: BaseException, access: Access) -> str:
    """What is wrong, in a sentence; TLS' troubles are named as the gateway names them."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, ssl.SSLError):
        seen = seen.__cause__ or seen.__context__
    if isinstance(seen, ssl.SSLCertVerificationError):
        name = access.tls.name if access.tls and access.tls.name else "this host"
        return f"is not trusted: {not_believed(seen.verify_code, seen.verify_message, name)}"
    if isinstance(seen, ssl.SSLError) and seen.reason:
        return f"is not trusted: {not_agreed(seen.reason)}"
    cause = error.__cause__ or error.__context__
    if access.tls and isinstance(cause, TimeoutError) and "handshake" in str(cause):
        # The connection came about; Python says so of TLS alone.
        return f"is not trusted: {silent(CONNECT_LIMIT)}"
    return str(error)


def find(access: Access) -> Found:
    """A client of a Redis that answers, the master's with sentinels. Raises NotFound."""
    if not access.sentinels:
        place = access.host, access.port
        return Found(_answering(access, place), place, {})
    words = {sentinel: _said(access, sentinel) for sentinel in access.sentinels}
    named = [place for place in words.values() if place is not None]
    trouble = f"none of the sentinels {', '.join(map(at, words))} names a master {access.master}"
    for place in sorted(set(named), key=named.count, reverse=True):
        try:
            client = _answering(access, place)
        except NotFound as error:
            trouble = str(error)
            continue
        if _is_master(client):
            return Found(client, place, words)
        trouble = f"Redis at {at(place)} is named as the master {access.master} and is none"
    raise NotFound(trouble)


def _said(access: Access, sentinel: Address) -> Address | None:
    client = _client(access, sentinel, access.sentinel_user, access.sentinel_password, SENTINEL_LIMIT)
    try:
        named = client.sentinel_get_master_addr_by_name(access.master)
    except (redis.RedisError, OSError):
        return None
    finally:
        client.close()
    return None if named is None else (str(named[0]), int(named[1]))


def _answering(access: Access, place: Address) -> Any:
    client = _client(access, place, access.user, access.password, CONNECT_LIMIT)
    try:
        client.ping()
    except (redis.RedisError, OSError) as error:
        raise NotFound(f"Redis at {at(place)}: {why(error, access)}") from None
    return client


def _is_master(client: Any) -> bool:
    """One who may not look takes the sentinels' word."""
    with contextlib.suppress(redis.ResponseError):
        return str(client.info("replication")["role"]) == "master"
    return True
