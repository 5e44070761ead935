"""SUB_ODBK and UNSUB_ODBK."""

import attrs
import pytest
from twisted.internet.defer import Deferred, succeed

from ibgw_tx.books.shell.commands import BookCommands
from ibgw_tx.contracts.known import KnownContract
from ibgw_tx.model import errors
from ibgw_tx.model.errors import CommandError
from tests.books.shell.test_subscriptions import Place
from tests.kit.commands import command
from tests.kit.contracts import AAPL, BRR5, HK1137
from tests.kit.deferreds import error, result


class Contracts:
    """Knows a few contracts at once, or when it is told to."""

    def __init__(self):
        self.asked, self.waiting = [], None

    async def find_show_name(self, exchange, show_name):
        self.asked.append((exchange, show_name))
        if self.waiting is not None:
            await self.waiting
        return self._one({"HKD-1137": HK1137, "USD-AAPL": AAPL, "USD-BRR@202106@5": BRR5}, show_name.rpartition("/")[2])

    async def find_one(self, contract):
        self.asked.append(contract)
        known = {each.conId: each for each in (HK1137, AAPL, BRR5)}
        found = self._one(known, contract.conId)
        if contract.exchange and contract.exchange != found.contract.exchange:
            return KnownContract(attrs.evolve(found.contract, exchange=contract.exchange), {}, 0)
        return found

    def _one(self, known, key):
        if key not in known:
            raise CommandError(errors.UNKNOWN_CONTRACT, "no")
        return KnownContract(known[key], {}, 0)


class Desk:
    def __init__(self):
        self.place, self.contracts, self.linked = Place(), Contracts(), True
        self.place.books.link_up(self.place.client)
        self.commands = BookCommands(self.contracts, self.place.books, self._check, self.place.now)

    def _check(self):
        if not self.linked:
            raise CommandError(errors.NOT_CONNECTED, "no session")

    def sub(self, **params):
        return Deferred.fromCoroutine(self.commands.subscribe(command("SUB_ODBK", **params)))

    def unsub(self, **params):
        return Deferred.fromCoroutine(self.commands.unsubscribe(command("UNSUB_ODBK", **params)))

    @property
    def books(self):
        return [(each.feed.channel.exchange, each.feed.channel.pair) for each in self.place.books.wanted.values()]


@pytest.fixture
def desk():
    return Desk()


NAME = {"exchange": "SEHK", "showName": "HKD-1137"}
CHANNEL = {"channel": "URANUS:SEHK:HKD-1137:full_odbk_channel"}


@pytest.mark.parametrize(
    "params",
    [
        NAME,
        {"exchange": "SEHK", "shownName": "HKD-1137"},
        {"showName": "SEHK/STK/HKD-1137"},
        {"contract": {"conId": 1137, "exchange": "SEHK"}},
    ],
)
def test_a_book_is_subscribed_and_ended_by_any_of_its_names(desk, params):
    assert result(desk.sub(**params)) == CHANNEL and desk.books == [("SEHK", "HKD-1137")]
    assert result(desk.unsub(**params)) == CHANNEL and desk.books == []


def test_a_month_stands_for_its_expiry(desk):
    params = {"exchange": "CMECRYPTO", "showName": "USD-BRR@202106@5"}
    result(desk.sub(**params))
    assert desk.books == [("CMECRYPTO", "USD-BRR@20210625@5")]
    result(desk.unsub(**params))
    assert desk.books == []


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"exchange": "SEHK"},
        {"showName": "HKD-1137"},
        {"exchange": "SEHK", "showName": "junk"},
        {"exchange": 5, "showName": "HKD-1137"},
        {"exchange": "SEHK", "showName": 5},
        {**NAME, "rows": 5},
        {**NAME, "shownName": "HKD-1137"},
        {**NAME, "contract": {"conId": 1}},
        {"contract": {}},
        {"contract": None},
        {"contract": "AAPL"},
    ],
)
def test_bad_params_are_refused_before_anything_is_asked(desk, params):
    desk.linked = False
    for done in (desk.sub(**params), desk.unsub(**params)):
        assert error(done, CommandError).code == errors.BAD_PARAMS
    assert not desk.contracts.asked


def test_without_a_link_nothing_is_asked_and_nothing_queued(desk):
    desk.linked = False
    assert error(desk.sub(**NAME), CommandError).code == errors.NOT_CONNECTED
    assert not desk.contracts.asked and not desk.books


def test_a_link_that_goes_while_the_contract_is_asked_refuses_the_command(desk):
    desk.contracts.waiting = Deferred()
    done = desk.sub(**NAME)
    desk.linked = False
    desk.contracts.waiting.callback(None)
    assert error(done, CommandError).code == errors.NOT_CONNECTED and not desk.books


def test_an_unknown_contract_is_told(desk):
    assert error(desk.sub(exchange="SEHK", showName="HKD-9999"), CommandError).code == errors.UNKNOWN_CONTRACT


def test_a_book_can_be_ended_without_tws(desk):
    result(desk.sub(**NAME))
    desk.linked = False
    assert result(desk.unsub(**NAME)) == CHANNEL and not desk.books


def test_ending_by_conid_needs_no_tws_either(desk):
    result(desk.sub(**NAME))
    desk.linked = False
    result(desk.unsub(contract={"conId": 1137}))
    assert not desk.books


def test_a_smart_book_is_ended_by_smart_or_by_its_listing_exchange(desk):
    for exchange in ("SMART", "NASDAQ"):
        result(desk.sub(exchange="SMART", showName="USD-AAPL"))
        result(desk.unsub(exchange=exchange, showName="USD-AAPL"))
        assert not desk.books


def test_ending_what_is_not_subscribed_is_refused(desk):
    assert error(desk.unsub(**NAME), CommandError).code == errors.BAD_PARAMS


def test_two_commands_for_one_book_at_once_make_one_subscription(desk):
    desk.contracts.waiting = Deferred()
    both = [desk.sub(**NAME), desk.sub(**NAME)]
    waiting, desk.contracts.waiting = desk.contracts.waiting, succeed(None)
    waiting.callback(None)
    assert [result(done) for done in both] == [CHANNEL, CHANNEL]
    assert [call[0] for call in desk.place.client.calls] == ["depth"]


# One conId on several exchanges.


@pytest.fixture
def two(desk):
    """AAPL on ISLAND and on ARCA."""
    for exchange in ("ISLAND", "ARCA"):
        result(desk.sub(contract={"conId": AAPL.conId, "exchange": exchange}))
    return desk


@pytest.mark.parametrize(("ended", "left"), [("ISLAND", "ARCA"), ("ARCA", "ISLAND")])
@pytest.mark.parametrize("by", ["contract", "name"])
def test_only_the_exchange_that_is_named_is_ended(two, ended, left, by):
    by_contract = {"contract": {"conId": AAPL.conId, "exchange": ended}}
    result(two.unsub(**by_contract if by == "contract" else {"exchange": ended, "showName": "USD-AAPL"}))
    assert [exchange for exchange, _ in two.books] == [left]


def test_an_exchange_that_is_not_subscribed_ends_nothing(two):
    assert error(two.unsub(contract={"conId": AAPL.conId, "exchange": "NYSE"}), CommandError).code == errors.BAD_PARAMS
    assert len(two.books) == 2


def test_a_conid_that_fits_two_books_ends_neither(two):
    found = error(two.unsub(contract={"conId": AAPL.conId}), CommandError)
    assert found.code == errors.AMBIGUOUS_CONTRACT and "ISLAND" in found.text and "ARCA" in found.text and len(two.books) == 2


@pytest.mark.parametrize("other", [{"symbol": "MSFT"}, {"secType": "OPT"}, {"currency": "EUR"}])
def test_a_contract_that_contradicts_the_subscribed_one_ends_nothing(desk, other):
    result(desk.sub(**NAME))
    desk.linked = False
    assert error(desk.unsub(contract={"conId": 1137, **other}), CommandError)
    assert desk.books


def test_a_name_of_another_kind_of_contract_ends_nothing(desk):
    result(desk.sub(**NAME))
    desk.linked = False
    assert error(desk.unsub(exchange="SEHK", showName="SEHK/FUT/HKD-1137"), CommandError).code == errors.NOT_CONNECTED
    assert desk.books


def test_smart_and_the_listing_exchange_of_one_conid_are_both_asked(desk):
    acks = [result(desk.sub(contract={"conId": AAPL.conId, "exchange": exchange})) for exchange in ("SMART", "NASDAQ")]
    assert acks[0] == acks[1]
    asked = [(call[2].exchange, call[-1]) for call in desk.place.client.taken()]
    assert asked == [("SMART", True), ("NASDAQ", False)]
    result(desk.unsub(contract={"conId": AAPL.conId, "exchange": "NASDAQ"}))
    assert [each.contract.exchange for each in desk.place.books.wanted.values()] == ["SMART"]
    assert [call[0] for call in desk.place.client.taken()] == ["no depth"]
