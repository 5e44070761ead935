"""Attempts at a connection to Redis that came to nothing, and why, in words for an operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import defer
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

from ibgw_tx.model import advice
from ibgw_tx.redis.shell.tls import NotTrusted
from ibgw_tx.redis.shell.way import NoMaster


@implementer(IStreamClientEndpoint)
class Attempts:
    """An endpoint whose failures are told."""

    def __init__(self, endpoint: Any, unreached: Callable[[Failure], None] | None) -> None:
        self._endpoint, self._unreached = endpoint, unreached

    def connect(self, factory: Any) -> defer.Deferred[Any]:
        attempt: defer.Deferred[Any] = self._endpoint.connect(factory)
        return attempt.addErrback(self._told)

    def _told(self, failure: Failure) -> Failure:
        if self._unreached is not None and not failure.check(defer.CancelledError):
            self._unreached(failure)
        return failure


def cannot_be_reached(failure: Failure) -> str:
    """The trouble of a connection that was never made, with what to do next."""
    if failure.check(NotTrusted):
        return f"is not trusted: {failure.getErrorMessage()}"
    if failure.check(NoMaster):
        return f"has no master: {failure.getErrorMessage()}"
    next_step = advice.unreached(type(failure.value).__name__, "REDIS_HOST", "REDIS_PORT", "redis-server")
    return f"cannot be reached: {failure.getErrorMessage().rstrip('.')}; {next_step}"
