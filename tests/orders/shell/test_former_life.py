"""What a gateway finds of the life before it: orders that had no answer, and those that never left."""

import json

import attrs
import pytest
from twisted.internet.defer import fail

from ibgw_tx.model import keys as names
from ibgw_tx.model.errors import RedisDown
from tests.kit.contracts import AAPL
from tests.kit.deferreds import result
from tests.kit.trading import BUY, CONTRACT, HASH, OrderWorld, burst, kept, opened, order_left, status, stored

KEY = names.unanswered("demo")
NAME_A = names.reservation("demo", "a")


def records(world):
    return {int(field): json.loads(value) for field, value in world.link.hashes.get(KEY, {}).items()}


def not_left(world):
    return [record["client_oid"] for record in records(world).values() if not record["left"]]


def restarted(monkeypatch, world, how="kill -9", after=10.0, heard=()):
    """Another gateway over the same Redis and TWS; `heard` are TWS's open orders."""
    if how == "SIGTERM":
        result(world.gateway.stopService())
    else:
        world.link.up = False
    again = OrderWorld(monkeypatch)
    again.reactor.advance(world.reactor.seconds() - again.reactor.seconds() + after)
    again.link.keys, again.link.hashes = world.link.keys, world.link.hashes
    again.running()
    again.snapshot(*heard)
    if again.asked("16"):  # it asks once more before it calls an order lost
        again.hear(*heard)
        again.tws.say(53, 1)
    again.seconds(1)
    return again


@pytest.mark.parametrize("how", ["kill -9", "SIGTERM"])
@pytest.mark.parametrize("oid", ["a", None])
def test_an_order_without_an_answer_is_told_unknown_and_can_be_cancelled(world, monkeypatch, how, oid):
    order_id = world.place(oid)["apiOrderId"]
    assert records(world)[order_id]["left"] is True
    ref = records(world)[order_id]["client_oid"]
    again = restarted(monkeypatch, world, how)
    told = stored(again, ref)
    assert (told["status"], told["alive"], told["apiOrderId"], told["recovered"]) == ("Unknown", False, order_id, True)
    assert again.orders()[-1]["client_oid"] == ref
    repeat = again.place(ref)
    assert repeat["code"] == "duplicate" and repeat["order"]["status"] == "Unknown"
    again.send("CANCEL_ORDER", client_oid=ref)
    assert again.ack()["ok"] and again.asked("4") == [["4", "1", str(order_id)]]
    again.seconds(3)
    assert order_id not in records(again), "it stands in its hash now"


def test_over_another_restart_too_it_can_be_cancelled(world, monkeypatch):
    order_id = world.place("a")["apiOrderId"]
    again = restarted(monkeypatch, world)
    again.seconds(3)
    third = restarted(monkeypatch, again)
    assert stored(third, "a")["status"] == "Unknown"
    third.send("CANCEL_ORDER", client_oid="a")
    assert third.ack()["ok"] and third.asked("4") == [["4", "1", str(order_id)]]


def test_it_settles_itself_by_any_later_word(world, monkeypatch):
    order_id = world.place("a")["apiOrderId"]
    again = restarted(monkeypatch, world)
    again.hear(opened(order_id, orderRef="a"), status(order_id))
    assert stored(again, "a")["alive"] is True and stored(again, str(5000 + order_id))["status"] == "Submitted"


def test_an_order_sent_a_moment_ago_has_its_minute(world, monkeypatch):
    """TWS may not list it yet: it is not called lost at once."""
    world.place("a")
    again = restarted(monkeypatch, world, after=1.0)
    assert b"a" not in again.link.hashes.get(HASH, {})
    assert again.place("a")["order"]["status"] == "PendingSubmit"
    for _ in range(62):
        again.seconds(1)
        if again.asked("16"):
            again.tws.say(53, 1)
            again.asked("99"), again.tws.say(102)
            for asked in again.asked("7"):
                again.tws.say(55, 1, asked[2])
    assert stored(again, "a")["status"] == "Unknown"


def test_an_order_that_tws_shows_is_told_as_it_is(world, monkeypatch):
    order_id = world.place("a")["apiOrderId"]
    again = restarted(monkeypatch, world, heard=(opened(order_id, orderRef="a"), status(order_id)))
    assert stored(again, "a")["alive"] is True
    again.seconds(3)
    assert order_id not in records(again)


def test_orders_that_waited_when_the_gateway_was_killed_never_were(world, monkeypatch):
    waiting = burst(world)
    assert {record["client_oid"] for record in records(world).values() if not record["left"]} == set(waiting)
    again = restarted(monkeypatch, world)
    told = {value["client_oid"] for value in map(json.loads, again.link.hashes[HASH].values()) if isinstance(value, dict)}
    assert not told & set(waiting) and {"burst-0", "burst-41"} <= told
    assert not any(kept(again, oid) for oid in waiting) and kept(again, "burst-0")
    again.seconds(2)
    assert again.place(waiting[0])["ok"] and len(order_left(again)) == 1


def test_an_order_that_left_in_the_moment_of_the_crash_is_known_by_tws(world, monkeypatch):
    """Its bytes were out, its mark was not written yet."""
    order_id = world.place("a")["apiOrderId"]
    field = str(order_id).encode()
    world.link.hashes[KEY][field] = world.link.hashes[KEY][field].replace(b'"left":true', b'"left":false')
    again = restarted(monkeypatch, world, heard=(opened(order_id, orderRef="a"), status(order_id)))
    assert stored(again, "a")["alive"] is True and kept(again, "a")


def test_a_name_that_another_order_has_taken_since_is_not_freed(world, monkeypatch):
    burst(world)
    (record,) = [each for each in records(world).values() if each["client_oid"] == "burst-50"]
    reserved = names.reservation("demo", "burst-50")
    world.link.keys[reserved] = json.dumps({"id": 1, "apiOrderId": record["apiOrderId"] + 1000}).encode()
    again = restarted(monkeypatch, world)
    assert kept(again, "burst-50") and not kept(again, "burst-51")


def killed_while_redis_worked(world, *oids):
    """Orders whose writes Redis has carried out when the gateway is killed; it never heard so."""
    world.link.hold = True
    for number, oid in enumerate(oids):
        world.send("PLACE_ORDER", id=f"c{number}", contract=CONTRACT, order={**BUY, "client_oid": oid})
    world.link.lose_replies()
    world.link.hold = False
    assert len(not_left(world)) == len(oids) and not world.asked("3")


@pytest.mark.parametrize("copies", [2, 3])
def test_a_name_that_was_sent_more_than_once_is_free_if_nothing_left(world, monkeypatch, copies, lines):
    """Each copy has a record, one of them the name."""
    killed_while_redis_worked(world, *["a"] * copies, "b")
    again = restarted(monkeypatch, world)
    assert not kept(again, "a") and not kept(again, "b") and not not_left(again)
    assert len([line for line in lines if "(client_oid 'a') never left before the restart; its name is free" in line]) == copies
    assert again.place("a")["ok"]


def test_the_record_stays_until_redis_has_given_up_the_name(world, monkeypatch, lines):
    """Another kill in between would leave a name that nothing frees; and nothing is said before it is so."""
    killed_while_redis_worked(world, "a", "a")
    world.link.up = False
    again = OrderWorld(monkeypatch)
    again.reactor.advance(world.reactor.seconds() - again.reactor.seconds() + 10)
    again.link.keys, again.link.hashes = world.link.keys, world.link.hashes
    call = again.link.call
    again.link.call = lambda *words: fail(RedisDown("too slow")) if words[:2] == ("DEL", NAME_A) else call(*words)
    again.running()
    again.snapshot()
    assert kept(again, "a") and len(not_left(again)) == 2 and not [line for line in lines if "never left" in line]
    third = restarted(monkeypatch, again)
    assert not kept(third, "a") and not not_left(third)
    assert len([line for line in lines if "never left before the restart; its name is free" in line]) == 2
    dels = [words for words in third.link.calls if words[0] in ("DEL", "HDEL") and words[1] in (KEY, NAME_A)]
    assert [words[0] for words in dels] == ["DEL", "HDEL"]


def test_a_name_of_another_order_is_not_called_free(world, monkeypatch, lines):
    killed_while_redis_worked(world, "a")
    world.link.keys[NAME_A] = json.dumps({"id": 1, "apiOrderId": 1000}).encode()
    again = restarted(monkeypatch, world)
    assert kept(again, "a") and not not_left(again)
    assert [line for line in lines if "never left before the restart; its name is another order's" in line]


JUNK = [b"junk", b"{}", b"[]", b'{"apiOrderId":7}', b'{"apiOrderId":7,"client_oid":"x","contract":{"no":1}}']


@pytest.mark.parametrize("junk", JUNK)
def test_a_record_that_is_none_keeps_nothing_back(world, monkeypatch, junk, lines):
    world.link.hashes[KEY] = {b"7": junk}
    again = restarted(monkeypatch, world)
    assert again.parts.orders.is_running and any("is not usable" in line and line.startswith("error") for line in lines)
    assert again.place("b")["ok"]


def test_a_redis_that_forgot_is_told_of_orders_without_an_answer_again(world):
    order_id = world.place("a")["apiOrderId"]
    world.link.go_down()
    world.link.hashes.clear()
    world.link.bring_up()
    assert records(world)[order_id]["left"] is True


def test_a_record_goes_only_when_redis_has_not_refused_the_order(world, failures):
    order_id = world.place("a")["apiOrderId"]
    world.link.refuse["HSET"] = RuntimeError("OOM")
    world.hear(opened(order_id, orderRef="a"), status(order_id))
    failures.clear()
    world.seconds(1)
    assert order_id in records(world)


def test_an_order_that_has_no_name_in_redis_leaves_no_record(world):
    odd = attrs.evolve(AAPL, conId=77, symbol="A:B")
    world.send("PLACE_ORDER", contract={"conId": 77, "exchange": "SMART"}, order={**BUY, "client_oid": "odd"})
    world.answer(odd)
    ack = world.ack()
    assert (ack["ok"], ack["market"], ack["pair"]) == (True, None, None) and len(world.asked("3")) == 1
    assert ack["apiOrderId"] not in records(world)


def test_a_mark_that_redis_refused_is_written_when_orders_are_trusted_again(world):
    """Without it the next life would take the order for one that never left, and its name for free."""
    order_id = world.place("a")["apiOrderId"]
    world.seconds(2)
    refused = {**records(world)[order_id], "left": False}
    (field,) = world.link.hashes[KEY]
    world.link.hashes[KEY][field] = json.dumps(refused).encode()
    world.gateway.assembly.orders._unanswered.tick(False)
    assert not records(world)[order_id]["left"]
    world.gateway.assembly.orders._unanswered.tick(True)
    assert records(world)[order_id]["left"] is True
