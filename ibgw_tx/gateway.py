"""The gateway: the only place that knows all parts. It passes on what happens to whom it concerns, in the right order.

When the session is ready, or TWS has its link to IB again: account snapshots, rules, books. When either is lost: books
emptied, status false, nothing queued. On a clean stop: status false and empty books are on Redis before its connections close.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from ibgw_tx import commands, errors, events, jsontext, names
from ibgw_tx.accountdesk import AccountDesk
from ibgw_tx.asking import Asker
from ibgw_tx.bookcommands import BookCommands
from ibgw_tx.commanddesk import CommandDesk, Handler
from ibgw_tx.commands import Command
from ibgw_tx.config import Config
from ibgw_tx.contractdesk import ContractDesk
from ibgw_tx.depthdesk import DepthDesk
from ibgw_tx.errors import CommandError
from ibgw_tx.linkstate import Change, LinkState
from ibgw_tx.log import Logger
from ibgw_tx.notices import NoticeRouter
from ibgw_tx.periodic import PeriodicService
from ibgw_tx.publisher import KEY_INTERVAL, BookPublisher
from ibgw_tx.querycommands import QueryCommands
from ibgw_tx.redislink import RedisLink
from ibgw_tx.ruledesk import RuleDesk
from ibgw_tx.session import IBSession, IBSessionFactory
from ibgw_tx.sessionlink import IBLink
from ibgw_tx.shelf import BookShelf
from ibgw_tx.subscriptionstore import SubscriptionStore
from ibgw_tx.topdesk import TopDesk
from ibgw_tx.topshelf import TopShelf

HEARTBEAT = 1.0  # seconds
STOP_LIMIT = 2.0  # seconds for each step of a clean stop
REFRESH = 3600.0  # seconds between two looks for contracts that are a day old
#: Seconds TWS may be without its link to IB before the session is started over: the 1102 may have been lost.
LINK_PATIENCE = 300.0


class Gateway(MultiService):
    """The service tree of one gateway, and the listener of its sessions."""

    log = Logger()

    def __init__(self, config: Config, reactor: Any) -> None:
        super().__init__()
        self.setName(f"ibgateway-{config.name}")
        self._config = config
        self._name = config.name
        self._reactor = reactor
        self._session: IBSession | None = None
        self._link_down_since: float | None = None
        self._status: bool | None = None
        self._make_parts()
        self._told = self._listeners()
        self._make_services()

    # Assembly.

    def _make_parts(self) -> None:
        config, now, clock = self._config, self.now_ms, self._reactor
        self.redis = RedisLink(
            config.redis_host, config.redis_port, config.redis_password, names.commands(config.name), self._reactor
        )
        self.asker = Asker(clock)
        self.shelf = BookShelf()
        self.tops = TopShelf(self.shelf, now)
        self.publisher = BookPublisher(self.shelf, self.tops, self.redis, now)
        self.contracts = ContractDesk(self.asker, self.redis, clock, now)
        self.rules = RuleDesk(self.redis)
        self.contracts.found = self.rules.found
        self.store = SubscriptionStore(config.name, self.redis)
        keep, drop = self.store.keep, self.store.drop
        self.depth = DepthDesk(self.shelf, self.publisher, self.asker, now, keep, drop)
        self.top = TopDesk(self.tops, self.publisher, self.asker, now, keep, drop)
        self.depth.left = self.top.retell
        self.account = AccountDesk(
            config.name, config.account, self.contracts, self.asker, self.redis, clock, self.beat
        )
        self.notices = NoticeRouter(self.asker, (self.depth, self.top), self.account, self.say, now, self._link_changed)
        self.queries = QueryCommands(
            config.name, self.contracts, self.asker, self.redis, self.linked_session, self.say, now, clock
        )
        self.desk = CommandDesk(self._handlers(), self.say, now, int(config.max_command_age * 1000))
        self.redis.on_message = self.desk.message
        self.redis.on_up.append(self._redis_up)

    def _handlers(self) -> dict[str, Handler]:
        depth = BookCommands(self.contracts, self.depth, self.check_link)
        top = BookCommands(self.contracts, self.top, self.check_link)
        return {
            "SUB_ODBK": depth.subscribe,
            "UNSUB_ODBK": depth.unsubscribe,
            "SUB_TOP": top.subscribe,
            "UNSUB_TOP": top.unsubscribe,
            "RESET": self.reset,
            "FIND_CONTRACTS": self.queries.find_contracts,
            "ACCOUNT_LIST": self.queries.account_list,
            "ACCOUNT_SUMMARY": self.queries.account_summary,
            "FIND_HISTORY": self.queries.find_history,
        }

    def _listeners(self) -> dict[type, Callable[[Any], None]]:
        return {
            events.Notice: self.notices.noticed,
            events.ContractHit: self.contracts.hit,
            events.ContractEnd: self.contracts.end,
            events.MarketRule: self.rules.told,
            events.AccountValue: self.account.value,
            events.PortfolioRow: self.account.row,
            events.AccountDownloadEnd: self.account.download_end,
            events.MultiValue: self.account.multi_value,
            events.MultiPosition: self.account.multi_position,
            events.MultiEnd: self.account.multi_end,
            events.SummaryRow: self.queries.summary_row,
            events.SummaryEnd: self.queries.summary_end,
            events.OptionTick: self.top.option_tick,
            events.DataType: self.top.data_type,
        }

    def _make_services(self) -> None:
        hot = {
            b"12": self.shelf.depth,
            b"13": self.shelf.depth_l2,
            b"1": self.tops.tick_price,
            b"2": self.tops.tick_size,
            b"46": self.tops.tick_string,
            b"17": self.queries.bars,
        }
        config, reactor = self._config, self._reactor
        factory = IBSessionFactory(config.client_id, self, hot, reactor)
        self.ib = IBLink(config.tws_host, config.tws_port, factory, reactor)
        for child in (
            self.redis,
            self.ib,
            PeriodicService("heartbeat", HEARTBEAT, self.beat, reactor),
            PeriodicService("balance", 1.0, self.account.tick, reactor),
            PeriodicService("books", 1.0, self._tend_books, reactor),
            PeriodicService("book keys", KEY_INTERVAL, self.publisher.flush_keys, reactor),
            PeriodicService("greeks", 1.0, self._write_greeks, reactor),
            PeriodicService("contracts", REFRESH, self._refresh_contracts, reactor),
        ):
            child.setServiceParent(self)

    def now_ms(self) -> int:
        """Epoch ms."""
        return int(self._reactor.seconds() * 1000)

    # Status.

    @property
    def is_linked(self) -> bool:
        """The session is ready and TWS says that it is connected to IB."""
        return self._session is not None and self.notices.link.link_up

    @property
    def is_alive(self) -> bool:
        """Linked, and heard from lately."""
        return self.is_linked and self._session is not None and self._session.is_alive

    @property
    def status(self) -> bool:
        """Section 3: alive, and the account's snapshot of this session is on Redis."""
        return self.is_alive and self.account.snapshot_written and bool(self.running)

    def linked_session(self) -> IBSession:
        """The session, when TWS can be asked now. Raises CommandError (not_connected)."""
        if self._session is None:
            raise CommandError(errors.NOT_CONNECTED, "there is no session with TWS")
        if not self.notices.link.link_up:
            raise CommandError(errors.NOT_CONNECTED, "TWS has lost its link to IB")
        return self._session

    def check_link(self) -> None:
        """Raise CommandError (not_connected) unless TWS can be asked now."""
        self.linked_session()

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

    # What runs beside.

    def _tend_books(self) -> None:
        alive = self.is_alive
        self.depth.tend(alive)
        self.top.tend(alive)
        self.publisher.flush()

    def _write_greeks(self) -> None:
        if not self.redis.up:
            return
        writes, gone = self.top.take_greeks(self.now_ms())
        for key, value in writes:
            self.redis.tell("SET", key, value)
        if gone:
            self.redis.tell("DEL", *gone)

    def _refresh_contracts(self) -> None:
        if self.is_linked:
            wanted = [each.contract.conId for desk in (self.depth, self.top) for each in desk.wanted.values()]
            self.contracts.refresh([*wanted, *self.account.contracts_in_use()])

    # The session.

    def sessionReady(self, session: IBSession) -> None:
        """A new session: everything is asked anew."""
        self._session = session
        self.notices.link = LinkState()
        self.contracts.client = session.client
        session.client.choose_data_type(self._config.market_data_type)
        self._link_up(same_session=False)

    def sessionLost(self, session: IBSession, reason: str) -> None:
        """Whatever came over this session can no longer be trusted."""
        if self._session is not session:
            return
        self._session = None
        self._link_down_since = None
        self.contracts.client = None
        self._link_lost(session_lost=True)
        self.queries.pacing.session_lost()
        self.asker.session_lost()

    def told(self, event: Any) -> None:
        """Pass one record of TWS on."""
        take = self._told.get(type(event))
        if take is not None:
            take(event)

    def turnEnded(self) -> None:
        """One read from TWS has been taken in: what changed goes out."""
        self.publisher.flush()

    def _link_up(self, same_session: bool) -> None:
        assert self._session is not None
        self._link_down_since = None
        client = self._session.client
        self.account.link_up(client, self._session.accounts, same_session)
        self.rules.link_up(client)
        self.depth.link_up(client)
        self.top.link_up(client)

    def _link_lost(self, session_lost: bool) -> None:
        self.depth.link_down(session_lost)
        self.top.link_down(session_lost)
        self.rules.link_down()
        # The requests of the accounts stay for now: link_up ends them when it is the same session.
        self.account.suspend() if not session_lost else self.account.link_down()
        self.publisher.flush()
        self.beat()

    def _link_changed(self, change: Change) -> None:
        if self._session is None:
            return
        if change is Change.LINK_LOST:
            self._link_down_since = self._reactor.seconds()
            self._link_lost(session_lost=False)
        elif change is Change.LINK_RESTORED:
            self._link_up(same_session=True)
        elif change in (Change.FARM_BROKEN, Change.FARM_OK):
            for desk in (self.depth, self.top):
                desk.farms_changed(farm_broken=change is Change.FARM_BROKEN)
            self.publisher.flush()

    # Commands that concern all.

    async def reset(self, command: Command) -> dict[str, Any]:
        """RESET: caches, snapshot and subscriptions as on a new connection."""
        commands.expect_members(command.params)
        self.check_link()
        self.log.info("RESET by command {id!r}", id=command.id)
        self._link_lost(session_lost=False)
        self.contracts.forget()
        self._link_up(same_session=True)
        return {}

    # Redis.

    def _redis_up(self) -> None:
        """Redis may have come back empty: write everything again."""
        self.beat()
        self.contracts.restore()
        self.rules.restore()
        self.account.redis_up()
        self.top.rewrite_greeks()
        self.store.redis_up(self.depth, self.top).addErrback(lambda failure: self.log.failure("subscriptions", failure))

    # Stop.

    def stopService(self) -> Deferred[Any]:
        """Tell the end on Redis, then close TWS, then Redis; each step within STOP_LIMIT."""
        self.running = 0
        self._link_lost(session_lost=True)
        self._write_greeks()
        self.publisher.flush_keys()
        told = self.redis.call("PING").addErrback(lambda _: None)
        told.addTimeout(STOP_LIMIT, self._reactor).addErrback(self._stopped_late)
        return told.addCallback(lambda _: self._stop_children())

    def _stopped_late(self, failure: Failure) -> None:
        self.log.warn("Redis did not confirm the last status within {limit:.0f} s", limit=STOP_LIMIT)

    def _stop_children(self) -> Deferred[Any]:
        stopping = [child.stopService() for child in reversed(list(self))]
        closed: Deferred[Any] = DeferredList([d for d in stopping if d is not None], consumeErrors=True)
        return closed.addTimeout(STOP_LIMIT, self._reactor).addErrback(lambda _: None)
