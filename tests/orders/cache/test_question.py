"""Start-up and reconnect: what Redis had, what TWS says, and what becomes of the difference."""

import attrs
import pytest

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.orders.cache.cache import OrderCache, Phase, SnapshotIncomplete, Step
from tests.kit.order_events import (
    CLIENT,
    LIMIT,
    NOW,
    TSLA,
    TSLA_FULL,
    TSLA_OPEN,
    Bot,
    answer_all,
    asks,
    completed,
    error,
    fill,
    loaded,
    opened,
    paid,
    query,
    running,
    status,
    told,
    wants,
)

DAY = 86_400_000
PLACE = ("NASDAQ", "USD-TSLA")


def history(*events):
    """What Redis holds after a run of the gateway that saw `events`."""
    cache, bot = running(), Bot()
    for event in events:
        bot.take(cache.apply(event, NOW))
    return [text for hash_ in bot.hashes.values() for text in hash_.values()]


def restarted(seed, *events, now=NOW + DAY):
    """A new process that reads `seed` and hears `events` during its first snapshot."""
    cache = OrderCache(CLIENT)
    cache.seed(seed)
    cache.begin(now)
    for event in events:
        assert told(cache.apply(event, now)) == []
    cache.contract_known(TSLA, TSLA_FULL, now)
    answer_all(cache)
    return cache, cache.snapshot_done(now)


def test_a_snapshot_gives_whole_hashes_and_publishes_what_redis_did_not_have():
    cache, found = restarted([], opened(orderRef="bot-1"), status("Submitted"), completed("Filled", 100, perm=4000))
    assert {place: set(hash_) for place, hash_ in found.hashes.items()} == {PLACE: {"5001", "bot-1", "4000"}}
    assert [(change.order["i"], change.order["recovered"]) for change in found.changed] == [
        ("5001", True),
        ("4000", True),
    ]
    assert found.hashes[PLACE]["5001"] == found.hashes[PLACE]["bot-1"] == found.changed[0].order
    assert cache.phase is Phase.RUNNING


def test_an_order_that_redis_has_as_it_is_is_not_published():
    seed = history(opened(orderRef="bot-1"))
    _, found = restarted(seed, opened(orderRef="bot-1"), status("Submitted"))
    assert found.changed == () and found.hashes[PLACE]["5001"] == seed[0]


def test_the_time_first_seen_survives_a_restart():
    _, found = restarted(history(opened()), opened("PendingCancel"))
    (change,) = found.changed
    assert (change.order["t"], change.order["updateTime"], change.order["status"]) == (
        NOW,
        NOW + DAY,
        "PendingCancel",
    )


def test_a_recovered_order_that_has_not_changed_since_is_written_as_it_was():
    _, first = restarted([], opened())
    _, found = restarted(list(first.hashes[PLACE].values()), opened())
    assert found.changed == () and found.hashes == first.hashes


def test_the_mark_of_a_recovered_order_goes_with_its_next_change():
    cache, found = restarted([], opened())
    assert found.changed[0].order["recovered"]
    (order,) = told(cache.apply(status("PendingCancel"), NOW + DAY))
    assert "recovered" not in order


def test_a_fill_that_happened_meanwhile_shows_up():
    _, found = restarted(history(opened()), completed("Filled", 100), fill("a.b.01.01", 100, 199.0), paid("a.b.01.01"))
    (change,) = found.changed
    found_order = [change.order[key] for key in ("status", "alive", "executed", "avg_price", "commission", "recovered")]
    assert found_order == ["Filled", False, 100, 199, 1, True]


def test_the_fate_of_an_order_that_tws_does_not_know_is_taken_from_its_executions():
    _, found = restarted(history(opened()), fill("a.b.01.01", 100, 199.0))
    assert [(change.order["status"], change.order["alive"]) for change in found.changed] == [("Filled", False)]


def test_an_order_that_tws_does_not_know_at_all_becomes_unknown():
    cache, found = restarted(history(opened(), fill("a.b.01.01", 40, 200.0)))
    (change,) = found.changed
    assert [change.order[key] for key in ("status", "alive", "executed", "recovered")] == [
        "Unknown",
        False,
        40,
        True,
    ]
    (order,) = told(cache.apply(status("Submitted", 40), NOW + DAY))
    assert (order["status"], order["alive"]) == ("Submitted", True)


def test_an_order_without_a_perm_id_is_found_again_by_its_reference():
    cache = running()
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    bot = Bot()
    bot.take(cache.apply(error(399), NOW))
    seed = list(bot.hashes[PLACE].values())
    assert seed[0]["i"] is None
    _, found = restarted(seed, opened(orderRef="bot-1"))
    assert [change.order["i"] for change in found.changed] == ["5001"]
    assert set(found.hashes[PLACE]) == {"5001", "bot-1"}


def test_a_final_order_in_redis_stays_final():
    seed = history(opened(), status("Filled", 100, avg=200.0))
    _, found = restarted(seed, opened("Submitted"), status("Submitted", 20))
    assert found.changed == ()


def test_a_dead_order_in_redis_that_tws_lists_as_open_lives():
    _, found = restarted(history(opened("Cancelled")), opened("Submitted"))
    assert [(change.order["status"], change.order["alive"]) for change in found.changed] == [("Submitted", True)]


def test_commissions_of_earlier_days_are_not_forgotten():
    seed = history(opened(), fill("a.b.01.01", 40, 200.0), paid("a.b.01.01", 2.0))
    _, found = restarted(seed, opened(), status("Submitted", 60), fill("c.d.01.01", 20, 200.0), paid("c.d.01.01", 1.0))
    assert found.changed[0].order["executed"] == 60 and found.changed[0].order["commission"] == 2


# What bots put there.

JUNK = [
    None,
    5,
    "text",
    [],
    {},
    {"i": "t"},
    {"i": 5001, "market": "X", "pair": "Y"},
    {"i": "5001"},
    {"i": "-3", "market": "X", "pair": "Y"},
    {"i": "5001", "market": "X:Y", "pair": "Z"},
    {"i": "", "market": "X", "pair": "Y"},
    {"i": None, "market": "X", "pair": "Y"},
    {"i": "9" * 50, "market": "X", "pair": "Y"},
    {"i": "٣", "market": "X", "pair": "Y"},
    {1: 2},
]


def test_junk_in_the_hashes_is_counted_and_left_out():
    cache = OrderCache(CLIENT)
    assert cache.seed(JUNK) == len(JUNK)
    cache.begin(NOW)
    answer_all(cache)
    assert cache.snapshot_done(NOW).hashes == {}


def test_an_order_of_strange_values_does_no_harm():
    strange = {
        "i": "5001",
        "market": "NASDAQ",
        "pair": "USD-TSLA",
        "s": "many",
        "p": [],
        "executed": -5,
        "t": NOW,
        "status": 7,
        "alive": 1,
        "extCode": "x",
        "extMsg": 3,
        "commission": True,
        "clientId": None,
        "apiOrderId": 2147483647,
        "conId": "x",
        "T": None,
    }
    cache, found = restarted([strange])
    assert [order["alive"] for order in found.hashes[PLACE].values()] == [False]
    assert cache.orders.by_perm_id(5001)["executed"] == 0


def test_of_two_texts_of_one_order_the_newer_counts():
    (old,) = history(opened())
    new = old | {"updateTime": NOW + 5, "status": "PendingCancel"}
    for seed in ([old, new], [new, old]):
        cache = OrderCache(CLIENT)
        assert cache.seed(seed) == 0
        assert cache.orders.by_perm_id(5001)["status"] == "PendingCancel"


def test_a_text_that_a_bot_changed_is_put_right():
    (text,) = history(opened())
    cache = running()
    cache.apply(opened(), NOW)
    cache.session_lost()
    cache.seed([text | {"status": "Filled", "alive": False}])
    cache.begin(NOW)
    cache.apply(opened(), NOW)
    answer_all(cache)
    found = cache.snapshot_done(NOW)
    assert [change.order["status"] for change in found.changed] == ["Submitted"]


def test_an_order_heard_of_before_redis_was_read_is_one_with_its_text():
    seed = history(opened(orderRef="bot-1"), fill("a.b.01.01", 40, 200.0), paid("a.b.01.01", 2.0))
    cache = OrderCache(CLIENT)
    cache.apply(completed("Cancelled"), NOW + 5)
    cache.seed(seed)
    loaded(begun(cache))
    order = cache.orders.by_perm_id(5001)
    assert [order[key] for key in ("t", "executed", "commission", "status")] == [NOW, 40, 2, "Cancelled"]
    assert len({id(found) for found in cache._index}) == 1


def begun(cache):
    cache.begin(NOW)
    return cache


def test_seeding_a_running_cache_is_a_mistake():
    with pytest.raises(RuntimeError):
        running().seed([])


# Old orders.


def test_dead_orders_of_more_than_the_kept_days_are_removed_and_their_hash_with_the_last_one():
    seed = history(opened("Cancelled"))
    _, found = restarted(seed, now=NOW + 8 * DAY)
    assert found.hashes == {PLACE: {}} and found.changed == () and [order["i"] for order in found.removed] == ["5001"]


def test_younger_dead_orders_and_all_living_ones_stay():
    seed = history(opened("Cancelled"), opened(perm=5002, order_id=14))
    _, found = restarted(seed, opened(perm=5002, order_id=14), now=NOW + 6 * DAY)
    assert set(found.hashes[PLACE]) == {"5001", "5002"}
    _, found = restarted(seed, opened(perm=5002, order_id=14), now=NOW + 60 * DAY)
    assert set(found.hashes[PLACE]) == {"5002"}


# The protocol.


def test_a_step_that_timed_out_is_not_an_empty_answer():
    cache = OrderCache(CLIENT)
    cache.seed(history(opened()))
    cache.begin(NOW)
    cache.answered(Step.OPEN, False)
    assert cache.step is Step.OPEN
    cache.answered(Step.COMPLETED, True)
    assert cache.step is Step.OPEN
    with pytest.raises(SnapshotIncomplete):
        cache.snapshot_done(NOW)
    assert cache.phase is Phase.LOADING and cache.orders.by_perm_id(5001)["alive"]


def test_the_steps_come_one_after_the_other():
    cache, steps = OrderCache(CLIENT), []
    cache.begin(NOW)
    while not cache.snapshot_ready:
        steps.append(cache.step)
        cache.answered(cache.step, False)
        cache.answered(cache.step, True)
    assert steps == [Step.OPEN, Step.COMPLETED, Step.EXECUTIONS]


def test_a_snapshot_waits_for_the_contracts_of_its_orders():
    cache = OrderCache(CLIENT)
    cache.begin(NOW)
    assert wants(cache.apply(opened(), NOW)) == [TSLA]
    answer_all(cache)
    assert not cache.snapshot_ready
    assert cache.contract_known(TSLA, None, NOW) == () and cache.snapshot_ready


def test_nothing_is_told_while_stopped_or_loading_and_all_of_it_afterwards():
    cache = OrderCache(CLIENT)
    assert told(cache.apply(opened(), NOW)) == []
    cache.begin(NOW)
    assert told(cache.apply(fill("a.b.01.01", 40, 200.0), NOW)) == [] and cache.due(NOW + DAY) == ()
    cache.apply(opened(), NOW)
    cache.contract_known(TSLA, TSLA_FULL, NOW)
    answer_all(cache)
    assert [change.order["executed"] for change in cache.snapshot_done(NOW).changed] == [40]


def test_a_question_about_a_contract_is_put_again_in_the_next_session():
    cache = OrderCache(CLIENT)
    cache.apply(opened(), NOW)
    cache.session_lost()
    assert wants(cache.begin(NOW)) == [TSLA]


def test_losing_the_session_stops_the_cache_and_a_new_snapshot_settles_what_was_open():
    cache = running()
    cache.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW)
    cache.session_lost()
    assert cache.phase is Phase.STOPPED and cache.query_done(NOW) == ()
    cache.begin(NOW + 20_000)
    answer_all(cache)
    (change,) = cache.snapshot_done(NOW + 20_000).changed
    assert (change.order["client_oid"], change.order["status"], change.fields) == (
        "bot-1",
        "Unknown",
        ("bot-1",),
    )


def test_a_second_snapshot_on_the_same_socket_publishes_only_what_changed():
    cache = running()
    cache.apply(opened(), NOW)
    cache.begin(NOW)
    cache.apply(opened(), NOW)
    assert loaded_changes(cache) == []
    cache.begin(NOW)
    assert [order["status"] for order in loaded_changes(cache)] == ["Unknown"]


def loaded_changes(cache):
    answer_all(cache)
    return [change.order for change in cache.snapshot_done(NOW).changed]


def test_a_begin_during_a_snapshot_starts_it_over():
    cache = OrderCache(CLIENT)
    cache.begin(NOW)
    cache.answered(Step.OPEN, True)
    cache.begin(NOW)
    assert cache.step is Step.OPEN


def test_what_came_up_during_a_snapshot_is_asked_about_after_it():
    cache = OrderCache(CLIENT)
    cache.begin(NOW)
    cache.apply(opened(), NOW)
    assert asks(cache.apply(error(77777), NOW)) == []
    loaded(cache)
    assert asks(cache.due(NOW + 10_000)) == ["code 77777"]


def test_messages_go_on_being_told_during_a_question():
    cache = running()
    cache.apply(opened(), NOW)
    cache.query_begin(NOW)
    assert len(told(cache.apply(fill("a.b.01.01", 40, 200.0), NOW))) == 1
    assert cache.query_done(NOW) == ()


def test_a_question_without_an_open_session_is_none():
    cache = OrderCache(CLIENT)
    cache.query_begin(NOW)
    cache.answered(Step.OPEN, True)
    assert cache.step is None and cache.query_done(NOW) == ()


def test_an_order_known_by_executions_only_is_in_the_snapshot():
    cache, found = restarted([], fill("a.b.01.01", 40, 200.0, order_id=0))
    (change,) = found.changed
    assert (change.order["status"], change.order["executed"], change.exchange) == ("Unknown", 40, "NASDAQ")
    assert cache.orders.open_count == 0


def test_completed_orders_say_why_they_ended():
    _, found = restarted([], completed("Cancelled", completedStatus="Cancelled by Trader"))
    assert [(change.order["extCode"], change.order["extMsg"]) for change in found.changed] == [(None, "Cancelled by Trader")]


@pytest.mark.parametrize("word", ["Inactive", "Submitted", "Nonsense", ""])
def test_a_completed_order_is_over_whatever_its_word(word):
    _, found = restarted(history(opened()), completed(word))
    assert [(change.order["status"], change.order["alive"]) for change in found.changed] == [("Inactive", False)]


def test_five_thousand_orders_load_quickly():
    cache = OrderCache(CLIENT)
    cache.begin(NOW)
    cache.contract_known(TSLA, TSLA_FULL, NOW)
    for index in range(5000):
        terms = attrs.evolve(LIMIT, lmtPrice=100.0 + index)
        cache.apply(
            opened(order_id=index + 1, perm=index + 10, terms=terms, orderRef=f"b{index}", contract=TSLA_OPEN),
            NOW,
        )
        cache.apply(status("Submitted", order_id=index + 1, perm=index + 10), NOW)
    answer_all(cache)
    found = cache.snapshot_done(NOW)
    assert len(found.changed) == 5000 and len(found.hashes[PLACE]) == 10_000 and cache.orders.open_count == 5000
    assert query(cache, NOW) == []


def test_what_redis_does_not_have_is_told_as_recovered_although_it_was_told_before():
    cache = running()
    assert told(cache.apply(opened(), NOW))
    cache.begin(NOW)
    assert cache.seed([]) == 0
    cache.apply(opened(), NOW)
    answer_all(cache)
    (change,) = cache.snapshot_done(NOW).changed
    assert change.order["recovered"] is True


def test_what_redis_has_as_it_was_told_is_not_told_again():
    cache = running()
    (text,) = told(cache.apply(opened(), NOW))
    for _ in range(2):
        cache.begin(NOW)
        cache.seed([text, text])
        cache.apply(opened(), NOW)
        answer_all(cache)
        assert not cache.snapshot_done(NOW).changed


@pytest.mark.parametrize("member", ["t", "updateTime", "clientId", "apiOrderId", "conId", "p", "s", "extCode"])
@pytest.mark.parametrize("value", [1e200, -1e200, 2**60])
def test_numbers_that_json_cannot_carry_back_do_not_come_back(member, value):
    cache = running()
    (text,) = told(cache.apply(opened(), NOW))
    again = OrderCache(CLIENT)
    again.begin(NOW)
    again.seed([{**text, member: value}])
    answer_all(again)
    for hash_ in again.snapshot_done(NOW).hashes.values():
        jsontext.dumps(hash_)


def test_orders_that_an_answer_has_not_named_are_counted():
    cache = running()
    assert cache.unheard == 0
    cache.apply(opened(), NOW)
    cache.begin(NOW)
    assert cache.unheard == 1
    cache.apply(opened(), NOW)
    assert cache.unheard == 0


def test_a_question_that_failed_concludes_nothing_and_is_asked_again():
    cache = running()
    cache.apply(opened(), NOW)
    cache.apply(error(31337), NOW)
    cache.query_begin(NOW)
    assert cache.unheard == 1
    cache.query_failed()
    assert cache.unheard == 0 and cache.orders.by_perm_id(5001)["alive"]
    assert asks(cache.due(NOW + 20_000))


def test_a_change_and_the_end_behind_it_that_nobody_was_there_to_hear_of():
    """A kill right behind a change: the completed order alone tells the price that it was filled at the latest with."""
    dearer = attrs.evolve(LIMIT, lmtPrice=201.0, totalQuantity=0)
    _, found = restarted(history(opened()), completed("Filled", 100, terms=dearer), fill("a.b.01.01", 100, 200.5))
    (change,) = found.changed
    assert [change.order[key] for key in ("status", "p", "s", "executed")] == ["Filled", 201, 100, 100]
    cheaper = attrs.evolve(LIMIT, lmtPrice=199.0, totalQuantity=80)
    _, found = restarted(history(opened()), completed("Cancelled", 0, terms=cheaper))
    assert [found.changed[0].order[key] for key in ("status", "p", "s")] == ["Cancelled", 199, 80]


@pytest.mark.parametrize("size", [60, 150])
def test_a_change_of_size_that_was_filled_before_anybody_heard_of_it(size):
    """A completed order that was filled does not say its size (tws-facts 4.7): it is what was executed."""
    terms = attrs.evolve(LIMIT, totalQuantity=0)
    _, found = restarted(history(opened()), completed("Filled", size, terms=terms), fill("a.b.01.01", size, 200.0))
    assert [found.changed[0].order[key] for key in ("status", "s", "executed", "alive")] == ["Filled", size, size, False]
