"""What today's TWS writes differently (tws-facts-10x, 24), told as ever."""

import pytest

from ibgw_tx.history.bars import bar_time
from ibgw_tx.model.events import AccountValue, MultiValue
from tests.kit.trading import one_live_order, opened, status, stored

NOON = 1_712_059_200_000


@pytest.mark.parametrize("key", ["CashBalance", "$LEDGER-CashBalance"])
def test_a_prefix_of_ledger_values_is_taken_off(key):
    assert AccountValue(key, "1", "USD", "DU1").key == MultiValue(7, "DU1", key, "1", "USD").key == "CashBalance"


@pytest.mark.parametrize(
    "text",
    [
        "1712059200",
        "20240402 12:00:00",
        "20240402  12:00:00",
        "20240402-12:00:00",
        "20240402-12:00:00Z",
        "20240402 08:00:00 US/Eastern",
    ],
)
def test_the_time_of_a_bar_in_every_way(text):
    assert bar_time(text) == NOON


@pytest.mark.parametrize("text", ["20240402", "20240402Z"])
def test_a_day(text):
    assert bar_time(text) == NOON - 12 * 3_600_000


def test_a_time_that_is_none_is_an_error():
    with pytest.raises(ValueError):
        bar_time("yesterday")


def test_a_deactivated_order_is_alive_and_says_so_until_it_works_again(monkeypatch):
    world = one_live_order(monkeypatch)
    world.hear(opened(1, "Inactive", deactivated=True), status(1, "Inactive"))
    told = stored(world)
    assert (told["status"], told["alive"], told["deactivated"]) == ("Inactive", True, True)
    world.hear(opened(1, "PreSubmitted"), status(1, "PreSubmitted"))
    assert "deactivated" not in stored(world) and stored(world)["status"] == "PreSubmitted"
