"""The gateway: the only place that knows all parts. It passes on what happens to whom it concerns, in the right order.

When the session is ready, or TWS has its link to IB again: account snapshot, books. When either is lost: books emptied,
status false, nothing queued. On a clean stop: status false and empty books are on Redis before its connections close.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from ibgw_tx import codes, commands, errors, events, jsontext, names
from ibgw_tx.accountdesk import AccountDesk
from ibgw_tx.asking import Asker
from ibgw_tx.bookcommands import BookCommands
from ibgw_tx.commanddesk import CommandDesk
from ibgw_tx.commands import Command
from ibgw_tx.config import Config
from ibgw_tx.contractdesk import ContractDesk
from ibgw_tx.depthdesk import DepthDesk
from ibgw_tx.errors import CommandError
from ibgw_tx.linkstate import SYSTEM_CODES, Change, LinkState
from ibgw_tx.log import Logger
from ibgw_tx.periodic import PeriodicService
from ibgw_tx.publisher import KEY_INTERVAL, BookPublisher
from ibgw_tx.redislink import RedisLink
from ibgw_tx.session import IBSession, IBSessionFactory
from ibgw_tx.sessionlink import IBLink
from ibgw_tx.shelf import BookShelf
from ibgw_tx.subscriptionstore import SubscriptionStore

HEARTBEAT = 1.0  # seconds
STOP_LIMIT = 2.0  # seconds for each step of a clean stop
#: Seconds TWS may be without its link to IB before the session is started over: the 1102 may have been lost.
LINK_PATIENCE = 300.0


class Gateway(MultiService):
    """The service tree of one gateway, and the listener of its sessions."""

    log = Logger()

    def __init__(self, config: Config, reactor: Any) -> None:
        super().__init__()
        self.setName(f"ibgateway-{config.name}")
        self._name = config.name
        self._reactor = reactor
        self._session: IBSession | None = None
        self._link_state = LinkState()
        self._link_down_since: float | None = None
        self._status: bool | None = None
        self._build(config, reactor)

    def _build(self, config: Config, reactor: Any) -> None:
        now = self.now_ms
        self.redis = RedisLink(
            config.redis_host, config.redis_port, config.redis_password, names.commands(config.name), reactor
        )
        self.asker = Asker(reactor)
        self.shelf = BookShelf()
        self.publisher = BookPublisher(self.shelf, self.redis, now)
        self.contracts = ContractDesk(self.asker, self.redis, now)
        self.store = SubscriptionStore(config.name, self.redis)
        self.depth = DepthDesk(self.shelf, self.publisher, self.asker, now, self.store.keep, self.store.drop)
        self.account = AccountDesk(config.name, config.account, self.contracts, self.redis, reactor, self.beat)
        books = BookCommands(self.contracts, self.depth, self.check_link)
        handlers = {"SUB_ODBK": books.subscribe, "UNSUB_ODBK": books.unsubscribe, "RESET": self.reset}
        self.desk = CommandDesk(handlers, self.say, now, int(config.max_command_age * 1000))
        hot = {b"12": self.shelf.depth, b"13": self.shelf.depth_l2}
        factory = IBSessionFactory(config.client_id, self, hot, reactor)
        self.ib = IBLink(config.tws_host, config.tws_port, factory, reactor)
        self.redis.on_message = self.desk.message
        self.redis.on_up.append(self._redis_up)
        for child in (
            self.redis,
            self.ib,
            PeriodicService("heartbeat", HEARTBEAT, self.beat, reactor),
            PeriodicService("balance", 1.0, self.account.tick, reactor),
            PeriodicService("books", 1.0, self._tend_books, reactor),
            PeriodicService("book keys", KEY_INTERVAL, self.publisher.flush_keys, reactor),
        ):
            child.setServiceParent(self)
        self._told: dict[type, Callable[[Any], None]] = {
            events.ContractHit: self.contracts.hit,
            events.ContractEnd: self.contracts.end,
            events.AccountValue: self.account.value,
            events.PortfolioRow: self.account.row,
            events.AccountDownloadEnd: self.account.download_end,
            events.Notice: self._noticed,
        }

    def now_ms(self) -> int:
        """Epoch ms."""
        return int(self._reactor.seconds() * 1000)

    # Status.

    @property
    def is_linked(self) -> bool:
        """The session is ready and TWS says that it is connected to IB."""
        return self._session is not None and self._link_state.link_up

    @property
    def status(self) -> bool:
        """Section 3: linked, heard from lately, and the account's snapshot of this session is on Redis."""
        alive = self._session is not None and self._session.is_alive
        return alive and self.is_linked and self.account.snapshot_written and bool(self.running)

    def check_link(self) -> None:
        """Raise CommandError (not_connected) unless TWS can be asked now."""
        if self._session is None:
            raise CommandError(errors.NOT_CONNECTED, "there is no session with TWS")
        if not self._link_state.link_up:
            raise CommandError(errors.NOT_CONNECTED, "TWS has lost its link to IB")

    def beat(self) -> None:
        """Write the status and send the heartbeat; log when it has changed."""
        status = self.status
        now = self.now_ms()
        if status is not self._status:
            self._status = status
            self.log.info("status of {name} is {status}", name=self._name, status="true" if status else "false")
        self.redis.tell("SET", names.status(self._name), jsontext.dumps([status, now]))
        self.say(commands.heartbeat(status, now))
        self._check_link_patience()

    def say(self, message: bytes) -> None:
        """Publish on the ACK channel."""
        self.redis.publish(names.acks(self._name), message)

    def _check_link_patience(self) -> None:
        since = self._link_down_since
        if self._session is not None and since is not None and self._reactor.seconds() - since > LINK_PATIENCE:
            self._session.abort(f"no link to IB for {LINK_PATIENCE:.0f} s; starting over")

    def _tend_books(self) -> None:
        alive = self._session is not None and self._session.is_alive and self._link_state.link_up
        self.depth.tend(alive)
        self.publisher.flush()

    # The session.

    def sessionReady(self, session: IBSession) -> None:
        """A new session: everything is asked anew."""
        self._session = session
        self._link_state = LinkState()
        self._link_down_since = None
        self.contracts.client = session.client
        self._link_up()

    def sessionLost(self, session: IBSession, reason: str) -> None:
        """Whatever came over this session can no longer be trusted."""
        if self._session is not session:
            return
        self._session = None
        self.contracts.client = None
        self._link_lost(session_lost=True)
        self.asker.session_lost()

    def told(self, event: Any) -> None:
        """Pass one record of TWS on."""
        take = self._told.get(type(event))
        if take is not None:
            take(event)

    def turnEnded(self) -> None:
        """One read from TWS has been taken in: what changed goes out."""
        self.publisher.flush()

    def _link_up(self) -> None:
        assert self._session is not None
        self._link_down_since = None
        self.account.link_up(self._session.client, self._session.accounts)
        self.depth.link_up(self._session.client)

    def _link_lost(self, session_lost: bool) -> None:
        self.depth.link_down(session_lost)
        self.account.link_down()
        self.publisher.flush()
        self.beat()

    # Notices.

    def _noticed(self, notice: events.Notice) -> None:
        if notice.code in SYSTEM_CODES or notice.id < 0:
            self._system_notice(notice)
            return
        if codes.fails_request(notice.code) and self.asker.refuse(notice.id, notice.code, notice.text):
            return
        subscription = self.depth.noticed(notice)
        if subscription is not None and subscription.owner is not None:
            owner = subscription.owner
            self.say(commands.tws_error(owner.id, owner.cmd, notice.code, notice.text, self.now_ms()))
        elif subscription is not None or notice.code not in codes.LATE_CANCEL_ECHOES:
            self._say_message(notice)

    def _system_notice(self, notice: events.Notice) -> None:
        self._say_message(notice)
        change = self._link_state.notice(notice.code, notice.text)
        if notice.code == codes.TOO_FAST:
            self.log.error("TWS says {code}: {text}", code=notice.code, text=notice.text)
        if change is None:
            self.log.debug("TWS says {code}: {text}", code=notice.code, text=notice.text)
            return
        self.log.info("{change} ({code}: {text})", change=change.value, code=notice.code, text=notice.text)
        if self._session is not None:
            self._link_changed(change)

    def _link_changed(self, change: Change) -> None:
        if change is Change.LINK_LOST:
            self._link_down_since = self._reactor.seconds()
            self._link_lost(session_lost=False)
        elif change is Change.LINK_RESTORED:
            self._link_up()
        elif change in (Change.FARM_BROKEN, Change.FARM_OK):
            self.depth.farms_changed(farm_broken=change is Change.FARM_BROKEN)
            self.publisher.flush()

    def _say_message(self, notice: events.Notice) -> None:
        self.say(commands.tws_message(notice.code, notice.text, self.now_ms()))

    # Commands that concern all.

    async def reset(self, command: Command) -> dict[str, Any]:
        """RESET: caches, snapshot and subscriptions as on a new connection."""
        commands.expect_members(command.params)
        self.check_link()
        self.log.info("RESET by command {id!r}", id=command.id)
        self._link_lost(session_lost=False)
        self.contracts.forget()
        self._link_up()
        return {}

    # Redis.

    def _redis_up(self) -> None:
        """Redis may have come back empty: write everything again."""
        self.beat()
        self.contracts.restore()
        self.account.redis_up()
        self.store.redis_up(self.depth).addErrback(lambda failure: self.log.failure("subscriptions", failure))

    # Stop.

    def stopService(self) -> Deferred[Any]:
        """Tell the end on Redis, then close TWS, then Redis; each step within STOP_LIMIT."""
        self.running = 0
        self.depth.link_down(session_lost=True)
        self.publisher.flush()
        self.publisher.flush_keys()
        self.beat()
        told = self.redis.call("PING").addErrback(lambda _: None)
        told.addTimeout(STOP_LIMIT, self._reactor).addErrback(self._stopped_late)
        return told.addCallback(lambda _: self._stop_children())

    def _stopped_late(self, failure: Failure) -> None:
        self.log.warn("Redis did not confirm the last status within {limit:.0f} s", limit=STOP_LIMIT)

    def _stop_children(self) -> Deferred[Any]:
        stopping = [child.stopService() for child in reversed(list(self))]
        closed: Deferred[Any] = DeferredList([d for d in stopping if d is not None], consumeErrors=True)
        return closed.addTimeout(STOP_LIMIT, self._reactor).addErrback(lambda _: None)
