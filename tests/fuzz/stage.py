"""A gateway at work in memory, for fuzzers: two orders alive, one of them partly filled, and a book with both its feeds.

It is the same to the last byte each time it is made, so that a found case is found again. `Stage.made` keeps one as long as
nothing has changed that can be seen: most of what a fuzzer says has no effect, and a new one costs most of the time. What is
found on one that was used before is looked at again on a new one (`twice`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from twisted.logger import LogLevel, globalLogPublisher

from ibgw_tx.model import keys
from ibgw_tx.tws.shell.handshake import Phase
from tests.kit.asyncapi import complaint
from tests.kit.books import check_book
from tests.kit.market import NAME, Market

TEXT, PROTOBUF = 157, 226
CONTRACT = {"exchange": "NASDAQ", "showName": "USD-AAPL"}
#: Figures that IB writes for "none": no bot may ever see one.
SENTINELS = (1.7976931348623157e308, 170141183460469231731687303715884105727)
#: Inputs for one of them at the most.
USES = 50
#: Keys that change with the time alone.
_TIMED = frozenset({keys.status(NAME), keys.lease(NAME), keys.tws(NAME)})


class Violated(AssertionError):
    """What must hold does not."""


def twice(check: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """A check whose findings are looked at again on a new stage; what is not found there is the former inputs' doing."""

    def checked(data: bytes) -> None:
        try:
            check(data)
        except Exception:
            Stage.forget()
            try:
                check(data)
            finally:
                Stage.forget()

    return checked


class Stage:
    """One gateway at work. `failures` are the log's failing events since they were last taken."""

    _kept: dict[int, tuple[Stage, Any]] = {}

    def __init__(self, version: int) -> None:
        self.version = version
        self.uses = 0
        self.failures: list[dict[str, Any]] = []
        with self.watched():
            self.market = Market(**{"max-server-version": str(version), "max-command-age": "5"})
            for account in self.market.simulator.office.accounts.values():
                # One position is as good as thirty, and sooner there.
                for con_id in list(account.positions)[1:]:
                    del account.positions[con_id]
            self.market.connect()
            self.market.passes(0.5)
            self._trade()
        assert not self.failures and self.market.status, self.failures
        self.market.said.clear()

    def _trade(self) -> None:
        for cmd in ("SUB_ODBK", "SUB_TOP"):
            self.market.send(cmd, **CONTRACT)
            self.market.settle()
        best = next(said for channel, said in reversed(self.market.said) if channel.endswith(":full_odbk_channel"))[1][0]["p"]
        resting = {"T": "buy", "s": 100, "p": 100.0, "client_oid": "rests"}
        partly = {"T": "buy", "s": 1_000_000, "p": best, "client_oid": "partly"}
        for order in (resting, partly):
            self.market.send("PLACE_ORDER", **CONTRACT, order=order)
            self.market.settle()
        self.market.passes(0.5)
        orders = self.market.hash()
        assert 0 < orders["partly"]["executed"] < orders["partly"]["s"] and orders["rests"]["alive"], orders
        acks = [ack for acks in self.market.acks.values() for ack in acks]
        assert len(acks) == 4 and all(ack["ok"] for ack in acks), acks

    @classmethod
    def made(cls, version: int, fresh: bool = False) -> Stage:
        """One that is as it was when it was made."""
        kept = cls._kept.pop(version, None)
        if kept is not None:
            stage, was = kept
            stage.uses += 1
            if not fresh and stage.uses < USES and stage.is_at_work and stage.state() == was:
                cls._kept[version] = kept
                stage.market.said.clear()
                stage.failures.clear()
                return stage
            stage.market.stop()
        stage = cls(version)
        cls._kept[version] = stage, stage.state()
        return stage

    @classmethod
    def forget(cls) -> None:
        """The next one is a new one."""
        for stage, _ in cls._kept.values():
            stage.market.stop()
        cls._kept.clear()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note what fails meanwhile."""
        globalLogPublisher.addObserver(self._observe)
        try:
            yield
        finally:
            globalLogPublisher.removeObserver(self._observe)

    def _observe(self, event: dict[str, Any]) -> None:
        if "log_failure" in event or event.get("log_level") is LogLevel.critical:
            self.failures.append(event)

    @property
    def session(self) -> Any:
        """The session with TWS, None while there is none."""
        wire = self.market.life.wire
        return None if wire is None else wire.protocol

    @property
    def is_at_work(self) -> bool:
        """Whether the session of its making is still there."""
        return self.session is not None and self.session.phase is Phase.READY

    def state(self) -> Any:
        """All that is kept on Redis but the time, and what is under way."""
        values, hashes = self.market.memory
        gateway = self.market.life.gateway
        parts = gateway.assembly
        return (
            {key: value for key, value in values.items() if key not in _TIMED and not key.endswith(":orderbook")},
            self.orders(),
            {key: dict(fields) for key, fields in hashes.items() if ":O:" not in key},
            (gateway.status, parts.orders.is_running, parts.notices.connectivity.is_up, self.session and self.session.accounts),
            [sorted(map(str, books.wanted)) for books in parts.books],
            (sorted(parts.asker._open), parts.dispatcher.under_way),
        )

    def orders(self) -> dict[str, dict[bytes, Any]]:
        """Each order hash, without the time of its last write."""
        _, hashes = self.market.memory
        return {
            key: {field: json.loads(text) for field, text in fields.items() if field != b"t"}
            for key, fields in hashes.items()
            if ":O:" in key
        }

    def check_said(self) -> None:
        """Everything published since the last time is what docs/asyncapi.yaml promises; the orders' history makes sense."""
        for channel, content in self.market.said:
            found = complaint(channel, content)
            if found is not None:
                raise Violated(found)
            if channel.endswith(":full_odbk_channel"):
                check_book(content, may_lock=True)
        self._check_history([content for channel, content in self.market.said if channel.endswith(":O_channel")])
        fills = [fill["execId"] for channel, fill in self.market.said if channel.endswith(":fills") and not fill.get("update")]
        if len(set(fills)) < len(fills):
            raise Violated(f"a fill told twice: {fills}")

    def _check_history(self, orders: list[dict[str, Any]]) -> None:
        before: dict[str, dict[str, Any]] = {}
        for order in orders:
            was = before.get(order["i"])
            if was is not None and not order.get("corrected"):
                if was["status"] == "Filled" != order["status"]:
                    raise Violated(f"filled, and then not: {was} {order}")
                if was["executed"] > order["executed"]:
                    raise Violated(f"less executed than before: {was} {order}")
            before[order["i"]] = order

    def check_kept(self) -> None:
        """Every value on Redis that is JSON is strict JSON without any figure that means none."""
        values, hashes = self.market.memory
        for key, text in values.items():
            if key.startswith("IBGateway:") or key.endswith(":orderbook"):
                _check_text(key, text)
        for key, fields in hashes.items():
            if ":O:" in key:
                for text in fields.values():
                    _check_text(key, text)


def _check_text(key: str, text: bytes) -> None:
    if text[:1] in (b"{", b"["):
        _check_figures(key, json.loads(text, parse_constant=lambda word: _no_figure(key, word)))


def _no_figure(key: str, word: str) -> None:
    raise Violated(f"{key} has {word}")


def _check_figures(key: str, found: Any) -> None:
    if isinstance(found, dict | list):
        for each in found.values() if isinstance(found, dict) else found:
            _check_figures(key, each)
    elif isinstance(found, float | int) and (found in SENTINELS or not math.isfinite(found)):
        raise Violated(f"{key} has {found}")
