"""How the parts are put together: who hears what, which commands there are, what the settings reach."""

import pytest

from ibgw_tx.model import events
from ibgw_tx.model import order_events as told
from ibgw_tx.tws.shell.asker import FIRST_REQUEST_ID
from tests.kit.contracts import AAPL
from tests.kit.gateway import World
from tests.kit.trading import OrderWorld, fill, status


@pytest.fixture
def world(monkeypatch):
    return World(
        monkeypatch,
        **{"max-quantity": "5", "max-orders-per-second": "2", "allowed-symbols": "AAPL", "exchanges": "SEHK", "client-id": "3"},
    )


def test_every_record_of_tws_has_a_listener(world):
    records = [kind for kind in vars(events).values() if isinstance(kind, type) and kind.__module__ == events.__name__]
    deaf = {kind.__name__ for kind in records if kind not in world.parts.listeners()}
    assert deaf == {"ManagedAccounts"}, "the session keeps these"
    for kind in (told.OpenOrder, told.OrderStatus, told.CompletedOrder, told.Execution, told.Commission):
        assert kind in world.parts.listeners()


def test_every_command_of_section_8_is_there(world):
    assert world.parts.dispatcher._known == {
        "SUB_ODBK", "UNSUB_ODBK", "SUB_TOP", "UNSUB_TOP", "RESET", "FIND_CONTRACTS", "PLACE_ORDER", "CANCEL_ORDER", "CANCEL_ALL",
        "CANCEL_ORDERS", "EXERCISE", "FIND_CHAIN", "SUB_BARS", "UNSUB_BARS", "SNAPSHOT",
        "HALT", "RESUME", "STATUS", "ACCOUNT_LIST", "ACCOUNT_SUMMARY", "FIND_HISTORY",
    }  # fmt: skip


def test_the_settings_reach_the_parts(world):
    limits = world.parts.order_entry.gate.limits
    assert (limits.max_quantity, limits.max_orders_per_second, limits.allowed_symbols) == (5, 2, {"AAPL"})
    assert world.parts.order_store.exchanges == {"SEHK"} and world.parts.orders.cache.client_id == 3


def test_order_ids_end_where_request_ids_begin(world):
    assert world.parts.order_entry.ids.ceiling == FIRST_REQUEST_ID - 1


def test_only_client_0_binds_manual_orders(monkeypatch, world):
    world.running()
    assert not world.asked("15")
    assert World(monkeypatch).running().asked("15") == [["15", "1", "1"]]


def test_a_contract_found_brings_its_rules_and_its_exchange(monkeypatch):
    world = World(monkeypatch).running()
    world.send("FIND_CONTRACTS", symbol="AAPL", secType="STK")
    world.turn()
    world.answer(AAPL, marketRuleIds="26")
    assert world.asked("91") == [["91", "26"]] and "NASDAQ" in world.parts.order_store.exchanges


def test_ids_of_this_client_are_seen_in_every_message_that_has_one(monkeypatch):
    world = OrderWorld(monkeypatch).trading()
    ids = world.parts.order_entry.ids
    world.hear(status(40, perm=1))
    assert ids.kept + 1 == 41
    world.hear(fill(order_id=50, perm=2))
    assert ids.kept + 1 == 51
    world.hear(status(90, perm=3, clientId=8), fill("x.1.1.01", order_id=2147483647, perm=4))
    assert ids.kept + 1 == 51
