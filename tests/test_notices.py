"""Where a notice goes: to its request, to its order's command, to the link, to the bots. Each to one place."""

import pytest

from tests.kit.trading import OrderWorld, opened, status


@pytest.fixture
def world(monkeypatch):
    world = OrderWorld(monkeypatch).trading()
    world.told("msg")
    return world


def heard(world):
    """(errors, messages) since the last time, as codes."""
    return [told["code"] for told in world.told("error")], [told["code"] for told in world.told("msg")]


@pytest.mark.parametrize("code", [1100, 2104, 2103, 2107, 1102, 326, 10999])
@pytest.mark.parametrize("id", [-1, 2147483647])
def test_a_notice_without_an_id_is_for_everybody(world, code, id):
    world.tws.notice(code, "text", id)
    assert heard(world) == ([], [code])


def test_a_system_code_is_one_whatever_its_id(world):
    world.tws.notice(1100, "text", 7)
    assert heard(world) == ([], [1100]) and not world.status


def test_a_code_of_an_order_goes_to_its_command_only(world):
    order_id = world.placed("a")
    world.tws.notice(399, "advice", order_id)
    assert heard(world) == ([399], [])


def test_a_code_of_an_order_of_no_command_is_a_message_and_counts_for_the_order(world):
    world.hear(opened(50), status(50))
    world.tws.notice(202, "Order Canceled", 50)
    assert heard(world) == ([], [202]) and world.parts.orders.cache.orders.by_api_id(50)["alive"] is False


def test_a_code_of_a_bound_order_with_a_negative_id_counts_for_the_order(world):
    world.hear(opened(-3, perm=7000), status(-3, perm=7000))
    world.tws.notice(202, "Order Canceled", -3)
    assert world.parts.orders.cache.orders.by_perm_id(7000)["alive"] is False
    world.tws.notice(399, "advice", -4)
    assert heard(world) == ([], [202, 399])


def test_an_order_id_is_not_taken_for_a_request_nor_the_other_way(world):
    order_id = world.placed("a")
    world.send("FIND_CONTRACTS", symbol="NO", secType="STK")
    world.turn()
    (asked,) = world.asked("9")
    world.tws.notice(200, "none", int(asked[2]))
    errors, messages = heard(world)
    assert errors == [200] and not messages and world.parts.orders.cache.orders.is_open(order_id)


def test_an_error_of_an_account_request_is_only_logged(monkeypatch, lines):
    world = OrderWorld(monkeypatch)
    world.link.bring_up()
    world.ready("DU1,DU2")
    asked = world.asked("76")[0]
    world.told("msg")
    world.tws.notice(2150, "no pnl", int(asked[2]))
    assert heard(world) == ([], []) and any("DU2" in line and "2150" in line for line in lines)


@pytest.mark.parametrize("code", [300, 310])
def test_a_late_echo_of_a_cancel_is_told_to_nobody(world, code):
    world.tws.notice(code, "unknown ticker", 1_000_000_900)
    assert heard(world) == ([], [])


def test_too_many_messages_are_an_error_in_the_log(world, lines):
    world.tws.notice(100, "Max rate of messages per second has been exceeded")
    assert any(line.startswith("error") and "100" in line for line in lines)


def test_the_farms_of_a_night_are_a_line_and_the_books_do_not_wait_for_it(world, lines):
    for code, text in ((2103, "broken:usfarm"), (2103, "broken:hfarm"), (2105, "broken:ushmds")):
        world.tws.notice(code, text)
    assert not [line for line in lines if "farm" in line]
    assert world.parts.notices.connectivity.has_broken_data_farm
    world.seconds(6)
    (line,) = [line for line in lines if "farm" in line]
    assert line.endswith(": farms broken: usfarm (2103), hfarm (2103), ushmds (2105)")


@pytest.mark.parametrize(("broken", "healed"), [(2103, 2104), (2105, 2106), (2157, 2158)])
def test_a_farm_that_is_whole_in_a_new_session_is_told_as_over(world, broken, healed):
    world.tws.notice(broken, "broken:farm")
    world.tws.wire.end()
    world.tws = None
    world.seconds(40)
    world.ready()
    world.tws.notice(healed, "OK:farm")
    world.tws.notice(broken, "broken:farm")
    alerts = [(told["what"], told["on"]) for told in world.told("alert") if told["kind"] == "farm"]
    assert alerts == [("farm", True), ("farm", False), ("farm", True)]
    assert [farm[1:] for farm in world.parts.notices.connectivity.farms()] == [("farm", False)]


def test_a_session_that_ends_leaves_no_farm_untold(world, lines):
    world.tws.notice(2103, "broken:usfarm")
    world.tws.wire.end()
    assert [line for line in lines if "farms broken: usfarm (2103)" in line]
