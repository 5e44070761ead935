"""The operator's lines about orders: one for each end, with what it is found by."""

from tests.kit.trading import fill, status


def about(lines, word):
    return [line for line in lines if word in line]


def test_a_fill_is_one_line_with_its_figures_and_its_command(world, lines):
    order_id = world.placed("a")
    world.hear(fill(order_id=order_id, shares=100), status(order_id, "Filled", 100))
    world.hear(status(order_id, "Filled", 100))
    (line,) = about(lines, "is over")
    for part in (f"info order {order_id} is over, Filled", "buy 100 USD-AAPL on NASDAQ, executed 100 at 150", "'a'", "command"):
        assert part in line


def test_a_cancel_and_a_refusal_tell_tws_reason(world, lines):
    order_id, other = world.placed("a"), world.place("b")["apiOrderId"]
    world.tws.notice(202, "Order Canceled - reason:", order_id)
    world.hear(status(order_id, "Cancelled"))
    world.tws.notice(201, "Order rejected - reason:margin", other)
    cancelled, refused = about(lines, "is over")
    assert "Cancelled" in cancelled and "executed 0" in cancelled and "202" in cancelled
    assert "Inactive" in refused and "201 'Order rejected - reason:margin'" in refused


def test_an_order_without_an_answer_is_a_warning_and_one_that_is_found_a_line(world, lines):
    order_id = world.place("a")["apiOrderId"]
    for _ in range(62):
        world.seconds(1)
        if world.asked("16"):
            world.tws.say(53, 1)
            world.asked("99"), world.tws.say(102)
            for asked in world.asked("7"):
                world.tws.say(55, 1, asked[2])
    (line,) = about(lines, "is Unknown")
    assert line.startswith(f"warn order {order_id}") and "'a'" in line
    world.hear(status(order_id))
    assert len(about(lines, "is known again, Submitted")) == 1


def test_an_order_sent_has_its_command_in_its_line(world, lines):
    world.send("PLACE_ORDER", id="my-7", contract={"conId": 265598, "exchange": "SMART"}, order={"T": "buy", "s": 1, "p": 150})
    assert len(about(lines, "(command 'my-7')")) == 1
