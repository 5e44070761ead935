"""A cache whose orders leave memory and come back tells the same as one that keeps them all, whatever happens."""

from __future__ import annotations

import os
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ibgw_tx.model import json_text
from ibgw_tx.model.order_events import Commission, Execution, OrderError
from ibgw_tx.orders.cache import departures
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.cache.changes import OrderChanged
from tests.kit.order_events import LIMIT, NOW, TSLA, TSLA_FULL, answer_all, error, fill, opened, paid, running, status, told
from tests.orders.cache.test_properties import LIVES

EXAMPLES = int(os.environ.get("DEPARTURE_EXAMPLES", "300"))
PLACE = ("NASDAQ", "USD-TSLA")


@attrs.define
class Keeper:
    """A cache over a Redis of dicts, as the shell has it: who is absent is fetched first."""

    cache: OrderCache
    hashes: dict[Any, dict[str, bytes]] = attrs.Factory(dict)
    remains: dict[str, bytes] = attrs.Factory(dict)

    def take(self, event: Any, now: int) -> list[Any]:
        self.fetch(self.cache.departures.absent(event), now)
        return self.keep(self.cache.apply(event, now))

    def fetch(self, absent: Any, now: int) -> None:
        while absent:
            more = []
            for where in absent:
                text = self.hashes.get(where.place, {}).get(where.field)
                read = None if text is None else json_text.loads_exact(text)
                more += self.cache.departures.back(where, read, self.remains.get(where.field), now)
            absent = more

    def keep(self, changes: Any) -> list[Any]:
        for change in changes:
            if isinstance(change, OrderChanged):
                for field in change.fields:
                    self.hashes.setdefault((change.exchange, change.pair), {})[field] = json_text.dumps(change.order)
        return list(changes)

    def let_go(self, now: int) -> int:
        """Everything that may leave leaves."""
        left = 0
        for departure in self.cache.departures.due(now + departures.STAY, 10**6):
            if departure.remains is None:
                self.remains.pop(departure.field, None)
            else:
                self.remains[departure.field] = departure.remains
            left += self.cache.departures.leave(departure, now)
        return left

    def named(self, now: int, **names: Any) -> Any:
        self.fetch(self.cache.departures.absent_named(**names), now)
        orders = self.cache.orders
        return [
            names.get("perm_id") and orders.by_perm_id(names["perm_id"]),
            names.get("api_id") and orders.by_api_id(names["api_id"]),
            names.get("client_oid") and orders.by_client_oid(names["client_oid"]),
        ]


def renamed(event: Any, number: int, ref: str) -> Any:
    """The same message about order `number`, which has that orderRef."""
    if isinstance(event, Commission):
        return attrs.evolve(event, execId=f"{number}{event.execId}")
    changes: dict[str, Any] = {}
    if not isinstance(event, OrderError) and event.permId:
        changes["permId"] = 5001 + number
    if hasattr(event, "orderId"):
        changes["orderId"] = 13 + number
    if isinstance(event, Execution):
        changes |= {"execId": f"{number}{event.execId}"}
    if hasattr(event, "orderRef"):
        changes |= {"orderRef": ref}
    if number == 3 and hasattr(event, "clientId"):
        changes |= {"clientId": 7}
    return attrs.evolve(event, **changes)


lives = st.sampled_from(sorted(LIVES)).map(LIVES.__getitem__)
refs = st.sampled_from(["", "a", "a", "b"])


@st.composite
def days(draw: st.DrawFn) -> list[Any]:
    """What is heard of four orders, mixed, some of it late or twice, and what happens between."""
    queues = []
    for number in range(draw(st.integers(1, 4))):
        ref, life = draw(refs), draw(lives)
        heard = [renamed(event, number, ref) for event in life]
        queues.append(heard + draw(st.lists(st.sampled_from(heard), max_size=4)))
    found: list[Any] = []
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        found.append(queue.pop(draw(st.integers(0, min(1, len(queue) - 1)))))
        if draw(st.integers(0, 3)) == 0:
            found.append(draw(st.sampled_from(["wait", "long", "query", "half", "begin", "lost", "due", "look"])))
    return found


def same(one: list[Any], other: list[Any]) -> None:
    assert [_plain(change) for change in one] == [_plain(change) for change in other]


def _plain(change: Any) -> Any:
    return (type(change).__name__, json_text.dumps(attrs.asdict(change, recurse=False)))


def differences(one: Any, other: Any) -> list[Any]:
    """The fields that are not the same, and how they stand."""
    fields = {(place, field) for hashes in (one, other) for place, hash_ in hashes.items() for field in hash_}
    found = [(field, one.get(place, {}).get(field), other.get(place, {}).get(field)) for place, field in sorted(fields)]
    return [each for each in found if each[1] != each[2]]


def asking(keeper: Keeper, events: list[Any], now: int, complete: bool) -> list[Any]:
    """A question, with these messages in its answer."""
    cache = keeper.cache
    cache.query_begin(now)
    found = [change for event in events for change in keeper.take(event, now)]
    if complete:
        answer_all(cache)
    return found + keeper.keep(cache.query_done(now))


def snapshot(keeper: Keeper, events: list[Any], now: int, lost: bool) -> None:
    """All anew, with these messages in its answer; what is in memory alone is read from Redis, as the shell does."""
    cache = keeper.cache
    if lost:
        cache.session_lost()
    archive = cache.departures.archive
    texts = [json_text.loads_exact(text) for hash_ in keeper.hashes.values() for text in hash_.values()]
    cache.begin(now)
    in_memory = [text for text in texts if not (text["i"] and int(text["i"]) in archive)]
    cache.seed([text for text in in_memory if text["i"] or not archive.called(ref=text["client_oid"])])
    cache.contract_known(TSLA, TSLA_FULL, now)
    for event in events:
        keeper.take(event, now)
    answer_all(cache)
    found = cache.snapshot_done(now)
    for place, hash_ in found.hashes.items():
        for field, order in hash_.items():
            keeper.hashes.setdefault(place, {})[field] = json_text.dumps(order)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(days(), st.booleans(), st.randoms(use_true_random=False))
def test_whoever_leaves_and_comes_back_is_as_if_it_had_stayed(day, own, random):
    stays, leaves, now = Keeper(running()), Keeper(running()), NOW
    both = (stays, leaves)
    if own:
        for keeper in both:
            keeper.cache.own.placed(13, LIMIT, "mine", TSLA_FULL, now)
    said: list[Any] = []
    for step in day:
        now += 1
        if not isinstance(step, str):
            said.append(step)
            same(*(keeper.take(step, now) for keeper in both))
        elif step in ("wait", "long", "due"):
            now += {"wait": 500, "long": 31_000, "due": 61_000}[step]
            same(*(keeper.keep(keeper.cache.due(now)) for keeper in both))
        elif step in ("query", "half"):
            again = random.sample(said, min(3, len(said)))
            same(*(asking(keeper, again, now, step == "query") for keeper in both))
        elif step in ("begin", "lost"):
            again = random.sample(said, min(3, len(said)))
            for keeper in both:
                snapshot(keeper, again, now, step == "lost")
        else:
            for names in ({"perm_id": "5001"}, {"perm_id": "5002"}, {"api_id": 13}, {"client_oid": "a"}, {"client_oid": "b"}):
                assert stays.named(now, **names) == leaves.named(now, **names)
        if random.random() < 0.5:
            leaves.let_go(now)
        assert differences(stays.hashes, leaves.hashes) == []
        assert stays.cache.orders.by_state() == leaves.cache.orders.by_state()


def over(word="Filled", shares=100.0, number=0, ref="bot-1"):
    """A life that ends."""
    news = [opened(perm=5001 + number, order_id=13 + number, orderRef=ref)]
    if shares:
        news.append(fill(f"{number}a.b.01.01", shares, 200.0, perm=5001 + number, order_id=13 + number, orderRef=ref))
    return [*news, status(word, shares, perm=5001 + number, order_id=13 + number, avg=200.0)]


@pytest.fixture
def keeper():
    """One whose only order was filled, and has left."""
    found = Keeper(running())
    for event in [*over(), paid("0a.b.01.01")]:
        found.take(event, NOW)
    assert found.let_go(NOW) == 1 and found.cache.orders.by_perm_id(5001) is None
    return found


def test_nobody_leaves_before_its_time():
    keeper = Keeper(running())
    for event in over():
        keeper.take(event, NOW)
    assert not keeper.cache.departures.due(NOW + departures.STAY - 1, 100)
    assert len(keeper.cache.departures.due(NOW + departures.STAY, 100)) == 1


def test_a_correction_finds_what_it_corrects(keeper):
    (order,) = told(keeper.take(fill("0a.b.01.02", 90, 200.0, orderRef="bot-1"), NOW + 1))
    assert (order["executed"], order["corrected"]) == (90, True)


def test_a_bust_takes_all_of_it_back(keeper):
    (order,) = told(keeper.take(fill("0a.b.01.02", 0, 200.0, orderRef="bot-1"), NOW + 1))
    assert order["executed"] == 0 and order["last_price"] is None


def test_a_late_commission_finds_its_order_by_its_execution_alone():
    keeper = Keeper(running())
    for event in over():
        keeper.take(event, NOW)
    keeper.let_go(NOW)
    (order,) = told(keeper.take(paid("0a.b.01.01", 1.25), NOW + 1))
    assert order["commission"] == 1.25
    assert [telling.document.get("commission") for telling in keeper.cache.executions.take(NOW)] == [None, 1.25]


def test_a_word_that_says_nothing_new_says_nothing(keeper):
    for event in [*over(), paid("0a.b.01.01"), error(202)]:
        assert not told(keeper.take(event, NOW + 1))


def test_a_command_finds_it_by_each_of_its_names(keeper):
    for names in ({"perm_id": "5001"}, {"api_id": 13}, {"client_oid": "bot-1"}):
        (order,) = (each for each in keeper.named(NOW, **names) if each)
        assert order["status"] == "Filled"
        assert keeper.let_go(NOW) == 1
    assert not any(keeper.named(NOW, perm_id="5002", api_id=14, client_oid="bot-2"))


def test_api_ids_end_with_their_session(keeper):
    keeper.cache.session_lost()
    assert keeper.named(NOW, api_id=13)[1] is None


def test_one_without_a_permid_is_found_by_its_name_and_by_its_id():
    keeper = Keeper(running())
    keeper.cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    keeper.take(error(201, "no margin"), NOW)
    assert keeper.let_go(NOW) == 1
    assert keeper.named(NOW, client_oid="bot-1")[2]["extCode"] == 201
    keeper.let_go(NOW)
    assert keeper.named(NOW, api_id=13)[1]["extCode"] == 201


def test_what_redis_has_lost_was_never_heard_of(keeper):
    keeper.hashes.clear()
    assert not any(keeper.named(NOW, perm_id="5001"))
    assert not len(keeper.cache.departures.archive)


def test_remains_of_what_an_order_was_before_are_not_its_own(keeper):
    """A gateway that was killed between the two writes has left them."""
    text = json_text.loads(keeper.hashes[PLACE]["5001"])
    changed = json_text.dumps({**text, "executed": 90, "updateTime": text["updateTime"] + 1})
    keeper.hashes[PLACE]["5001"] = changed
    assert keeper.named(NOW, perm_id="5001")[0]["executed"] == 90


HALF = b'{"fills":[1],"executions":[],"updateTime":1700000000000,"total":1,"confirmed":true}'


@pytest.mark.parametrize("junk", [b"[", b"{}", HALF])
def test_junk_in_the_place_of_remains_is_nobodys(keeper, junk):
    keeper.remains["5001"] = junk
    assert keeper.named(NOW, perm_id="5001")[0]["status"] == "Filled"


def test_what_comes_back_for_messages_in_crowds_leaves_again_at_once(monkeypatch):
    monkeypatch.setattr(departures, "MOST_BACK", 2)
    keeper = Keeper(running())
    for number in range(5):
        for event in [*over(number=number, ref=f"bot-{number}"), paid(f"{number}a.b.01.01")]:
            keeper.take(event, NOW)
    assert keeper.let_go(NOW) == 5
    for number in range(5):
        keeper.take(opened("Filled", perm=5001 + number, order_id=13 + number, orderRef=f"bot-{number}"), NOW)
        keeper.cache.departures.surplus(NOW)
    assert len(keeper.cache.departures.archive) == 3 and keeper.cache.orders.by_state()["filled"] == 5
