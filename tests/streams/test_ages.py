"""How old an entry is: its id tells, unless the stream's last id lay ahead of the clock when it was added."""

import pytest

from ibgw_tx.streams.ages import TOLERANCE, Ages

NOW = 1_700_000_000_000
HOUR = 3_600_000


@pytest.fixture
def ages():
    return Ages()


@pytest.mark.parametrize("entry_id", [f"{NOW}-0", f"{NOW - 9000}-7", f"{NOW + TOLERANCE}-0"])
@pytest.mark.parametrize("again", [False, True])
def test_an_id_tells_when_it_was_added(ages, entry_id, again):
    assert ages.sent(entry_id, NOW, 50.0, again) == int(entry_id.partition("-")[0])


@pytest.mark.parametrize("place", [0, 1])
def test_one_ahead_of_the_clock_tells_nothing_to_a_gateway_that_has_just_begun_to_listen(ages, place):
    assert ages.sent(f"{NOW + HOUR}-{place}", NOW, 50.0) is None


def test_one_ahead_that_comes_while_it_is_listened_for_was_added_since_the_stream_was_read_out(ages):
    ages.read_out(49.0)
    assert ages.sent(f"{NOW + HOUR}-1", NOW, 50.0) == NOW - 1000
    # A process that stood still for 20 s may read what was added at the beginning of it.
    assert ages.sent(f"{NOW + HOUR}-2", NOW, 70.0) == NOW - 21000


def test_what_a_former_life_had_read_is_not_younger_for_being_listened_for_now(ages):
    ages.read_out(49.0)
    assert ages.sent(f"{NOW + HOUR}-1", NOW, 50.0, again=True) is None


def test_it_tells_nothing_either_when_the_clock_has_come_past_it(ages):
    assert ages.sent(f"{NOW + HOUR}-0", NOW, 50.0) is None
    assert ages.sent(f"{NOW + HOUR}-1", NOW + 2 * HOUR, 7250.0) is None
    assert ages.sent(f"{NOW + HOUR + 5}-0", NOW + 2 * HOUR, 7250.0) == NOW + HOUR + 5


def test_nor_when_a_former_life_had_read_the_one_that_lay_ahead(ages):
    ages.begins_anew(f"{NOW - 1000}-3")
    assert ages.sent(f"{NOW - 1000}-4", NOW, 50.0) is None
    assert ages.sent(f"{NOW - 999}-0", NOW, 50.0) == NOW - 999


def test_another_stream_is_not_listened_to_yet(ages):
    ages.read_out(49.0)
    ages.begins_anew()
    assert ages.sent(f"{NOW + HOUR}-1", NOW, 50.0) is None


def test_how_far_ahead(ages):
    assert ages.ahead(f"{NOW + HOUR}-1", NOW) == 3600
    assert ages.ahead(f"{NOW + TOLERANCE}-1", NOW) == ages.ahead(f"{NOW - HOUR}-0", NOW) == 0
