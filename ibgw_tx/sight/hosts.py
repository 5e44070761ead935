"""Under which names the page may be asked for. Pure.

A browser asks in the name of the page that it shows. A stranger's page whose name has been made to point here (DNS rebinding)
would be one origin with this one, and could read it; under an address, or a name that only this host has, nobody's page can be.
"""

from __future__ import annotations

from collections.abc import Iterable

from ibgw_tx.model.loopback import is_address, is_loopback

#: What listens on all addresses of the host.
_ALL = frozenset({"0.0.0.0", "::"})
ANY = "*"


class Hosts:
    """`listened`: the host of the listening port; `own`: this machine's name; `more`: further names, `*` for all there are."""

    def __init__(self, listened: str, own: str, more: Iterable[str] = ()) -> None:
        self._listened = listened.lower()
        self._any = ANY in more
        self._names = {each.lower().rstrip(".") for each in (listened, own, own.partition(".")[0], *more) if each}

    def admits(self, header: str | None) -> bool:
        """By a request's Host header. None: no browser asks without one."""
        if header is None or self._any:
            return True
        host = _without_port(header.strip().lower())
        if is_loopback(host):
            return True
        return host.rstrip(".") in self._names or (self._listened in _ALL and is_address(host))


def _without_port(header: str) -> str:
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]
