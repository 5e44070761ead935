"""Orders sent by us: answered, refused, or not answered at all."""

import pytest

from tests.kit.order_events import (
    CLIENT,
    LIMIT,
    NOW,
    TSLA_FULL,
    asks,
    completed,
    error,
    fill,
    opened,
    query,
    running,
    status,
    told,
)

PENDING = "PendingSubmit"


@pytest.fixture
def cache():
    found = running()
    assert found.own.placed(13, LIMIT, "bot-1", TSLA_FULL, NOW) == ()
    return found


def test_an_order_is_told_from_the_first_word_of_tws(cache):
    assert cache.orders.by_client_oid("bot-1")["status"] == PENDING
    (change,) = cache.apply(status("Submitted"), NOW + 5)
    assert change.fields == ("5001", "bot-1")
    assert (change.order["i"], change.order["client_oid"], change.order["t"]) == ("5001", "bot-1", NOW)


def test_until_it_has_a_perm_id_it_stands_under_its_client_oid(cache):
    (change,) = cache.apply(status("ApiPending", perm=0), NOW)
    assert change.fields == ("bot-1",) and change.order["i"] is None
    (change,) = cache.apply(opened("ApiPending", orderRef="bot-1"), NOW)
    assert change.fields == ("5001", "bot-1") and change.order["i"] == "5001"


def test_a_refused_order_without_a_perm_id_is_told_under_its_client_oid(cache):
    (change,) = cache.apply(error(110, "tick"), NOW)
    assert change.fields == ("bot-1",)
    assert [change.order[key] for key in ("i", "status", "alive", "extCode", "extMsg")] == [
        None,
        "Inactive",
        False,
        110,
        "tick",
    ]


def test_a_refused_order_without_any_name_is_only_published():
    cache = running()
    cache.own.placed(13, LIMIT, "", TSLA_FULL, NOW)
    (change,) = cache.apply(error(200), NOW)
    assert change.fields == () and change.order["apiOrderId"] == 13


def test_201_then_inactive_is_a_refused_order_that_gets_its_perm_id(cache):
    cache.apply(error(201, "margin"), NOW)
    (order,) = told(cache.apply(opened("Inactive", orderRef="bot-1"), NOW))
    assert (order["i"], order["alive"], order["extCode"]) == ("5001", False, 201)
    assert cache.apply(status("Inactive"), NOW) == ()


def test_a_refused_order_that_is_executed_is_asked_about(cache):
    cache.apply(error(201), NOW)
    changes = cache.apply(fill("a.b.c.01", 40, 200.0), NOW)
    assert asks(changes) == ["a refused order was executed"] and [order["executed"] for order in told(changes)] == [40]


def test_an_instant_fill_needs_no_status(cache):
    (order,) = told(cache.apply(fill("a.b.c.01", 100, 199.5, orderRef="bot-1"), NOW))
    assert (order["status"], order["alive"], order["executed"], order["avg_price"]) == (
        "Filled",
        False,
        100,
        199.5,
    )


def test_an_order_without_an_answer_is_asked_about_then_unknown_and_never_sent_again(cache):
    assert cache.due(NOW + 29_999) == ()
    assert asks(cache.due(NOW + 30_000)) == ["no answer to the order"]
    (change,) = query(cache, NOW + 31_000)
    assert change.fields == ("bot-1",)
    assert (change.order["status"], change.order["alive"], change.order["i"]) == ("Unknown", False, None)
    assert cache.orders.open_count == 0


def test_it_is_unknown_at_the_limit_even_if_tws_cannot_be_asked(cache):
    cache.due(NOW + 30_000)
    cache.query_begin(NOW + 30_000)
    cache.query_done(NOW + 45_000)
    (order,) = told(cache.due(NOW + 60_000))
    assert (order["status"], order["alive"]) == ("Unknown", False)


def test_a_question_that_timed_out_concludes_nothing_and_is_asked_again(cache):
    cache.due(NOW + 30_000)
    assert query(cache, NOW + 30_000, complete=False) == []
    assert cache.orders.by_api_id(13)["alive"]
    assert asks(cache.due(NOW + 40_000)) == ["no answer to the order"]


def test_a_notice_is_no_answer_to_a_new_order(cache):
    (order,) = told(cache.apply(error(399, "held until the market opens"), NOW))
    assert (order["status"], order["alive"], order["extCode"]) == (PENDING, True, 399)
    assert asks(cache.due(NOW + 30_000)) == ["no answer to the order"]


def unknown(cache):
    cache.due(NOW + 30_000)
    query(cache, NOW + 31_000)
    assert cache.orders.by_client_oid("bot-1")["status"] == "Unknown"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (status("Submitted"), ("Submitted", True, 0)),
        (opened("PreSubmitted", orderRef="bot-1"), ("PreSubmitted", True, 0)),
        (fill("a.b.c.01", 100, 200.0, orderRef="bot-1"), ("Filled", False, 100)),
        (completed("Cancelled", orderRef="bot-1"), ("Cancelled", False, 0)),
        (completed("Filled", 100, orderRef="bot-1"), ("Filled", False, 100)),
        (error(201), ("Inactive", False, 0)),
    ],
)
def test_an_unknown_order_settles_itself_by_any_later_word(cache, event, expected):
    unknown(cache)
    (order,) = told(cache.apply(event, NOW + 90_000))
    assert (order["status"], order["alive"], order["executed"]) == expected


def test_an_unknown_order_that_speaks_is_asked_about(cache):
    unknown(cache)
    assert asks(cache.apply(status("Submitted"), NOW + 90_000)) == ["Submitted from an order that was unknown"]


def test_an_unknown_order_is_asked_about_for_some_rounds(cache):
    unknown(cache)
    asked, now = [], NOW + 31_000
    for _ in range(3000):
        now += 1_000
        asked += asks(cache.due(now))
        query(cache, now)
    assert asked == ["unknown"] * 3


def test_an_order_placed_after_the_question_began_is_not_lost_by_its_answer(cache):
    cache.apply(status("Submitted"), NOW)
    cache.apply(error(77777), NOW)
    cache.query_begin(NOW)
    cache.own.placed(14, LIMIT, "bot-2", TSLA_FULL, NOW)
    cache.apply(error(77777, order_id=14), NOW)
    cache.query_done(NOW)
    query(cache, NOW + 1_000)
    assert cache.orders.by_client_oid("bot-2")["alive"]


def test_103_kills_the_new_order_and_frees_its_id_for_the_old_one(cache):
    (order,) = told(cache.apply(error(103), NOW))
    assert (order["client_oid"], order["alive"]) == ("bot-1", False)
    (order,) = told(cache.apply(opened(perm=4000, orderRef="other"), NOW))
    assert (order["i"], order["client_oid"], order["alive"]) == ("4000", "other", True)
    assert cache.orders.by_client_oid("bot-1")["i"] is None


def test_an_open_order_with_our_id_and_another_reference_is_not_ours(cache):
    cache.apply(opened(perm=4000, orderRef="other"), NOW)
    assert cache.orders.by_client_oid("bot-1")["i"] is None
    assert cache.orders.by_client_oid("other")["i"] == "4000"


def test_the_same_id_twice_is_a_mistake_of_the_caller(cache):
    with pytest.raises(ValueError, match="13"):
        cache.own.placed(13, LIMIT, "bot-2", TSLA_FULL, NOW)


def test_an_order_that_could_not_be_sent_is_forgotten(cache):
    cache.own.forget(13)
    assert (cache.orders.open_count, cache.orders.by_client_oid("bot-1"), cache.orders.by_api_id(13)) == (0, None, None)
    assert cache.due(NOW + 100_000) == ()


def test_a_refusal_of_an_order_that_is_being_cancelled_already_ends_it(cache):
    cache.own.cancelling(13, NOW)
    assert [order["alive"] for order in told(cache.apply(error(201), NOW))] == [False]


def test_a_refusal_between_a_new_order_and_its_modification_is_asked_about(cache):
    cache.own.modifying(13, LIMIT, NOW)
    changes = cache.apply(error(110), NOW)
    assert [order["alive"] for order in told(changes)] == [True] and asks(changes) == ["code 110"]


def test_a_refusing_code_after_an_execution_is_asked_about(cache):
    cache.apply(fill("a.b.01.01", 40, 200.0), NOW)
    changes = cache.apply(error(201), NOW)
    assert [order["alive"] for order in told(changes)] == [True] and asks(changes) == ["code 201"]


def test_many_different_messages_are_forgotten_in_time(cache):
    cache.apply(status("Submitted"), NOW)
    for number in range(200):
        assert len(told(cache.apply(error(399, f"held {number}"), NOW))) == 1


def test_a_what_if_question_is_no_order():
    cache = running()
    cache.own.ignore(13)
    assert cache.apply(opened("PreSubmitted", whatIf=True), NOW) == ()
    assert cache.apply(status("PreSubmitted"), NOW) == ()
    assert cache.orders.open_count == 0


def test_modifying_and_cancelling_an_order_nobody_knows_is_an_error(cache):
    with pytest.raises(KeyError):
        cache.own.modifying(99, LIMIT, NOW)
    with pytest.raises(KeyError):
        cache.own.cancelling(99, NOW)


def test_a_global_cancel_waits_for_every_order(cache):
    cache.apply(status("Submitted"), NOW)
    cache.apply(opened(order_id=7, perm=6000, clientId=CLIENT + 1), NOW)
    cache.own.cancelling_all(NOW)
    assert len(asks(cache.due(NOW + 30_000))) == 2


def test_the_lookups(cache):
    cache.apply(status("Submitted"), NOW)
    assert cache.orders.by_api_id(13) == cache.orders.by_perm_id("5001") == cache.orders.by_client_oid("bot-1")
    assert cache.orders.by_perm_id("x") is cache.orders.by_perm_id("9" * 40) is cache.orders.by_client_oid("no") is None
    assert cache.orders.by_perm_id(5001) == cache.orders.by_perm_id("5001")
    assert cache.orders.open_count == 1 and [order["i"] for order in cache.orders.living()] == ["5001"]
    assert cache.exchanges == {"NASDAQ"}
