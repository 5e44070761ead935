"""The kept set: read once, written whole whenever Redis comes back."""

import pytest

from ibgw_tx.books import subscription as subscriptions
from ibgw_tx.books.shell.store import SubscriptionStore
from ibgw_tx.model import keys as names
from tests.kit.books import subscription
from tests.kit.contracts import AAPL, HK1137
from tests.kit.deferreds import result
from tests.kit.redis import FakeLink

KEY = names.subscriptions("demo")


class Books:
    """What the subscriptions of depth are to the store."""

    kind = subscriptions.DEPTH

    def __init__(self, *wanted):
        self.wanted = {each.name: each for each in wanted}

    def restore(self, contract, lots):
        made = subscription(contract, lots)
        self.wanted[made.name] = made


@pytest.fixture
def link():
    made = FakeLink()
    made.bring_up()
    return made


@pytest.fixture
def store(link):
    return SubscriptionStore("demo", link)


def kept(link):
    return [subscriptions.read_entry(value) for value in link.hashes.get(KEY, {}).values()]


def test_what_is_kept_is_restored_by_the_next_gateway(store, link):
    store.keep("odbk", subscription(HK1137, 100))
    store.keep("odbk", subscription(AAPL))
    store.drop("odbk", subscription(AAPL))
    books = Books()
    result(SubscriptionStore("demo", link).redis_up(books))
    assert [(each.contract, each.lots) for each in books.wanted.values()] == [(HK1137, 100)]


@pytest.mark.parametrize("bad", [b"junk", b'{"kind":"odbk","contract":{"conId":1,"exchange":"A:B"},"factor":1}', b"{}"])
def test_an_entry_nobody_can_read_is_logged_removed_and_hides_no_other(store, link, lines, bad):
    link.hashes[KEY] = {b"a": bad, b"b": subscriptions.entry("odbk", subscription(HK1137, 1)), b"c": bad}
    books = Books()
    result(store.redis_up(books))
    assert [each.contract for each in books.wanted.values()] == [HK1137]
    assert kept(link) == [("odbk", HK1137, 1)]
    assert sum("is not restored" in line for line in lines) == 2


def test_a_redis_that_came_back_empty_is_written_whole(store, link):
    books = Books(subscription(AAPL, 1))
    result(store.redis_up(books))
    link.hashes.clear()
    result(store.redis_up(books))
    assert kept(link) == [("odbk", AAPL, 1)]


def test_the_hash_is_read_only_once(store, link):
    result(store.redis_up(Books()))
    link.hashes[KEY] = {b"x": subscriptions.entry("odbk", subscription(AAPL, 1))}
    books = Books()
    result(store.redis_up(books))
    assert not books.wanted and not kept(link)


def test_a_hash_that_could_not_be_read_is_read_the_next_time(store, link, lines):
    link.hashes[KEY] = {b"x": subscriptions.entry("odbk", subscription(AAPL, 1))}
    link.refuse["HGETALL"] = RuntimeError("away")
    books = Books()
    result(store.redis_up(books))
    assert not books.wanted and any("not read" in line for line in lines) and kept(link)
    link.refuse.clear()
    result(store.redis_up(books))
    assert books.wanted


def test_what_was_subscribed_before_redis_was_read_is_not_lost(store, link):
    link.hashes[KEY] = {b"x": subscriptions.entry("odbk", subscription(HK1137, 1))}
    books = Books(subscription(AAPL))
    result(store.redis_up(books))
    assert len(books.wanted) == len(kept(link)) == 2
