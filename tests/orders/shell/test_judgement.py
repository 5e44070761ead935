"""What TWS says of orders, judged by the whole gateway: what a word, a code or a correction proves."""

import attrs
import pytest

from tests.kit.trading import TERMS, fill, one_live_order, opened, status, stored


@pytest.fixture
def world(monkeypatch):
    """One live order, number 1; TWS has been asked for nothing else."""
    return one_live_order(monkeypatch)


@pytest.mark.parametrize("code", [320, 321, 322])
def test_a_refused_cancel_leaves_an_inactive_order_alive(world, code):
    world.hear(status(1, "Inactive"))
    world.send("CANCEL_ORDER", apiOrderId=1)
    assert world.ack()["ok"] and world.asked("4")
    world.tws.notice(code, "refused", 1)
    assert (stored(world)["status"], stored(world)["alive"]) == ("Inactive", True)


def test_corrections_lower_what_was_executed_and_say_so_once(world):
    world.hear(fill("e.1.1.01", 40, cumQty=40.0), status(1, filled=40.0))
    world.hear(fill("e.1.1.02", 10, cumQty=10.0))
    assert (stored(world)["executed"], world.orders()[-1].get("corrected")) == (10, True)
    world.hear(fill("e.1.1.03", 0, cumQty=0.0))
    assert (stored(world)["executed"], world.orders()[-1]["corrected"]) == (0, True)
    world.hear(status(1, filled=40.0))
    assert stored(world)["executed"] == 0, "what was stated before the correction"
    world.hear(fill("e.1.2.01", 5, cumQty=5.0))
    assert stored(world)["executed"] == 5 and "corrected" not in world.orders()[-1]


def test_filled_with_less_than_all_is_asked_about_and_alive(world):
    world.hear(fill("e.1.1.01", 50, cumQty=50.0), status(1, "Filled", filled=50.0))
    assert stored(world)["alive"] and world.asked("16")
    world.hear(opened(), status(1, filled=50.0))
    world.tws.say(53, 1)
    assert (stored(world)["status"], stored(world)["executed"]) == ("Submitted", 50)


def test_an_own_living_order_is_cancelled_by_its_name_though_a_stranger_has_it_too(world):
    world.hear(opened(orderRef="c1"))
    world.hear(opened(7, clientId=7, perm=9007, orderRef="c1"), status(7, clientId=7, perm=9007))
    world.send("CANCEL_ORDER", client_oid="c1")
    assert world.ack()["ok"] and [message[2] for message in world.asked("4")] == ["1"]
    assert stored(world, "c1")["i"] == "5001"


@pytest.mark.parametrize("dead", [5001, 5101])
def test_of_twins_the_living_one_is_cancelled_and_shown(world, dead):
    world.hear(opened(orderRef="c1"), opened(orderRef="c1", perm=5101, terms=attrs.evolve(TERMS, lmtPrice=151.0)))
    world.hear(status(1, perm=5101))
    world.hear(status(1, "Cancelled", perm=dead))
    living = str(5001 + 5101 - dead)
    assert stored(world, "c1")["i"] == living and stored(world, "c1")["alive"]
    world.send("CANCEL_ORDER", client_oid="c1")
    assert world.ack()["ok"] and [message[2] for message in world.asked("4")] == ["1"]


def answer(world, *heard):
    """One question about all orders, with the second list of open orders."""
    world.snapshot(*heard)
    if world.asked("16"):
        world.hear(*heard)
        world.tws.say(53, 1)
    world.turn()


def test_an_acknowledged_order_that_was_refused_and_is_gone_is_inactive(world):
    world.tws.notice(201, "Order rejected - reason: margin", 1)
    answer(world)
    found = stored(world)
    assert (found["status"], found["alive"], found["extCode"]) == ("Inactive", False, 201)


def test_a_late_word_while_another_order_is_asked_about_revives_nobody(world):
    world.hear(opened(2), status(2))
    world.hear(status(1, "Cancelled"))
    world.tws.notice(202, "Order Canceled - reason:", 1)
    world.tws.notice(10149, "?", 2)
    answer(world, opened(2), status(2), status(1, "Submitted"))
    assert (stored(world)["status"], stored(world)["alive"]) == ("Cancelled", False)
    assert stored(world, "5002")["alive"]
