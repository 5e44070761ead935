"""The order hashes of Redis: read in slices before a snapshot, brought up to date by what differs behind it."""

import json

import pytest
from twisted.internet.defer import Deferred, succeed

from ibgw_tx.model.errors import RedisDown
from ibgw_tx.orders.cache import reading
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.cache.changes import OrderChanged, Snapshot
from ibgw_tx.orders.cache.order import Order
from ibgw_tx.orders.cache.order_json import order_json
from ibgw_tx.orders.shell import hash_writer
from ibgw_tx.orders.shell.hash_reader import HashReader
from ibgw_tx.orders.shell.hash_writer import HashWriter
from ibgw_tx.orders.shell.store import OrderStore
from tests.kit.deferreds import error, result
from tests.kit.redis import FakeLink

HASH, CHANNEL = (f"URANUS:NASDAQ:demo:{tail}" for tail in ("O:USD-AAPL", "O_channel"))
PLACE = ("NASDAQ", "USD-AAPL")
NOW = 1_700_000_000_000


def order(number, **more):
    return {"i": str(number), "client_oid": f"o{number}", **more}


def change(number=1, place=PLACE, fields=None, **more):
    told = order(number, **more)
    return OrderChanged(told, *place, (told["i"], told["client_oid"]) if fields is None else fields)


def full(number, status="Cancelled", alive=False, oid=None, **more):
    """An order_json as the gateway writes it."""
    ref = f"o{number}" if oid is None else oid
    text = order_json(Order(born=NOW, touched=NOW, permId=number, ref=ref, place=PLACE, clientId=5))
    return {**text, "status": status, "alive": alive, "apiOrderId": number, **more}


def text(value):
    return json.dumps(value, separators=(",", ":")).encode()


@pytest.fixture
def link():
    link = FakeLink()
    link.bring_up()
    return link


def done(coroutine):
    return Deferred.fromCoroutine(coroutine)


# Reading.


class Read:
    """What was read of the hashes of a link."""

    def __init__(self, link, go_on=lambda: True, now=NOW, cache=None):
        self.places, self.ids, self.pauses = [], [], 0
        self.cache = cache or OrderCache(5)
        self.reading = self.cache.reading(self.ids.append, now)
        self.reader = HashReader("demo", link, self.pause)
        self.go_on = go_on

    def pause(self):
        self.pauses += 1
        return succeed(None)

    def all(self):
        result(done(self.reader.read(self.reading, self.places.append, self.go_on)))
        return self.reading


def test_every_value_is_read_but_the_mark(link):
    link.hashes[HASH] = {b"t": b"1", b"5": b'{"i":"5"}', b"x": b"["}
    link.hashes["URANUS:NASDAQ:other:O:USD-AAPL"] = {b"6": b"{}"}
    link.hashes["URANUS:NASDAQ:demo:O:a:b"] = {b"7": b"{}"}
    read = Read(link)
    assert read.all().texts == [{"i": "5"}, None] and read.places == [PLACE]
    assert set(read.reading.seen[PLACE]) == {"5", "x"}


def test_a_key_of_another_type_is_no_hash(link):
    link.hashes[HASH] = {}
    link.refuse["HSCAN"] = RuntimeError("WRONGTYPE")
    assert Read(link).all().no_hashes == {PLACE}


def test_a_redis_that_goes_away_is_not_an_empty_one(link):
    link.hashes[HASH] = {}
    link.refuse["HSCAN"] = RedisDown("gone")
    read = Read(link)
    error(done(read.reader.read(read.reading, read.places.append, read.go_on)), RedisDown)


def test_what_is_over_goes_to_the_archive_and_what_lives_is_parsed(link):
    dead, filled = full(1), full(2, "Filled")
    living, unknown = full(3, "Submitted", alive=True), full(4, "Unknown")
    link.hashes[HASH] = {str(each["i"]).encode(): text(each) for each in (dead, filled, living, unknown)}
    link.hashes[HASH] |= {each["client_oid"].encode(): text(each) for each in (dead, filled, living, unknown)}
    read = Read(link)
    archive = read.all().archive
    assert (1 in archive, 2 in archive, 3 in archive, 4 in archive) == (True, True, False, False)
    assert (archive.dead, archive.filled) == (1, 1)
    assert [each["i"] for each in read.reading.texts] == ["3", "4", "3", "4"] and read.ids == [1, 2, 3, 4, 3, 4]
    assert archive.called(ref="o1") == [1] and archive.where(1).field == "1" and archive.where(1).place == PLACE


def test_an_order_without_a_permid_is_known_by_its_name(link):
    link.hashes[HASH] = {b"bot-1": text(full(0, "Inactive", oid="bot-1"))}
    archive = Read(link).all().archive
    (number,) = archive.called(ref="bot-1")
    assert archive.where(number).field == "bot-1"


STRANGE = ({"market": "SEHK"}, {"extra": 1}, {"updateTime": None}, {"i": "01"}, {"status": None}, {"status": "Unknown"})


@pytest.mark.parametrize("more", STRANGE)
def test_what_somebody_else_has_written_is_parsed(link, more):
    link.hashes[HASH] = {b"1": text({**full(1), **more})}
    read = Read(link)
    assert len(read.all().texts) == 1 and not len(read.reading.archive)


def test_an_order_in_memory_is_parsed(link):
    link.hashes[HASH] = {b"1": text(full(1)), b"o1": text(full(1))}
    cache = OrderCache(5)
    cache.seed([full(1)])
    read = Read(link, cache=cache)
    assert len(read.all().texts) == 2 and not len(read.reading.archive)


@pytest.mark.parametrize("field", ["1", "o1"])
def test_an_order_of_which_one_field_is_as_it_should_be_is_parsed(link, field):
    link.hashes[HASH] = {b"2": text(full(2)), b"o2": text(full(2)), field.encode(): text(full(1))}
    read = Read(link)
    assert [each["i"] for each in read.all().texts] == ["1"]
    assert 1 not in read.reading.archive and 2 in read.reading.archive and set(read.reading.seen[PLACE]) == {field}


@pytest.mark.parametrize("living", ["1", "o1"])
def test_of_two_texts_of_one_order_both_are_parsed_when_one_of_them_lives(link, living):
    link.hashes[HASH] = {b"1": text(full(1)), b"o1": text(full(1))}
    link.hashes[HASH][living.encode()] = text(full(1, "Submitted", alive=True))
    read = Read(link)
    assert len(read.all().texts) == 2 and not len(read.reading.archive)


def test_of_several_orders_with_one_name_each_is_known_and_the_name_is_that_of_the_field(link):
    one, other = full(1, oid="algo"), full(2, oid="algo")
    link.hashes[HASH] = {b"1": text(one), b"2": text(other), b"algo": text(other)}
    archive = Read(link).all().archive
    assert 1 in archive and 2 in archive and archive.called(ref="algo") == [2]


def test_what_nobody_has_spoken_of_for_so_long_is_old(link):
    link.hashes[HASH] = {b"1": text(full(1)), b"o1": text(full(1)), b"2": text(full(2, oid=None, updateTime=NOW + 10))}
    link.hashes[HASH][b"o2"] = link.hashes[HASH][b"2"]
    read = Read(link, now=NOW + 7 * 86_400_000 + 5)
    assert [(each.number, each.fields) for each in read.all().old()] == [(1, ("1", "o1"))]


def test_reading_ends_when_it_is_not_wanted_any_more(link):
    link.hashes[HASH] = {b"1": text(full(1))}
    assert not len(Read(link, go_on=lambda: False).all().archive)


def test_the_end_of_a_large_hash_is_looked_at_in_slices(link):
    """Thousands of orders under one name, of which each has one field: which of them fit together takes a while."""
    count = 4 * reading.SLICE
    orders = [full(number, oid="algo") for number in range(1, count + 1)]
    link.hashes[HASH] = {each["i"].encode(): text(each) for each in orders} | {b"algo": text(orders[-1])}
    read = Read(link)
    assert len(read.all().archive) == count and read.pauses >= 3
    assert read.reading.archive.called(ref="algo") == [count]


def test_reading_ends_between_such_slices_too(link):
    orders = [full(number, oid="algo") for number in range(1, 2 * reading.SLICE)]
    link.hashes[HASH] = {each["i"].encode(): text(each) for each in orders}
    read = Read(link, go_on=lambda: read.pauses == 0)
    assert result(done(read.reader._read(HASH, PLACE, read.reading, read.go_on))) is False


def test_redis_is_asked_for_more_before_a_portion_is_worked_on(link):
    """So that it works meanwhile."""
    asked = []
    pages = {b"0": [b"5", [b"1", text(full(1))]], b"5": [b"0", [b"o1", text(full(1))]]}

    def hscan(key, cursor, *options):
        asked.append((cursor, len(read.reading.archive)))
        return pages[cursor]

    link._hscan, link.hashes[HASH], read = hscan, {}, Read(link)
    read.all()
    assert asked == [(b"0", 0), (b"5", 0)]


def test_what_redis_says_after_the_reading_has_ended_is_nobodys(link):
    """It may be that it was lost."""
    later = Deferred()
    calls = iter([succeed([b"5", [b"1", text(full(1))]]), later])
    link.call = lambda *words: next(calls)
    read = Read(link)
    read.reading._saw = lambda api_id: 1 / 0
    error(done(read.reader._read(HASH, PLACE, read.reading, read.go_on)), ZeroDivisionError)
    later.errback(RedisDown("gone"))
    assert later.result is None, "a failure that nobody takes is logged"


def test_a_hash_comes_in_as_many_replies_as_redis_wants(link):
    pages = {b"0": [b"5", [b"1", text(full(1))]], b"5": [b"0", [b"1", text(full(1)), b"o1", text(full(1))]]}
    link._hscan = lambda key, cursor, *options: pages[cursor]
    link.hashes[HASH] = {}
    archive = Read(link).all().archive
    assert len(archive) == 1 and archive.is_shown(1, "o1")


# Writing.


@pytest.fixture
def store(link):
    return OrderStore("demo", link, lambda: 1234)


class Write:
    """A snapshot on its way into the hashes that were read."""

    def __init__(self, link, store, pauses=None):
        self.reading = Read(link).all()
        pause = (lambda: succeed(None)) if pauses is None else (lambda: succeed(pauses.append(1)))
        self.writer = HashWriter("demo", link, store.publication, store.mark, pause)
        self.link, self.store = link, store
        link.calls.clear()

    def started(self, hashes, changed=(), gone=None, go_on=lambda: True):
        snapshot = Snapshot(hashes, tuple(changed), ())
        return done(self.writer.write(snapshot, self.reading, gone or {}, self.reading.archive, go_on))

    def all(self, *what, **more):
        written = result(self.started(*what, **more))
        if written is not None:
            self.store.stands(written)
        return [call[0] for call in self.link.calls]


def test_what_differs_is_written_with_the_mark_and_published(store, link):
    link.hashes[HASH] = {b"gone": b"x"}
    one = order(1)
    assert Write(link, store).all({PLACE: {"1": one, "o1": one}}, [change()]) == ["HDEL", "HSET", "PUBLISH"]
    assert link.hashes[HASH] == {b"t": b"1234", b"1": text(one), b"o1": text(one)}
    assert link.on_channel(CHANNEL) == [one] and store.places == {PLACE} and store.exchanges == {"NASDAQ"}


def test_what_stands_as_it_is_is_not_written_again(store, link):
    living, dead = full(1, "Submitted", alive=True), full(2)
    link.hashes[HASH] = {b"1": text(living), b"o1": text(living), b"2": text(dead), b"o2": text(dead)}
    before = dict(link.hashes[HASH])
    Write(link, store).all({PLACE: {"1": living, "o1": living}})
    assert link.calls == [("HSET", HASH, "t", "1234")] and link.hashes[HASH] == {**before, b"t": b"1234"}


def test_a_hash_of_orders_that_are_over_gets_its_mark(store, link):
    link.hashes[HASH] = {b"2": text(full(2)), b"o2": text(full(2))}
    Write(link, store).all({})
    assert link.hashes[HASH][b"t"] == b"1234" and store.places == {PLACE} and store.exchanges == {"NASDAQ"}


def test_what_is_too_old_goes(store, link):
    link.hashes[HASH] = {field: text(full(number)) for number in (1, 2) for field in (b"%d" % number, b"o%d" % number)}
    Write(link, store).all({}, gone={PLACE: ["1", "o1"]})
    assert set(link.hashes[HASH]) == {b"t", b"2", b"o2"}


def test_a_hash_without_orders_goes(store, link):
    link.hashes[HASH] = {b"gone": b"x", b"t": b"1"}
    store.places.add(PLACE)
    Write(link, store).all({PLACE: {}})
    assert HASH not in link.hashes and not store.places


def test_where_another_type_stands_orders_take_its_place(store, link):
    link.hashes[HASH] = {}
    link.refuse["HSCAN"] = RuntimeError("WRONGTYPE")
    writing = Write(link, store)
    assert writing.all({PLACE: {}}) == []
    assert writing.all({PLACE: {"1": order(1)}}) == ["DEL", "HSET"]


def test_an_order_that_stands_in_no_hash_is_published_all_the_same(store, link):
    assert Write(link, store).all({}, [change(fields=())]) == ["PUBLISH"]


def test_nothing_is_published_of_a_hash_that_redis_refuses(store, link):
    link.refuse["HSET"] = RuntimeError("OOM")
    error(Write(link, store).started({PLACE: {"1": order(1)}}, [change()]))
    assert not link.published


def test_thousands_of_hashes_go_in_portions_each_confirmed(store, link, monkeypatch):
    monkeypatch.setattr(hash_writer, "PORTION", 6)
    hashes = {("NASDAQ", f"USD-{number}"): {"1": order(1)} for number in range(10)}
    writing = Write(link, store)
    link.hold = True
    written = writing.started(hashes)
    sizes = []
    while not written.called:
        sizes.append(len(link._held))
        link.answer()
    assert sizes == [2, 2, 2, 2, 2] and len(link.hashes) == 10


def test_portions_end_when_they_are_no_longer_wanted(store, link, monkeypatch):
    monkeypatch.setattr(hash_writer, "PORTION", 1)
    wanted = [True, True, False]
    hashes = {("NASDAQ", str(number)): {"1": order(1)} for number in range(10)}
    Write(link, store).all(hashes, go_on=lambda: wanted.pop(0))
    assert len(link.hashes) == 2


def test_a_hash_with_more_news_than_a_portion_is_written_first_and_told_in_portions(store, link, monkeypatch):
    monkeypatch.setattr(hash_writer, "PORTION", 10)
    told = [change(number) for number in range(25)]
    assert Write(link, store).all({PLACE: {each.order["i"]: each.order for each in told}}, told) == ["HSET", *["PUBLISH"] * 25]


def test_many_orders_are_written_in_one_transaction_and_rendered_in_slices(store, link, monkeypatch):
    monkeypatch.setattr(hash_writer, "SLICE", 10)
    monkeypatch.setattr(hash_writer, "FIELDS", 10)
    pauses = []
    orders = {str(number): order(number) for number in range(35)}
    assert Write(link, store, pauses).all({PLACE: orders}) == ["HSET"] * 4
    assert len(link.hashes[HASH]) == 36 and len(pauses) == 3
