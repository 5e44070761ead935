"""Listening on a port, or one line why not: for whoever starts ibsim by hand the usual mistake is a port in use."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory


class CannotServe(SystemExit, Exception):
    """Ends the program with its one line and exit status 1.

    An Exception as well: twistd removes its pid file for those alone.
    """


def listen(reactor: Any, port: int, factory: Factory, interface: str) -> Any:
    """The IListeningPort; raises CannotServe."""
    try:
        return reactor.listenTCP(port, factory, interface=interface)
    except CannotListenError as error:
        reason = getattr(error.socketError, "strerror", None) or error.socketError
        raise CannotServe(f"ibsim: cannot listen on {interface}:{port}: {reason}") from None
