"""API order ids: only ever up, whatever TWS, Redis or other clients say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model.errors import NOT_CONNECTED, UNAVAILABLE, CommandError
from ibgw_tx.orders.entry.ids import MAX_ORDER_ID, OrderIds, kept_from


def ready(kept=0, next_valid=1, **more):
    ids = OrderIds(kept, **more)
    ids.next_valid_id(next_valid)
    return ids


@pytest.mark.parametrize(
    ("kept", "next_valid", "seen", "first"),
    [
        (0, 1, (), 1), (0, 296, (), 296), (500, 296, (), 501), (295, 296, (), 296), (0, 296, (400, 350), 401),
        (500, 296, (400,), 501), (0, 1, (0, -5, 2147483647, 2**40), 1), (0, 0, (), 1), (0, -1, (), 1),
    ],
)  # fmt: skip
def test_the_next_id_is_above_what_was_kept_told_and_seen(kept, next_valid, seen, first):
    ids = ready(kept, next_valid)
    for order_id in seen:
        ids.saw(order_id)
    assert ids.kept + 1 == first
    assert list(ids.take()) == [first] and ids.kept == first


def test_a_group_gets_its_ids_together():
    ids = ready(next_valid=10)
    assert list(ids.take(3)) == [10, 11, 12] and ids.kept == 12
    assert list(ids.take()) == [13]


def test_a_next_valid_id_that_went_back_is_not_believed():
    ids = ready(next_valid=38103)
    ids.take()
    ids.session_lost()
    ids.next_valid_id(38099)
    assert list(ids.take()) == [38104]


def test_no_id_before_tws_has_told_which_are_free():
    ids = OrderIds(100)
    with pytest.raises(CommandError) as caught:
        ids.take()
    assert caught.value.code == NOT_CONNECTED
    ids.next_valid_id(5)
    assert list(ids.take()) == [101]
    ids.session_lost()
    with pytest.raises(CommandError):
        ids.take()
    assert ids.kept == 101


def test_ids_end_before_the_word_for_none():
    ids = ready(next_valid=MAX_ORDER_ID - 1)
    assert list(ids.take(2)) == [MAX_ORDER_ID - 1, MAX_ORDER_ID]
    assert ids.kept == 2147483646
    with pytest.raises(CommandError) as caught:
        ids.take()
    assert caught.value.code == UNAVAILABLE and "reset the API order id sequence" in caught.value.text


def test_a_group_that_does_not_fit_takes_nothing():
    ids = ready(next_valid=MAX_ORDER_ID)
    with pytest.raises(CommandError):
        ids.take(2)
    assert list(ids.take()) == [MAX_ORDER_ID]


def test_an_odd_id_above_the_ceiling_does_not_end_order_entry():
    ids = ready(next_valid=7, ceiling=1_000_000_000)
    ids.saw(2_000_000_000)
    assert list(ids.take()) == [7]


@pytest.mark.parametrize("told", ["next valid", "kept", "own order"])
def test_no_id_that_was_told_is_made_smaller(told):
    ids = OrderIds(0, 1_000_000_000, lambda lowest: (max(lowest, 1_000_000_777), 2_000_000_000))
    ids.next_valid_id(1_700_000_000 if told == "next valid" else 1)
    if told == "kept":
        ids.was_kept(1_699_999_999)
    elif told == "own order":
        ids.saw(1_699_999_999, own=True)
    assert list(ids.take()) == [1_700_000_000]


def test_ids_that_come_to_the_band_of_requests_go_past_those_that_were_given():
    ids = OrderIds(0, 1_000_000_000, lambda lowest: (max(lowest, 1_000_000_777), 2_000_000_000))
    ids.next_valid_id(999_999_999)
    assert list(ids.take(2)) == [999_999_999, 1_000_000_000]
    assert list(ids.take(2)) == [1_000_000_777, 1_000_000_778]


def test_a_next_valid_id_of_none_is_a_clear_refusal():
    ids = OrderIds(0, 1_000_000_000, lambda lowest: (lowest, MAX_ORDER_ID))
    ids.next_valid_id(2**31 - 1)
    with pytest.raises(CommandError, match="used up"):
        ids.take()


@pytest.mark.parametrize(("text", "kept"), [(None, 0), ("0", 0), (b"38103", 38103), ("2147483646", 2147483646)])
def test_the_kept_counter_as_redis_has_it(text, kept):
    assert kept_from(text) == kept


@pytest.mark.parametrize("text", ["", "x", b"\xff", "-5", "1.5", "٣", "9" * 50, "2147483647"])
def test_a_kept_counter_that_is_no_number_is_named(text):
    with pytest.raises(ValueError, match="the kept order id is "):
        kept_from(text)


events = st.lists(st.tuples(st.sampled_from(["told", "seen", "taken", "lost", "restarted"]), st.integers(-5, 400)), max_size=60)


@given(events)
def test_no_id_is_ever_given_twice_or_below_another(story):
    ids, given_ = OrderIds(), []
    for what, number in story:
        if what == "told":
            ids.next_valid_id(number)
        elif what == "seen":
            ids.saw(number)
        elif what == "lost":
            ids.session_lost()
        elif what == "restarted":
            ids = OrderIds(ids.kept)
        else:
            try:
                given_ += ids.take(1 + number % 3)
            except CommandError as error:
                assert error.code == NOT_CONNECTED
    assert given_ == sorted(set(given_))
