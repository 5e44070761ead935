"""What TWS is at the other end: its version, the ibapi between, and those of TWS's own settings that hurt.

Kept at `IBGateway:{name}:tws` for bots and operators, at every version; the settings from server version 219 on, asked for once
a session. What is not known is null: without a session nothing of the last one stands.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.python.failure import Failure

from ibgw_tx.model import events
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import PacingFull, RequestTimeout, SessionLost, TWSError
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.runtime.log import Logger
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.own_settings import HURTING, SINCE, Warning, hurting, settings_of
from ibgw_tx.tws.shell.asker import Asker


class SelfCheck:
    """The document, and the lines about what hurts. `ibapi` says which one is installed, `address` is TWS's."""

    log = Logger()

    def __init__(self, name: str, redis: RedisLink, asker: Asker, now_ms: Callable[[], int], ibapi: str, address: str) -> None:
        self._key = names.tws(name)
        self._redis = redis
        self._asker = asker
        self._now_ms = now_ms
        self._ibapi = ibapi
        self._address = address
        self._version: int | None = None
        self._connected_at: int | None = None
        #: TWS's settings; None while they are not known.
        self.settings: dict[str, Any] | None = None
        self.warnings: tuple[Warning, ...] = ()

    @property
    def flags(self) -> dict[str, bool]:
        """Of every setting that can hurt: whether it is known to."""
        return {warning.setting: warning in self.warnings for warning in HURTING}

    def session_ready(self, client: TWSClient) -> None:
        """A new session: who is at the other end; its settings follow."""
        self._version, self._connected_at = client.server_version, int(self._now_ms())
        self._forget()
        self.write()
        if client.server_version >= SINCE:
            asked = self._asker.ask("TWS's settings", client.ask_settings)
            asked.addCallbacks(self._answered, self._not_told)
            asked.addErrback(lambda failure: self.log.failure("TWS's settings are not told", failure))

    def session_lost(self) -> None:
        """Nothing of it is true any more."""
        self._version = self._connected_at = None
        self._forget()
        self.write()

    def _forget(self) -> None:
        self.settings, self.warnings = None, ()

    def told(self, event: events.OwnSettings) -> None:
        """TWS's answer."""
        self._asker.add(event.req_id, event.settings)
        self._asker.end(event.req_id)

    def _answered(self, answers: list[Any]) -> None:
        self.settings = settings_of(answers[-1])
        self.warnings = hurting(self.settings)
        for warning in self.warnings:
            self.log.warn(
                "a setting of TWS at {address} hurts: {text} ({setting})",
                address=self._address,
                text=warning.text,
                setting=warning.setting,
            )
        self.write()

    def _not_told(self, failure: Failure) -> None:
        if failure.check(SessionLost):
            return
        failure.trap(TWSError, RequestTimeout, PacingFull)
        self.log.warn(
            "TWS at {address} does not tell its settings: {error}", address=self._address, error=failure.getErrorMessage()
        )

    def write(self) -> None:
        """The whole document; Redis may have lost it."""
        document = {
            "serverVersion": self._version,
            "ibapi": self._ibapi,
            "connectedAt": self._connected_at,
            "settings": self.settings,
            "warnings": [{"setting": warning.setting, "text": warning.text} for warning in self.warnings],
        }
        self._redis.tell("SET", self._key, jsontext.dumps(document))
