"""What a gateway says of itself: the status key, the heartbeat and the log's line, all from one list of reasons (section 3).

The status is true when nothing speaks against it. Key and heartbeat agree: a heartbeat that says true goes out when Redis has
taken the key, and a key that Redis refuses makes the status false, because bots would go on reading the old one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.python.failure import Failure

from ibgw_tx.assembly import Assembly
from ibgw_tx.commands.message import Command, expect_members
from ibgw_tx.config import Config
from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from ibgw_tx.model.loopback import is_loopback
from ibgw_tx.runtime.clock import Clock
from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.supervisor import Supervisor
from ibgw_tx.runtime.version import version
from ibgw_tx.tws.api.installed import describe
from ibgw_tx.tws.shell.session import IBSession


class Status:
    """`session()` gives the ready session, None without one; `trouble()` says what keeps TWS from being reached.

    `forgotten()` is called when Redis has lost what it had without losing the connection. The service manager hears of each
    beat that was answered, and takes the gateway for started with the first that Redis has taken.
    """

    log = Logger()

    def __init__(
        self,
        config: Config,
        parts: Assembly,
        clock: Clock,
        now_ms: Callable[[], int],
        session: Callable[[], IBSession | None],
        trouble: Callable[[], str],
        forgotten: Callable[[], None],
        supervisor: Supervisor,
    ) -> None:
        self.stopping = False
        self._config = config
        self._parts = parts
        self._clock = clock
        self._now_ms = now_ms
        self._session = session
        self._trouble = trouble
        self._forgotten = forgotten
        self._supervisor = supervisor
        self._started = clock.seconds()
        #: What Redis said when it refused the key.
        self._refusal = ""
        #: Whether Redis has the key, as far as is known.
        self._stands = False
        self._said: list[str] | None = None
        #: When the oldest write of the status that Redis has not answered was sent, and how long the last answer took.
        self._asked_at: float | None = None
        self._answered_in = 0.0

    # The reasons.

    @property
    def is_true(self) -> bool:
        """Whether everything else on Redis can be trusted."""
        return not self.reasons

    @property
    def reasons(self) -> list[str]:
        """Why the status is false; none while it is true. Texts that stay the same as long as the reason does."""
        if self.stopping:
            return ["the gateway is stopping"]
        found = [*self._of_tws(), *self._of_redis()]
        # Accounts are asked for when TWS is there.
        return found or self._parts.account.reasons or self._of_books()

    def _of_tws(self) -> list[str]:
        session, connectivity = self._session(), self._parts.notices.connectivity
        if session is None:
            return [self._trouble()]
        if not connectivity.is_up:
            return [f"TWS at {self._config.tws_address} has no link to IB ({connectivity.down_by})"]
        return [] if session.is_alive else [f"TWS at {self._config.tws_address} is silent"]

    def _of_redis(self) -> list[str]:
        deaf = [] if self._parts.redis.listening else [f"no commands are heard from Redis at {self._parts.redis.address}"]
        return deaf + ([f"Redis refuses the status: {self._refusal}"] if self._refusal else [])

    def _of_books(self) -> list[str]:
        """What stands on Redis of books is of now, not of a former life of the gateway or of Redis' own."""
        parts, address = self._parts, self._parts.redis.address
        if parts.redis.books is None:
            return [f"no books can be written to Redis at {address}"]
        return [f"old books stand on Redis at {address}"] if parts.channels.owed or not parts.subscriptions.asked else []

    # Saying it.

    def beat(self) -> None:
        """Write the key, then the heartbeat; a line in the log when it, or why it is false, has changed."""
        reasons, now = self.reasons, self._now_ms()
        self._say(reasons)
        # GET gives the value before: none, where there was one, means that Redis has lost everything.
        key, value = names.status(self._config.name), jsontext.dumps([not reasons, now])
        written = self._parts.redis.call("SET", key, value, "GET").addBoth(self._timed, self._clock.seconds())
        if not written.called and self._asked_at is None:
            self._asked_at = self._clock.seconds()
        if reasons:
            self._parts.acks.heartbeat(False, now, reasons)
        written.addCallbacks(self._written, self._not_written, (not reasons, now), {}, (not reasons, now))
        written.addErrback(lambda failure: self.log.failure("the heartbeat failed", failure))

    def _timed(self, reply: Any, asked_at: float) -> Any:
        self._answered_in, self._asked_at = self._clock.seconds() - asked_at, None
        return reply

    @property
    def redis_lag(self) -> float:
        """Seconds that Redis took for the last status, or takes already."""
        waited = 0.0 if self._asked_at is None else self._clock.seconds() - self._asked_at
        return max(self._answered_in, waited)

    def _written(self, before: Any, status: bool, now: int) -> None:
        self._refusal = ""
        self._supervisor.alive(ready=True)
        lost, self._stands = self._stands and before is None, True
        if lost:
            self._forgotten()
        elif status and self.is_true:
            self._parts.acks.heartbeat(True, now)

    def _not_written(self, failure: Failure, status: bool, now: int) -> None:
        # A Redis that is away or refuses is told as the state: to start anew would not mend it, and would lose what waits for it.
        self._supervisor.alive(ready=False)
        if failure.check(RedisDown) or not self._parts.redis.up:
            # The next Redis may never have had it.
            self._stands = False
            return
        self._refusal = failure.getErrorMessage()
        self._say(self.reasons)
        if status:
            self._parts.acks.heartbeat(False, now, self.reasons)

    def _say(self, reasons: list[str]) -> None:
        if reasons == self._said:
            return
        self._said = reasons
        self._parts.acks.state(not reasons, reasons)
        self._supervisor.state(f"status false: {'; '.join(reasons)}" if reasons else "status true")
        if reasons:
            self.log.info("status of {name} is false: {reasons}", name=self._config.name, reasons="; ".join(reasons))
        else:
            self.log.info("status of {name} is true", name=self._config.name)

    def say_start(self) -> None:
        """One line for the start: who this is, whom it talks to, and what it lets pass."""
        limits = ", ".join(f"{name} {value}" for name, value in self._limits().items() if value is not None)
        self.log.info(
            "ibgateway {version} as {name}: TWS at {tws}, client id {client_id}, Redis at {redis}, limits: {limits}",
            version=version(),
            name=self._config.name,
            tws=self._config.tws_address,
            client_id=self._config.client_id,
            redis=self._config.redis_address,
            limits=limits or "none",
        )

    def _limits(self) -> dict[str, Any]:
        config = self._config
        allowed = None if config.allowed_symbols is None else ",".join(config.allowed_symbols)
        return {
            "max_quantity": config.max_quantity,
            "max_notional": config.max_notional,
            "max_orders_per_second": config.max_orders_per_second,
            "max_open_orders": config.max_open_orders,
            "price_collar": config.price_collar,
            "allowed_symbols": allowed,
        }

    # STATUS.

    def _is_remote(self) -> bool:
        """Whether TWS is known to be on another host."""
        session = self._session()
        return is_loopback(self._config.tws_host) is False or (session is not None and session.is_remote)

    async def command(self, command: Command) -> dict[str, Any]:
        """STATUS: a `result` with everything that an operator asks first. It needs no TWS."""
        expect_members(command.params)
        self._parts.followups.later(command, self._tell(command))
        return {}

    async def _tell(self, command: Command) -> None:
        self._parts.followups.result(command, **self.document())

    def document(self) -> dict[str, Any]:
        """What STATUS tells; ages in seconds, `null` for what is not there."""
        config, parts, session, now = self._config, self._parts, self._session(), self._clock.seconds()
        return {
            "status": self.is_true,
            "reasons": self.reasons,
            "name": config.name,
            "versions": {
                "ibgateway": version(),
                "ibapi": describe(),
                "server": None if session is None else session.client.server_version,
            },
            "addresses": {"tws": config.tws_address, "redis": parts.redis.address},
            "remote": {"tws": self._is_remote(), "allowed": config.allow_remote},
            "clientId": config.client_id,
            "accounts": [] if session is None else list(session.accounts),
            "limits": self._limits(),
            "halt": parts.order_entry.halt.reason,
            "orders": {"trusted": parts.orders.is_running, "open": parts.orders.cache.orders.open_count},
            "messages": {"rate": config.message_rate, **({} if session is None else session.budget)},
            "subscriptions": {
                books.kind: sorted(each.feed.channel.name for each in books.wanted.values()) for books in parts.books
            },
            "ages": {
                "gateway": round(now - self._started, 3),
                "session": None if session is None else round(now - session.ready_at, 3),
                "heard": None if session is None else round(session.silence, 3),
            },
        }
