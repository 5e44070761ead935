"""What goes wrong between TWS, its link to IB and the gateway, and how books, status and commands come back."""

from __future__ import annotations

from typing import Any

from pytest_twisted import ensureDeferred

from .kit import World, sleep, until
from .test_books import HK, HK_ID, full_book, is_a_book, subscribe


async def emptied(world: World, start: int) -> None:
    await until(lambda: [[], []] in [b[:2] for b in world.bot.on(HK, start)], say="emptied book")


@ensureDeferred
async def test_a_dropped_socket_empties_books_and_everything_comes_back(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    start = len(running.bot.heard)
    running.sim.trouble.drop()
    await emptied(running, start)
    await running.not_ready(start)
    await running.ready()
    after = len(running.bot.heard)
    await full_book(running, HK, after)
    empties = [b for b in running.bot.on(HK, start) if b[:2] == [[], []]]
    assert len(empties) == 1, "said once"
    assert len(running.requests("reqAccountUpdates")) == 2


@ensureDeferred
async def test_a_restarted_gateway_restores_its_books(running: World) -> None:
    await subscribe(running)
    await subscribe(running, "SMART", "USD-AAPL")
    await full_book(running)
    await running.stop_gateway()
    start = len(running.bot.heard)
    running.start_gateway()
    await full_book(running, HK, start)
    await full_book(running, "URANUS:NASDAQ:USD-AAPL:full_odbk_channel", start)


@ensureDeferred
async def test_1100_empties_and_refuses_1102_rebuilds(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    start = len(running.bot.heard)
    running.sim.trouble.lose_link()
    running.sim.trouble.error(1100, "again")
    await emptied(running, start)
    await running.not_ready(start)
    refused = await running.bot.send("SUB_ODBK", exchange="SEHK", showName="HKD-700")
    assert refused["code"] == "not_connected"
    start = len(running.bot.heard)
    running.sim.trouble.restore_link(data_kept=True)
    await running.ready()
    await full_book(running, HK, start)
    assert len(running.sim.clients) == 1, "the socket stayed"
    assert len(running.requests("reqMktDepth")) == 2


@ensureDeferred
async def test_1101_asks_for_everything_anew(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    start = len(running.bot.heard)
    running.sim.trouble.lose_link()
    await running.not_ready(start)
    start = len(running.bot.heard)
    running.sim.trouble.restore_link(data_kept=False)
    await running.ready()
    await full_book(running, HK, start)


@ensureDeferred
async def test_a_broken_farm_empties_its_books_and_its_return_fills_them(running: World) -> None:
    await subscribe(running)
    await subscribe(running, "IDEALPRO", "USD-EUR")
    euro = "URANUS:IDEALPRO:USD-EUR:full_odbk_channel"
    await full_book(running)
    await full_book(running, euro)
    start = len(running.bot.heard)
    running.sim.trouble.farm_down("hfarm")
    await emptied(running, start)
    await full_book(running, euro, start)
    assert not [b for b in running.bot.on(HK, start) if b[0]], "no row without its farm"
    start = len(running.bot.heard)
    running.sim.trouble.farm_up("hfarm")
    await full_book(running, HK, start)
    assert all(is_a_book(book) for book in running.bot.on(HK))


@ensureDeferred
async def test_a_client_id_in_use_is_waited_out_with_the_same_id(world: World) -> None:
    await world.bot.connect()
    world.start_simulator()
    world.sim.trouble.fail_next("startApi", 326, "Unable to connect as the client id is already in use.")
    world.start_gateway()
    await world.ready()
    assert {entry.client_id for entry in world.sim.office.journal.entries if entry.client_id >= 0} == {0}


@ensureDeferred
async def test_reset_starts_over_without_a_new_connection(running: World) -> None:
    await subscribe(running)
    await full_book(running)
    start = len(running.bot.heard)
    ack = await running.bot.send("RESET")
    assert ack["ok"]
    await emptied(running, start)
    await running.ready()
    await full_book(running, HK, start)
    assert len(running.requests("startApi")) == 1
    assert len(running.requests("cancelMktDepth")) == 1


@ensureDeferred
async def test_a_bad_message_is_skipped_and_the_session_goes_on(running: World, failures: list[Any]) -> None:
    await subscribe(running)
    await full_book(running)
    request_id = running.request_ids("reqMktDepth")[-1]
    running.sim.trouble.send(12, 1, request_id, "nonsense", 1, 1, 9.0, 5)
    running.sim.trouble.send(6, 2, "CashBalance")
    start = len(running.bot.heard)
    running.sim.step(20, HK_ID)
    await until(lambda: running.bot.on(HK, start))
    await sleep(0.1)
    assert len(running.requests("startApi")) == 1
    assert len(failures) == 2
    failures.clear()


@ensureDeferred
async def test_every_byte_in_a_segment_of_its_own_makes_no_difference(world: World) -> None:
    world.sim.trouble.split()
    await world.start()
    await subscribe(world)
    await full_book(world)
