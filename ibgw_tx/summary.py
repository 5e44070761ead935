"""One line a minute that tells an operator how a gateway is doing, whatever has or has not changed."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from ibgw_tx.assembly import Assembly
from ibgw_tx.config import Config
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.memory import resident
from ibgw_tx.status import Status
from ibgw_tx.tws.shell.session import IBSession


@attrs.define
class Worst:
    """What was worst since the last line: seconds until Redis answered, messages to TWS in a second, messages that waited."""

    lag: float = 0.0
    sent: int = 0
    waiting: int = 0


class Summary:
    """`tick` looks once a second and says the line every `summary_interval` seconds, never when that is 0.

    `session()` gives the ready session, None without one; `memory()` the bytes that the process holds, None where nobody knows.
    """

    log = Logger()

    def __init__(
        self,
        config: Config,
        parts: Assembly,
        standing: Status,
        session: Callable[[], IBSession | None],
        clock: Clock,
        memory: Callable[[], int | None] = resident,
    ) -> None:
        self._config = config
        self._interval = config.summary_interval
        self._parts = parts
        self._standing = standing
        self._session = session
        self._clock = clock
        self._memory = memory
        self._worst = Worst()
        self._since = clock.seconds()
        self._before = self._counts()

    def _counts(self) -> tuple[int, int, int]:
        acks = self._parts.acks
        return self._parts.publisher.published, acks.counts["ack"], acks.counts["refusal"]

    def tick(self) -> None:
        """Once a second."""
        if not self._interval:
            return
        session, worst = self._session(), self._worst
        worst.lag = max(worst.lag, self._standing.redis_lag)
        if session is not None:
            worst.sent = max(worst.sent, session.take_busiest())
            worst.waiting = max(worst.waiting, sum(session.budget["waiting"].values()))
        passed = self._clock.seconds() - self._since
        if passed >= self._interval:
            self._say(passed)

    def _say(self, passed: float) -> None:
        counts, parts, memory = self._counts(), self._parts, self._memory()
        published, accepted, refused = (now - before for now, before in zip(counts, self._before, strict=True))
        self.log.info(
            "{name} is {state}: {books} books, {updates:.1f} updates/s, {alive} orders alive, {accepted} acks,"
            " {refused} refusals, Redis {redis}, {sent} of {rate} messages/s to TWS, {waiting} waited, {memory} MB",
            name=self._config.name,
            state="well" if self._standing.is_true else "NOT WELL",
            books=len({feed.feed.channel.name for kind in parts.books for feed in kind.wanted.values()}),
            updates=published / passed,
            alive=parts.orders.cache.orders.open_count,
            accepted=accepted,
            refused=refused,
            redis=f"{self._worst.lag * 1000:.0f} ms" if parts.redis.up else "away",
            sent=self._worst.sent,
            rate=self._config.message_rate,
            waiting=self._worst.waiting,
            memory="?" if memory is None else round(memory / 1e6),
        )
        self._before, self._since, self._worst = counts, self._since + passed, Worst()
