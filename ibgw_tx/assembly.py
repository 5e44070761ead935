"""The parts of a gateway and how they are put together; what they do is theirs. Assembly only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ibgw_tx.accounts.shell.accounts import Accounts
from ibgw_tx.accounts.shell.commands import AccountCommands
from ibgw_tx.accounts.shell.pnl import PnlWatch
from ibgw_tx.alert_ends import AlertEnds
from ibgw_tx.books.channels import Channels
from ibgw_tx.books.greeks import Greeks
from ibgw_tx.books.hot_depth import HotDepth
from ibgw_tx.books.hot_top import HotTop
from ibgw_tx.books.shell.greeks import GreeksWriter
from ibgw_tx.books.shell.odd_lots import OddLotsWriter
from ibgw_tx.books.shell.publisher import BookPublisher
from ibgw_tx.books.shell.requests import DepthRequests, OddLotRequests, TickRequests, TopRequests
from ibgw_tx.books.shell.store import SubscriptionStore
from ibgw_tx.books.shell.subscriptions import Subscriptions
from ibgw_tx.commands.shell.ack_channel import AckChannel
from ibgw_tx.commands.shell.alerts import Alerts
from ibgw_tx.commands.shell.dispatcher import Dispatcher, Handler
from ibgw_tx.commands.shell.followups import Followups
from ibgw_tx.config import Config
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.contracts.shell.chains import ChainCommands
from ibgw_tx.contracts.shell.commands import ContractCommands
from ibgw_tx.contracts.shell.contracts import Contracts
from ibgw_tx.contracts.shell.market_rules import MarketRules
from ibgw_tx.handlers import handlers
from ibgw_tx.history.shell.bar_commands import BarCommands
from ibgw_tx.history.shell.bars import BarFeeds
from ibgw_tx.history.shell.commands import HistoryCommands
from ibgw_tx.inventory import Inventory
from ibgw_tx.lease.shell.lease import Lease
from ibgw_tx.listeners import hot_messages, listeners, protobuf_messages
from ibgw_tx.model import events
from ibgw_tx.model import keys as names
from ibgw_tx.model import order_events as told
from ibgw_tx.notices import Bulletins, NoticeRouter
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.entry.ids import OrderIds
from ibgw_tx.orders.entry.limits import Limits
from ibgw_tx.orders.shell.asking import OrderQuestions
from ibgw_tx.orders.shell.entry import OrderEntry
from ibgw_tx.orders.shell.executions import ExecutionWriter
from ibgw_tx.orders.shell.followups import OrderFollowups
from ibgw_tx.orders.shell.look_back import LookBack
from ibgw_tx.orders.shell.order_log import EndLog
from ibgw_tx.orders.shell.orders import Orders
from ibgw_tx.orders.shell.reservations import Reservations
from ibgw_tx.orders.shell.store import OrderStore
from ibgw_tx.orders.shell.unanswered import Unanswered
from ibgw_tx.redis.shell.link import RedisLink, Words
from ibgw_tx.redis.shell.master_way import make_way
from ibgw_tx.runtime.wall_clock import WallClock
from ibgw_tx.self_check import SelfCheck
from ibgw_tx.sight.fills import RecentFills
from ibgw_tx.streams.events import EventStream
from ibgw_tx.streams.shell.command_stream import CommandStream
from ibgw_tx.tws.api.hot import HotProtobuf
from ibgw_tx.tws.api.installed import describe
from ibgw_tx.tws.connectivity import Change
from ibgw_tx.tws.shell.asker import FIRST_REQUEST_ID, Asker
from ibgw_tx.tws.shell.incoming import Shortcuts
from ibgw_tx.tws.shell.session import IBSession
from ibgw_tx.tws.traffic import Traffic

#: What is said on ACK and stands in the stream of events too.
_STREAMED = frozenset({"ack", "error", "state", "bulletin", "alert"})


class Assembly:
    """Everything a gateway has but its services.

    `session()` gives the linked session or raises CommandError, `beat` writes the status,
    `connectivity_changed` is told what a system notice changed. `own` are the commands about the gateway itself.
    """

    def __init__(
        self,
        config: Config,
        reactor: Any,
        clock: WallClock,
        session: Callable[[], IBSession],
        beat: Callable[[], None],
        connectivity_changed: Callable[[Change], None],
        own: Mapping[str, Handler],
        make_redis: Callable[..., RedisLink] = RedisLink,
        lease: Lease | None = None,
    ) -> None:
        name, now = config.name, clock.now_ms
        self._config = config
        self._now = now
        self._session = session
        way = make_way(config.redis_access, reactor) if lease is None else lease.way
        self.redis = make_redis(way, names.commands(name), lease)
        self.traffic, self.fills = Traffic(), RecentFills()
        self.events = EventStream(name, config.events)
        self.acks = AckChannel(lambda kind, message: self.redis.tell_all(self.publication(kind, message)), now)
        self.alerts = Alerts(name, self.redis, self.acks.alert, reactor.seconds)
        self.acks.on_limit = self.alerts.refused
        self.redis.on_down.append(self.alerts.redis_down)
        self.asker = Asker(reactor, config.tws_address)
        self.self_check = SelfCheck(name, self.redis, self.asker, now, describe(), config.tws_address)
        self.contracts = Contracts(self.asker, self.redis, reactor, now, self._found)
        self.rules = MarketRules(self.redis)
        self._make_books(name, clock)
        self.account = Accounts(name, config.account, self.contracts, self.asker, self.redis, reactor, beat, now)
        self.pnl = PnlWatch(name, self.account, self.asker, self.redis, now)
        self._make_orders(config, reactor, now)
        followups = self.followups = Followups(self.acks, reactor)
        self.contract_commands = ContractCommands(self.contracts, followups, session)
        self.chains = ChainCommands(self.contracts, self.asker, self.redis, followups, session, now)
        self.account_commands = AccountCommands(name, self.asker, self.redis, followups, session, now)
        self.history_commands = HistoryCommands(self.contracts, self.asker, followups, session, reactor.seconds)
        pacing = self.history_commands.pacing
        self.bars = BarFeeds(self.asker, self.redis, followups, pacing, reactor, now, self._feed_alert)
        self.bar_commands = BarCommands(name, self.contracts, self.bars, self.redis, session, now)
        self.notices = NoticeRouter(
            self.asker, self.books, self.account, self.orders,
            self.order_followups, self.acks, connectivity_changed, config.tws_address, reactor, self.alerts,
            (self.pnl.noticed, self.bars.noticed),
        )  # fmt: skip
        #: What is asked for anew with the link, and written anew with Redis, after all else.
        self.bulletins = Bulletins(self.acks)
        self.alert_ends = AlertEnds(
            self.alerts, self.notices.farm_broken, self.books, lambda: self.subscriptions.asked,
            self.bars.wanted, lambda: self.bar_commands.is_read, reactor.seconds,
        )  # fmt: skip
        self.followers = (self.pnl, self.bars, self.bulletins, self.odd_lots_writer, self.alert_ends)
        self.inventory = Inventory(name, self.redis, followups, self._kept_keys, now)
        look_back = LookBack(self.orders, self._reservations).outcome
        max_age = int(config.max_command_age * 1000)
        direct = {"PLACE_ORDER": self.order_entry.direct.take}
        known = {**own, **handlers(self, self._session, now)}
        self.dispatcher = Dispatcher(known, self.acks, now, max_age, look_back, reactor.seconds, direct)

    def publication(self, kind: str, message: bytes) -> list[Words]:
        """The Redis commands that say something on ACK; bots that were away read acks and errors in the stream of events."""
        said: Words = ("PUBLISH", names.acks(self._config.name), message)
        return [said, *(self.events.entry(kind, self._now(), message) if kind in _STREAMED else ())]

    def _make_books(self, name: str, clock: WallClock) -> None:
        now, steady = clock.now_ms, clock.steady_ms
        self.channels, greeks = Channels(), Greeks()
        self.hot_depth, self.hot_top = HotDepth(self.channels), HotTop(self.channels, now)
        self.publisher = BookPublisher(self.channels, self.hot_top, self.redis, clock.wall_ms, steady)
        self.subscriptions = SubscriptionStore(name, self.redis)
        keep, drop = self.subscriptions.keep, self.subscriptions.drop
        common = (self.channels, self.publisher, self.asker, steady, keep, drop, self._feed_alert)
        self.depth = Subscriptions(DepthRequests(self.hot_depth), *common)
        self.top = Subscriptions(TopRequests(self.hot_top, greeks, now), *common)
        self.ticks = Subscriptions(TickRequests(self.hot_top, now), *common)
        self.odd_lots = Subscriptions(OddLotRequests(self.hot_top), *common)
        self.odd_lots_writer = OddLotsWriter(self.odd_lots, self.redis, now)
        self.books = self.depth, self.top, self.ticks, self.odd_lots
        self.greeks = GreeksWriter(greeks, self.top, self.redis, now)

    def _make_orders(self, config: Config, reactor: Any, now: Callable[[], int]) -> None:
        cache = OrderCache(config.client_id, config.history_days)
        self.order_store = OrderStore(config.name, self.redis, now, lambda order: self.events.entry("order", now(), order))
        self.order_store.exchanges.update(config.exchanges or ())
        self.order_questions = OrderQuestions(self.asker, reactor, config.execution_days)
        self.order_followups = OrderFollowups(self.acks, reactor)
        unanswered, reservations = Unanswered(config.name, self.redis), Reservations(config.name, self.redis, config.history_days)
        self._reservations = reservations
        self.orders = Orders(
            cache,
            OrderIds(ceiling=FIRST_REQUEST_ID - 1, make_room=self.asker.make_room),
            self.order_store,
            self.order_questions,
            self.contracts,
            unanswered,
            reservations,
            EndLog(config.client_id, self.order_followups),
            ExecutionWriter(
                config.name, cache.executions, self.redis, now, lambda fill: self.events.entry("execution", now(), fill)
            ),
            self.redis,
            reactor,
            now,
        )
        limits = Limits(
            max_quantity=config.max_quantity,
            max_notional=config.max_notional,
            max_orders_per_second=config.max_orders_per_second,
            max_open_orders=config.max_open_orders,
            price_collar=config.price_collar,
            allowed_symbols=config.allowed_symbols or (),
        )
        self.order_entry = OrderEntry(
            config.name,
            self.orders,
            unanswered,
            reservations,
            self.order_followups,
            self.contracts,
            self.rules,
            self.channels,
            self.redis,
            self._session,
            self.account.amount,
            limits,
            config.account or "",
            now,
            reactor,
        )

    def command_stream(self, reactor: Any) -> CommandStream:
        """The service that takes commands from their stream."""
        return CommandStream(
            self._config.name,
            self.redis,
            self.dispatcher.message,
            lambda ack: self.publication("ack", ack),
            lambda: self.orders.is_running,
            reactor,
            self._now,
        )

    def _feed_alert(self, feed: str, on: bool, why: str) -> None:
        self.alerts.changed("feed", feed, on, why)

    def _kept_keys(self) -> list[str]:
        """The keys of subscribed books and bars."""
        feeds = [each.feed for kind in self.books for each in kind.wanted.values()]
        books = {names.book_key(*each.channel.name.split(":")[1:3]) for each in feeds}
        return [*books, *self.bars.wanted]

    def _found(self, known: KnownContract) -> None:
        """A contract has been found: its rules are wanted, its exchange gets an OMS flag."""
        self.rules.found(known)
        self.orders.knows(known.contract)

    def listeners(self) -> dict[type, Callable[[Any], None]]:
        """Who is told which record of TWS."""
        return listeners(self)

    def order_told(self, event: told.OrderStatus | told.Execution) -> None:
        if event.clientId == self._config.client_id:
            self.order_entry.ids.saw(event.orderId, own=True)
            self.order_followups.heard(event.orderId)
        self.orders.take(event)
        if isinstance(event, told.Execution):
            self.fills.take(event)

    def noticed(self, notice: events.Notice) -> None:
        self.order_entry.noticed(notice)
        self.notices.noticed(notice)

    def last_words(self) -> None:
        """A stop: what hangs on subscriptions goes."""
        self.greeks.write()
        self.odd_lots_writer.write()

    def request_sent(self, req_id: int) -> None:
        """A message of a request that waited for TWS's message rate has left: the limit of its answer runs, its ack may go."""
        for part in (self.asker, *self.books, self.bars):
            part.sent(req_id)

    def session_ready(self, session: IBSession) -> None:
        """What every new session begins with, whatever its link to IB."""
        self.asker.session_began(session.is_waiting, session.withdraw_request)
        self.contracts.client = session.client
        session.client.choose_data_type(self._config.market_data_type)
        self.self_check.session_ready(session.client)

    def session_lost(self) -> None:
        """Who waits for an answer of it is told; last of all."""
        self.order_entry.session_lost()
        self.asker.session_lost()
        self.self_check.session_lost()

    def hot_messages(self) -> dict[bytes, Callable[[list[bytes]], None]]:
        """Messages that are decoded straight from their frames, by id."""
        return hot_messages(self)

    def hot_protobuf(self) -> HotProtobuf:
        """The same in protobuf."""
        return protobuf_messages(self)

    def shortcuts(self) -> Shortcuts:
        """Messages that are carried out without being read in full, in text and in protobuf."""
        return self.hot_depth.rewrites.text, self.hot_depth.rewrites.protobuf
