"""A client_oid that another command has reserved: what the refusal says, and that nothing of it stays."""

import pytest

from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from tests.kit.contracts import AAPL
from tests.kit.trading import BUY, CONTRACT, kept

KEY, NAME = names.unanswered("demo"), names.reservation("demo", "a")
FIRST = b'{"id":"first","apiOrderId":900}'


def recorded(world):
    """The orders whose records stand in Redis, without the first one of each of these worlds."""
    return [int(field) for field in world.link.hashes.get(KEY, {}) if field != b"1"]


@pytest.mark.parametrize("slow", [False, True])
def test_a_refused_repeat_leaves_no_record(world, slow):
    """Whether Redis answers at once or later. The order of the first command is not known yet."""
    world.link.keys[NAME] = FIRST
    world.link.hold = slow
    world.send("PLACE_ORDER", contract=CONTRACT, order={**BUY, "client_oid": "a"})
    world.link.hold = False
    while world.link._held:
        world.link.answer()
    ack = world.ack()
    assert (ack["code"], ack["reserved"]["id"]) == ("duplicate", "first") and not world.asked("3")
    assert not recorded(world) and kept(world, "a") == FIRST


def test_of_three_copies_at_once_one_record_stays_until_it_is_answered(world):
    world.link.hold = True
    for number in range(3):
        world.send("PLACE_ORDER", id=f"c{number}", contract=CONTRACT, order={**BUY, "client_oid": "a"})
    world.link.hold = False
    while world.link._held:
        world.link.answer()
    acks = world.told("ack")
    (taken,) = [ack for ack in acks if ack["ok"]]
    assert len(acks) == 3 and recorded(world) == [taken["apiOrderId"]]


def test_names_in_doubt_stay_in_doubt_when_redis_is_lost_again(world, failures):
    """It was lost with the write of a name, and once more while it was asked for that name."""
    world.link.hold = True
    world.send("PLACE_ORDER", contract=CONTRACT, order={**BUY, "client_oid": "a"})
    held = list(world.link._held)
    world.link.lose_replies()
    world.link.hold = False
    world.link.up = False
    for deferred, _ in held:
        deferred.errback(RedisDown("connection lost"))
    assert not world.asked("3") and kept(world, "a")
    world.link.up = True
    world.link.refuse["MGET"] = RedisDown("connection lost")
    world.link.bring_up()
    assert kept(world, "a")
    failures.clear()
    world.link.refuse.clear()
    world.link.bring_up()
    assert not kept(world, "a") and not recorded(world)


def test_a_redis_that_goes_while_a_repeat_is_refused_is_told_plainly(world, failures):
    """In the middle of the question who has the name: no failure, one sentence."""
    world.link.keys[NAME] = FIRST
    world.link.refuse["MGET"] = ConnectionError("Lost connection")
    ack = world.place("a")
    assert (ack["code"], ack["err"].split(",")[0]) == ("unavailable", "Redis does not take what has to be kept of it")
    assert not failures and not world.asked("3") and not recorded(world)


@pytest.mark.parametrize(("member", "given"), [("symbol", "MSFT"), ("secType", "OPT"), ("currency", "HKD")])
def test_an_order_for_another_contract_than_its_id_says_is_refused(world, member, given):
    for _ in range(2):
        world.send("PLACE_ORDER", contract={**CONTRACT, member: given}, order=BUY)
        world.answer(AAPL)
        ack = world.ack()
        assert ack["code"] == "bad_params" and f"contract.{member} {given!r} does not fit conId 265598" in ack["err"]
    assert not world.asked("3")


def test_a_book_of_another_contract_than_its_id_says_is_not_ended(world):
    world.send("SUB_ODBK", contract=CONTRACT)
    world.answer(AAPL)
    assert world.ack()["ok"] and len(world.asked("10")) == 1
    world.send("UNSUB_ODBK", contract={**CONTRACT, "symbol": "MSFT"})
    world.answer(AAPL)
    assert world.ack()["code"] == "bad_params" and not world.asked("11")
