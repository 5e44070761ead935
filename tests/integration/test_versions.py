"""A few of the gateway's tests at the server versions where a dialect changes; IBSIM_SERVER_VERSION (kit.py) runs all of them."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_twisted import ensureDeferred

from ibgw_tx.tws.api.client import MAX_VERSION

from . import test_books, test_contracts, test_order_recovery, test_orders, test_top
from .kit import World

SCENARIOS: list[Any] = [
    test_books.test_the_last_message_equals_the_simulators_own_book,
    test_books.test_a_smart_book_is_published_under_its_listing_exchange_with_prices_merged,
    test_contracts.test_a_hit_is_stored_under_all_its_keys_with_every_field,
    test_order_recovery.test_a_fill_while_disconnected_is_told_as_recovered,
    test_orders.test_a_market_order_fills_and_its_commission_follows,
    test_orders.test_a_bracket_goes_as_one_and_lives_as_one,
    test_orders.test_a_preview_tells_margins_and_leaves_no_order,
    test_top.test_the_greeks_of_an_option_stand_while_it_is_subscribed,
]


#: Where a dialect changes: the founding README's, lots, fractions, text's last, the newest protobuf.
VERSIONS = [version for version in (151, 157, 163, 178, 200, 226) if version <= MAX_VERSION]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__.removeprefix("test_")[:40])
@ensureDeferred
async def test_at_server_version(world: World, scenario: Any, version: int) -> None:
    world.replace_simulator(server_version=version)
    await world.start()
    await scenario(world)
    assert {client.server_version for client in world.sim.clients} == {version}


@pytest.mark.parametrize("version", VERSIONS)
@ensureDeferred
async def test_neither_side_says_what_the_other_does_not_know(world: World, version: int) -> None:
    world.replace_simulator(server_version=version)
    await world.start()
    assert (await world.bot.send("SUB_TOP", contract={"conId": 265598, "exchange": "SMART"}))["ok"]
    assert world.requests("reqNewsBulletins")
    told = [message for message in world.bot.on_ack() if message.get("type") in ("msg", "error")]
    assert not [message for message in told if message["code"] in (320, 321)]
    assert world.gateway is not None and world.gateway._session is not None
    assert world.gateway._session._incoming.bad_messages == 0
