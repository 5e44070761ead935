"""The gateway: it passes on what happens to whom it concerns, in the right order. Its parts are put together in assembly.py.

When the session is ready, or TWS has its link to IB again: orders, account snapshots, rules, books. When either is lost: first
the marks of trust of the orders go, then books are emptied, the status turns false, and nothing is queued. On a clean stop all of
that is on Redis before its connections close.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ibgw_tx.assembly import Assembly
from ibgw_tx.chores import Chores
from ibgw_tx.commands.message import Command
from ibgw_tx.config import Config
from ibgw_tx.lease.shell.lease import Lease
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError
from ibgw_tx.redis.shell.link import RedisLink
from ibgw_tx.reset import Reset
from ibgw_tx.runtime.log import Logger
from ibgw_tx.runtime.supervisor import Supervisor
from ibgw_tx.runtime.waits import within
from ibgw_tx.runtime.wall_clock import WallClock
from ibgw_tx.status import Status
from ibgw_tx.summary import Summary
from ibgw_tx.tws.api.client import MAX_VERSION
from ibgw_tx.tws.connectivity import Change
from ibgw_tx.tws.shell.link import IBSessionFactory, TWSLink
from ibgw_tx.tws.shell.recorder import Recorder
from ibgw_tx.tws.shell.session import IBSession

STOP_LIMIT = 2.0  # seconds for each step of a clean stop
#: Seconds TWS may be without its link to IB before the session is started over: the 1102 may have been lost.
LINK_PATIENCE = 300.0


class Gateway(MultiService):
    """The service tree of one gateway, and the listener of its sessions."""

    log = Logger()

    def __init__(
        self,
        config: Config,
        reactor: Any,
        wall: Callable[[], float] | None = None,
        make_redis: Callable[..., RedisLink] = RedisLink,
        lease: Lease | None = None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """`reactor` runs on a steady clock; `wall` gives epoch seconds (None: the reactor's own, as in tests).

        `lease` is held; None: there is no other gateway of this name. `supervisor`, the process' own, hears how it is.
        """
        super().__init__()
        self.setName(f"ibgateway-{config.name}")
        self._config = config
        self._reactor = reactor
        self._supervisor = supervisor or Supervisor()
        self.clock = WallClock(reactor, wall)
        self._session: IBSession | None = None
        self._link_down_since: float | None = None
        #: TWS has its link to IB again; everything is asked anew when its read has been taken in.
        self._link_is_back = False
        self._reset = Reset(reactor, self.linked_session, self._start_over, lambda: self.assembly)
        own = {"RESET": self._reset.command, "STATUS": self._tell_status}
        self.assembly = Assembly(
            config, reactor, self.clock, self.linked_session, self.beat, self._connectivity_changed, own, make_redis, lease
        )
        self.redis = self.assembly.redis
        self.redis.on_message = self.assembly.dispatcher.message
        self.redis.on_up.append(self._redis_up)
        self.redis.on_listening = self.beat
        self.redis.on_down.append(self.assembly.orders.redis_down)
        self._listeners = self.assembly.listeners()
        self._make_services()

    def _make_services(self) -> None:
        config, reactor, parts = self._config, self._reactor, self.assembly
        self.recorder = Recorder(config.record, not config.record_accounts, reactor) if config.record else None
        hot, rate = parts.hot_messages(), config.message_rate
        newest = min(config.max_server_version or MAX_VERSION, MAX_VERSION)
        own = parts.hot_protobuf(), parts.traffic, parts.shortcuts()
        make = partial(IBSession, config.client_id, self, hot, reactor, self.recorder, rate, newest, *own)
        factory = IBSessionFactory(make, reactor, config.tws_address, config.allow_remote)
        self.ib = TWSLink(config.tws_host, config.tws_port, factory, reactor)
        now, trouble, forgotten = self.clock.now_ms, (lambda: factory.trouble), self._redis_up
        self.standing = Status(config, parts, reactor, now, lambda: self._session, trouble, forgotten, self._supervisor)
        summary = Summary(config, parts, self.standing, lambda: self._session, reactor)
        self.chores = Chores(parts, self.beat, lambda: self.is_linked, lambda: self.is_alive, summary.tick)
        for child in (self.redis, self.ib, parts.command_stream(reactor), *self.chores.services(reactor)):
            child.setServiceParent(self)

    def startService(self) -> None:
        """Everything begins."""
        self.standing.say_start()
        super().startService()

    # Status.

    @property
    def is_linked(self) -> bool:
        """The session is ready and TWS says that it is connected to IB."""
        return self._session is not None and self.assembly.notices.connectivity.is_up

    @property
    def is_alive(self) -> bool:
        """Linked, and heard from lately."""
        return self.is_linked and self._session is not None and self._session.is_alive

    @property
    def status(self) -> bool:
        """Section 3."""
        return self.standing.is_true

    async def _tell_status(self, command: Command) -> dict[str, Any]:
        return await self.standing.command(command)

    def linked_session(self) -> IBSession:
        """The session, when TWS can be asked now. Raises CommandError (not_connected)."""
        if self._session is None:
            raise CommandError(errors.NOT_CONNECTED, "there is no session with TWS")
        if not self.assembly.notices.connectivity.is_up:
            raise CommandError(errors.NOT_CONNECTED, "TWS has lost its link to IB")
        return self._session

    def beat(self) -> None:
        """Once a second, and when something has changed: status and heartbeat; and what only time tells."""
        self.clock.look()
        self.standing.beat()
        self._check_link_patience()

    def _check_link_patience(self) -> None:
        since = self._link_down_since
        if self._session is not None and since is not None and self._reactor.seconds() - since > LINK_PATIENCE:
            self._session.abort(f"no link to IB for {LINK_PATIENCE:.0f} s; starting over")

    # The session.

    def sessionReady(self, session: IBSession) -> None:
        """A new session: everything is asked anew."""
        self._session = session
        self.assembly.session_ready(session)
        if self.assembly.notices.connectivity.is_up:
            self._link_up(same_session=False)
        else:
            # TWS has said so before it was ready; 1101 or 1102 will follow.
            self._link_down_since = self._reactor.seconds()

    def sessionLost(self, session: IBSession, reason: str) -> None:
        """Whatever came over this session can no longer be trusted."""
        self.assembly.notices.session_lost()
        self._link_is_back = False
        if self._session is not session:
            return
        self._session = None
        self._link_down_since = None
        self.assembly.contracts.client = None
        self._link_lost(session_lost=True)
        self.assembly.session_lost()

    def told(self, event: Any) -> None:
        """Pass one record of TWS on."""
        take = self._listeners.get(type(event))
        if take is not None:
            take(event)

    def turnEnded(self) -> None:
        """One read from TWS has been taken in: what changed goes out, orders first."""
        if self._link_is_back:
            self._link_is_back = False
            self._link_up(same_session=True)
        self.assembly.orders.turn_ended()
        self.assembly.publisher.flush()

    def requestSent(self, req_id: int) -> None:
        """What waited for TWS's message rate has left."""
        self.assembly.request_sent(req_id)

    def _link_up(self, same_session: bool) -> None:
        if self._session is None or self.standing.stopping:
            # A stop has told the end already; nothing may be marked as trusted after it.
            return
        self._link_down_since = None
        client = self._session.client
        self.assembly.orders.link_up(client)
        self.assembly.account.link_up(client, self._session.accounts, same_session)
        self.assembly.rules.link_up(client)
        for books in self.assembly.books:
            books.link_up(client)
        for follower in self.assembly.followers:
            follower.link_up(client)

    def _link_lost(self, session_lost: bool) -> None:
        self.assembly.orders.link_down(session_lost)
        self.assembly.order_entry.link_down()
        for books in self.assembly.books:
            books.link_down(session_lost)
        for follower in self.assembly.followers:
            follower.link_down(session_lost)
        self.assembly.rules.link_down()
        if session_lost:
            self.assembly.account.link_down()
        else:
            # Its requests stay for now: link_up ends them.
            self.assembly.account.suspend()
        self.assembly.publisher.flush()
        self.beat()

    def _connectivity_changed(self, change: Change) -> None:
        if self._session is None:
            return
        if change is Change.LINK_LOST:
            self._link_down_since = self._reactor.seconds()
            self._link_is_back = False
            self._link_lost(session_lost=False)
        elif change is Change.LINK_RESTORED:
            # TWS says it several times in one read.
            self._link_is_back = True
        elif change in (Change.FARM_BROKEN, Change.FARM_OK, Change.FARM_READY):
            outage = self.assembly.notices.connectivity.has_broken_data_farm
            for books in self.assembly.books:
                books.farms_changed(farm_broken=change is Change.FARM_BROKEN, outage=outage)
            self.assembly.publisher.flush()

    def _start_over(self) -> None:
        self._link_lost(session_lost=False)
        self.assembly.contracts.forget()
        self._link_up(same_session=True)

    # Redis.

    def _redis_up(self) -> None:
        """Redis may have come back empty: write everything again."""
        parts = self.assembly
        # Marks of trust that it may have kept go before anything is said; what the status promises is written before it is true.
        orders = parts.orders.redis_up()
        parts.account.redis_up()
        parts.self_check.write()
        self.beat()
        parts.contracts.restore()
        parts.rules.restore()
        parts.greeks.redis_up()
        for follower in parts.followers:
            follower.redis_up()
        for what, done in (
            ("orders", orders),
            ("subscriptions", parts.subscriptions.redis_up(*parts.books)),
            ("bars", parts.bar_commands.redis_up()),
            ("order entry", Deferred.fromCoroutine(parts.order_entry.redis_up())),
        ):
            done.addErrback(self._not_restored, what)

    def _not_restored(self, failure: Failure, what: str) -> None:
        if self.redis.up:
            address = self.redis.address
            self.log.failure("{what}: Redis at {address} was not read or written", failure, what=what, address=address)

    # Stop.

    def cut(self) -> None:
        """Another gateway has this one's name: nothing is said any more, on Redis or to TWS. stopService follows."""
        self.redis.cut()
        if self._session is not None:
            self._session.abort("the name is another gateway's now")

    def stopService(self) -> Deferred[Any]:
        """Tell the end on Redis, then close TWS, then Redis; each step within STOP_LIMIT."""
        self.standing.stopping = True
        self._link_lost(session_lost=True)
        self.assembly.self_check.session_lost()
        if self._session is not None:
            self._session.withdraw()
            self.assembly.order_entry.session_lost()
        self.assembly.last_words()
        self.assembly.publisher.flush_keys()
        told = within(STOP_LIMIT, self.redis.call("PING"), self._reactor).addErrback(self._stopped_late)
        return told.addCallback(lambda _: self._stop_children())

    def _stopped_late(self, failure: Failure) -> None:
        self.log.warn(
            "Redis at {address} did not confirm the last status: {error}",
            address=self.redis.address,
            error=failure.getErrorMessage(),
        )

    def _stop_children(self) -> Deferred[Any]:
        if self.recorder is not None:
            self.recorder.close()
        return within(STOP_LIMIT, super().stopService(), self._reactor).addErrback(self._closed_late)

    def _closed_late(self, failure: Failure) -> None:
        self.log.warn("not everything was closed: {error}", error=failure.getErrorMessage())
