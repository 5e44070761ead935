"""Account updates, account updates for several, and account summaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import define, field

from ibgw_tx.sim.exchange.accounts import LEDGER_AND_NLV, Account, Value, account_values, summary_values, valued
from ibgw_tx.sim.office.conversation import Conversation
from ibgw_tx.sim.office.desk import Answer, BaseDesk, Key
from ibgw_tx.sim.office.state import OfficeState
from ibgw_tx.sim.replies import session as replies
from ibgw_tx.sim.wire import times
from ibgw_tx.sim.wire.codes import Refused, say
from ibgw_tx.sim.wire.frames import Fields
from ibgw_tx.sim.wire.requests import Request

SUMMARY_EVERY = 180.0  # seconds between refreshes of a summary, as TWS


@define(eq=False)
class Feed:
    """One subscription and what it was last told, so that only changes are sent again."""

    client: Conversation
    req_id: int
    accounts: list[Account]
    tags: list[str] = field(factory=list)
    model: str = ""
    ledger_only: bool = False
    told: dict[tuple[str, ...], tuple[object, ...]] = field(factory=dict)
    due: float = 0.0

    def news(self, key: tuple[str, ...], value: tuple[object, ...]) -> bool:
        """Whether this differs from what was last told; it then counts as told."""
        if self.told.get(key) == value:
            return False
        self.told[key] = value
        return True


class AccountDesk(BaseDesk):
    """One account at a time for reqAccountUpdates, over all clients (tws-facts 3.2); any number for the multi form."""

    def __init__(self, office: OfficeState) -> None:
        super().__init__(office)
        self._updates: dict[int, Feed] = {}
        self._multi: dict[Key, Feed] = {}
        self._summaries: dict[Key, Feed] = {}

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {
            "reqAccountUpdates": self.updates,
            "reqAccountUpdatesMulti": self.multi,
            "cancelAccountUpdatesMulti": lambda c, r: self.cancel(self._multi, c, r),
            "reqAccountSummary": self.summary,
            "cancelAccountSummary": lambda c, r: self.cancel(self._summaries, c, r),
        }

    # One account

    def updates(self, client: Conversation, request: Request) -> None:
        if not request.args["subscribe"]:
            self._updates.pop(id(client), None)
            return
        account = self.office.account(request.args["account"], request)
        others = [f.client.client_id for f in self._updates.values() if f.client is not client and f.accounts[0] is not account]
        if others:
            client.error(-1, 2101, say(2101, cause=";".join(map(str, others))))
            return
        old = self._updates.get(id(client))
        if old is not None and old.accounts[0] is not account:
            client.error(-1, 2100)
        feed = Feed(client, -1, [account], due=self.office.now() + self.office.settings.account_every)
        self._updates[id(client)] = feed
        for fields in self._download(feed):
            client.send(fields)
        client.send(replies.account_end(account.name))

    def _download(self, feed: Feed) -> Iterator[Fields]:
        """What changed since the last look: values, portfolio rows, and the time when there was any of it."""
        account, now = feed.accounts[0], self.office.now()
        any_news = False
        for key, value, currency in account_values(account, self.office.market, now):
            if feed.news((key, currency), (value,)):
                any_news = True
                yield replies.account_value(key, value, currency, account.name)
        for row in valued(account, self.office.market, now):
            held = row.position
            figures = (held.amount, row.price, round(row.value, 6), held.cost, round(row.unrealized, 6), held.realized)
            if feed.news(("portfolio", str(held.instrument.con_id)), figures):
                any_news = True
                yield replies.portfolio(held.instrument, *figures, account.name)
        if any_news:
            yield replies.account_time(times.clock(now))

    # Several

    def multi(self, client: Conversation, request: Request) -> None:
        name = request.args["account"]
        accounts = list(self.office.accounts.values()) if name == "All" else [self.office.account(name, request)]
        now = self.office.now()
        feed = Feed(
            client, request.req_id, accounts, model=request.args["model"], ledger_only=request.args["ledger"],
            due=now + self.office.settings.account_every,
        )
        self._multi[id(client), request.req_id] = feed
        self._send_multi(feed, now)
        client.send(replies.account_multi_end(request.req_id))

    def _send_multi(self, feed: Feed, now: float) -> None:
        for account in feed.accounts:
            for key, value, currency in account_values(account, self.office.market, now):
                wanted = not feed.ledger_only or key in LEDGER_AND_NLV
                if wanted and feed.news((account.name, key, currency), (value,)):
                    fields = replies.account_multi(feed.req_id, account.name, feed.model, key, value, currency)
                    feed.client.send(fields)

    # Summaries

    def summary(self, client: Conversation, request: Request) -> None:
        limit = self.office.settings.summary_limit
        key = id(client), request.req_id
        if request.args["group"] != "All":
            cause = f"Group name '{request.args['group']}' is not known"
            raise Refused(321, say(321, name=request.name, cause=cause))
        if key in self._summaries:
            raise Refused(322, say(322, name=request.name, cause="Duplicate ticker id"))
        if sum(1 for k in self._summaries if k[0] == id(client)) >= limit:
            cause = "Maximum number of account summary requests exceeded"
            raise Refused(322, say(322, name=request.name, cause=cause))
        tags = [tag.strip() for tag in request.args["tags"].split(",") if tag.strip()]
        now = self.office.now()
        feed = Feed(client, request.req_id, list(self.office.accounts.values()), tags, due=now + SUMMARY_EVERY)
        self._summaries[key] = feed
        self._send_summary(feed, now)
        client.send(replies.summary_end(request.req_id))

    def _send_summary(self, feed: Feed, now: float) -> None:
        for account in feed.accounts:
            rows: Iterator[Value] = summary_values(account, feed.tags, self.office.market, now)
            for tag, value, currency in rows:
                if feed.news((account.name, tag, currency), (value,)):
                    feed.client.send(replies.summary(feed.req_id, account.name, tag, value, currency))

    # Time and ends

    def cancel(self, held: dict[Key, Feed], client: Conversation, request: Request) -> None:
        held.pop((id(client), request.req_id), None)

    def leave(self, client: Conversation) -> None:
        self._updates.pop(id(client), None)
        for held in (self._multi, self._summaries):
            for key in [key for key in held if key[0] == id(client)]:
                del held[key]

    def pulse(self, now: float) -> None:
        if not self.office.faults.link_up:
            return
        every = self.office.settings.account_every
        for feed in list(self._updates.values()):
            if self._due(feed, now, every):
                for fields in self._download(feed):
                    feed.client.send(fields)
        for feed in list(self._multi.values()):
            if self._due(feed, now, every):
                self._send_multi(feed, now)
        for feed in list(self._summaries.values()):
            if self._due(feed, now, SUMMARY_EVERY):
                self._send_summary(feed, now)

    def _due(self, feed: Feed, now: float, every: float) -> bool:
        if now < feed.due:
            return False
        feed.due = now + every
        return True

    def hurry(self, account: Account) -> None:
        """An account was changed from outside: its feeds are due at the next pulse."""
        for held in (self._updates, self._multi, self._summaries):
            for feed in held.values():
                if account in feed.accounts:
                    feed.due = 0.0
