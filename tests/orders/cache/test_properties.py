"""What holds for every order life, however its messages are shuffled, repeated and dropped."""

from __future__ import annotations

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibgw_tx.model.order_events import Commission, CompletedOrder, Execution, OrderError
from ibgw_tx.orders.cache.cache import OrderCache
from tests.kit.order_events import (
    CLIENT,
    LIMIT,
    NOW,
    TSLA,
    TSLA_FULL,
    Bot,
    answer_all,
    completed,
    error,
    fill,
    opened,
    paid,
    query,
    running,
    status,
)

LARGER = attrs.evolve(LIMIT, totalQuantity=150)
DEARER = attrs.evolve(LIMIT, lmtPrice=201.0)
ALIVE_WORDS = {
    "ApiPending",
    "PendingSubmit",
    "PreSubmitted",
    "Submitted",
    "PendingCancel",
    "PreCancelled",
    "Inactive",
}
FINAL_WORDS = {"Filled", "Cancelled", "ApiCancelled", "Unknown"}

LIVES = {
    "limit filled in parts": [
        opened("PreSubmitted", perm=0),
        status("PreSubmitted", perm=0),
        opened("PreSubmitted"),
        status("PreSubmitted"),
        opened(),
        status("Submitted"),
        fill("a.b.01.01", 40, 200.0, cumQty=40),
        opened(),
        status("Submitted", 40, avg=200.0),
        paid("a.b.01.01"),
        fill("a.b.02.01", 60, 199.0, cumQty=100),
        opened("Filled"),
        status("Filled", 100, avg=199.4),
        paid("a.b.02.01"),
        completed("Filled", 100),
    ],
    "instant fill": [fill("a.b.01.01", 100, 200.0), paid("a.b.01.01")],
    "cancelled after a part": [
        opened("PendingSubmit"),
        opened(),
        status("Submitted"),
        fill("a.b.01.01", 40, 200.0),
        status("Submitted", 40, avg=200.0),
        status("PendingCancel", 40, avg=200.0),
        opened("Cancelled"),
        status("Cancelled", 40, avg=200.0),
        error(202),
        paid("a.b.01.01"),
        completed("Cancelled", 40),
    ],
    "cancel against fill": [
        opened(),
        status("Submitted"),
        status("PendingCancel"),
        fill("a.b.01.01", 100, 200.0),
        error(10148, "state: Filled"),
        status("Filled", 100, avg=200.0),
        paid("a.b.01.01"),
    ],
    "refused": [error(201, "margin"), opened("Inactive"), status("Inactive")],
    "held and back": [
        opened("PreSubmitted"),
        error(404),
        status("Inactive", whyHeld="locate"),
        status("Submitted"),
        status("Cancelled"),
        error(202),
    ],
    "modified": [
        opened(),
        status("Submitted"),
        error(399, "held"),
        opened(terms=DEARER),
        status("Submitted"),
        opened(terms=LARGER),
        fill("a.b.01.01", 100, 201.0),
        status("Submitted", 100, avg=201.0),
        fill("a.b.02.01", 50, 201.0),
        status("Filled", 150, avg=201.0),
    ],
    "corrected": [
        opened(),
        fill("a.b.01.01", 40, 200.0),
        fill("a.b.01.02", 40, 199.0),
        paid("a.b.01.01"),
        fill("a.b.01.03", 30, 199.0),
        status("Submitted", 30, avg=199.0),
        paid("a.b.01.03", 1.5),
        status("Cancelled", 30),
        error(10349, "tif"),
    ],
    "advised": [
        opened(),
        error(10349, "tif"),
        error(2109, "rth"),
        error(77777, "?"),
        status("Submitted"),
        error(110, "tick"),
    ],
}
lives = st.sampled_from(sorted(LIVES)).map(LIVES.__getitem__)
fast = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def mangled(draw: st.DrawFn) -> list[object]:
    """A life with some of its messages dropped, some repeated, and all of them shuffled."""
    life = draw(lives)
    kept = [event for event in life if draw(st.booleans()) or draw(st.booleans())]
    repeated = draw(st.lists(st.sampled_from(life), max_size=5))
    return draw(st.permutations(kept + repeated))


def cache_with(own: bool, loading: bool = False) -> OrderCache:
    cache = OrderCache(CLIENT) if loading else running()
    cache.contract_known(TSLA, TSLA_FULL, NOW)
    if loading:
        cache.begin(NOW)
    if own:
        cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    return cache


def check(bot: Bot) -> None:
    executed: dict[str, float] = {}
    filled: set[str] = set()
    for order in bot.heard:
        name = order["client_oid"] or order["i"]
        fell = order["executed"] < executed.get(name, 0)
        assert not fell or order.get("corrected"), "a filled quantity fell without a correction"
        executed[name] = order["executed"]
        assert not (order["alive"] and order["status"] in FINAL_WORDS), "alive and final"
        assert order["alive"] is False or order["status"] in ALIVE_WORDS
        assert name not in filled or order["status"] == "Filled", "Filled went back"
        filled |= {name} if order["status"] == "Filled" else set()
        assert order["remained"] is None or order["remained"] >= 0
        assert (order["executed_qty"], order["ttl_qty"]) == (order["executed"], order["s"])
    for hash_ in bot.hashes.values():
        for field, order in hash_.items():
            name = order["i"] or order["client_oid"]
            assert order == bot.last[name], "the hash and the last message differ"
            assert field in (order["i"], order["client_oid"])


@fast
@given(mangled(), st.booleans(), st.lists(st.integers(0, 40_000), max_size=4))
def test_mangled_lives_keep_every_promise(events, own, waits):
    cache, bot, now = cache_with(own), Bot(), NOW
    for index, event in enumerate(events):
        bot.take(cache.apply(event, now))
        if index < len(waits):
            now += waits[index]
            bot.take(cache.due(now))
            bot.take(query(cache, now, complete=bool(waits[index] % 2)))
    check(bot)


@fast
@given(mangled(), mangled(), st.booleans())
def test_mangled_lives_across_a_lost_session_keep_every_promise(before, after, own):
    cache, bot = cache_with(own), Bot()
    for event in before:
        bot.take(cache.apply(event, NOW))
    cache.session_lost()
    cache.seed([text for hash_ in bot.hashes.values() for text in hash_.values()])
    cache.begin(NOW)
    for event in after:
        assert bot.take(cache.apply(event, NOW)) == 0
    answer_all(cache)
    bot.reload(cache.snapshot_done(NOW))
    check(bot)
    shown = [order for hash_ in bot.hashes.values() for order in hash_.values() if order["i"]]
    assert all(order == cache.orders.by_perm_id(order["i"]) for order in shown)


@fast
@given(mangled(), mangled(), st.booleans())
def test_mangled_lives_across_a_restart_keep_every_promise(before, after, own):
    old, bot = cache_with(own), Bot()
    for event in before:
        bot.take(old.apply(event, NOW))
    cache = OrderCache(CLIENT)
    assert cache.seed([text for hash_ in bot.hashes.values() for text in hash_.values()]) == 0
    cache.begin(NOW)
    cache.contract_known(TSLA, TSLA_FULL, NOW)
    for event in after:
        cache.apply(event, NOW)
    answer_all(cache)
    bot.reload(cache.snapshot_done(NOW))
    check(bot)


@fast
@given(lives, st.data(), st.booleans())
def test_replaying_any_prefix_changes_nothing(life, data, own):
    own = own or life is LIVES["refused"]  # codes go to orders that are known
    cache, bot = cache_with(own), Bot()
    done = data.draw(st.integers(1, len(life)))
    for event in life[:done]:
        bot.take(cache.apply(event, NOW))
    for event in life[: data.draw(st.integers(0, done))]:
        assert bot.take(cache.apply(event, NOW + 1)) == 0, event


@fast
@given(mangled(), st.booleans())
def test_the_same_message_twice_changes_nothing(events, own):
    cache, bot = cache_with(own), Bot()
    for event in events:
        bot.take(cache.apply(event, NOW))
        assert bot.take(cache.apply(event, NOW + 1)) == 0


def of_another_client(event):
    """The same message about an order of client 7, which has the same API id; None: only our own client would get it."""
    if isinstance(event, OrderError):
        return None
    if isinstance(event, Commission):
        return attrs.evolve(event, execId="x" + event.execId)
    changes = {"permId": 6001 if event.permId else 0}
    changes |= {} if isinstance(event, CompletedOrder) else {"clientId": 7}
    changes |= {"execId": "x" + event.execId} if isinstance(event, Execution) else {}
    return attrs.evolve(event, **changes)


@fast
@given(mangled(), mangled(), st.randoms(use_true_random=False))
def test_two_orders_with_the_same_api_id_do_not_touch_each_other(ours, theirs, random):
    theirs = [event for event in map(of_another_client, theirs) if event is not None]
    both, alone = cache_with(False), [cache_with(False), cache_with(False)]
    ends = []
    for cache, events in zip(alone, (ours, theirs), strict=True):
        for event in events:
            cache.apply(event, NOW)
    queues = [ours[:], theirs[:]]
    while any(queues):
        both.apply(random.choice([queue for queue in queues if queue]).pop(0), NOW)
    for cache, perm in zip(alone, (5001, 6001), strict=True):
        ends.append((cache.orders.by_perm_id(perm), both.orders.by_perm_id(perm)))
    assert all(one == other for one, other in ends)


@fast
@given(mangled(), st.booleans())
def test_a_snapshot_hears_the_same_as_the_live_stream(events, own):
    live, loading = cache_with(own), cache_with(own, loading=True)
    for event in events:
        live.apply(event, NOW)
        loading.apply(event, NOW)
    answer_all(loading)
    loading.snapshot_done(NOW)
    for order in live.orders.living(), loading.orders.living():
        assert all(text["alive"] for text in order)
    for name in ("5001", "0"):
        one, other = live.orders.by_perm_id(name), loading.orders.by_perm_id(name)
        assert (one is None) == (other is None)
        if one and other:
            assert other["executed"] >= one["executed"]


@fast
@given(mangled())
def test_a_complete_answer_leaves_no_doubt(events):
    cache = cache_with(True)
    for event in events:
        cache.apply(event, NOW)
    cache.due(NOW + 30_000)
    query(cache, NOW + 31_000)
    cache.due(NOW + 61_000)
    query(cache, NOW + 62_000)
    order = cache.orders.by_client_oid("bot-1")
    assert order["status"] in FINAL_WORDS | {"Inactive"} or order["alive"]
    assert cache.orders.open_count == len(list(cache.orders.living()))
