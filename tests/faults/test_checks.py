"""The judge is judged: each invariant finds what breaks it, and nothing where nothing is broken."""

import time

import pytest

from tests.faults import checks
from tests.faults.checks import Command, Gap
from tests.faults.ledger import Ledger
from tests.faults.view import AAPL, TENCENT, View, orders_of, status_of

T = 1_700_000_000.0


def request(t, number, ref="a", price=10.0, name="placeOrder"):
    said = {"orderRef": ref, "lmtPrice": price, "totalQuantity": 5.0} if name == "placeOrder" else {}
    return {"t": t, "what": "request", "name": name, "id": number, "said": said}


def state(t, status="Submitted", filled=0.0, perm=77, ref="a", limit=10.0):
    return {"t": t, "what": "order", "perm": perm, "client": 0, "id": 1, "ref": ref, "conId": AAPL.con_id, "buys": True,
            "total": 5.0, "limit": limit, "filled": filled, "average": 9.5 if filled else 0.0, "status": status}  # fmt: skip


def fill(t, quantity=2.0, exec_id="e.1.01.01"):
    return {"t": t, "what": "fill", "exec": exec_id, "perm": 77, "conId": AAPL.con_id, "buys": True, "quantity": quantity,
            "price": 9.5, "leg": False}  # fmt: skip


def ledger_of(*entries):
    ledger = Ledger()
    ledger.take({**entry, "n": number} for number, entry in enumerate(entries, 1))
    return ledger


def told(**more):
    executed = more.get("executed", 0)
    return {"i": "77", "client_oid": "a", "T": "buy", "s": 5, "p": 10.0, "executed": executed, "status": "Submitted",
            "alive": True, "avg_price": 9.5 if executed else None, **more}  # fmt: skip


def view_of(at=T + 10, status=True, *orders, flags=True):
    hashed = {name: order for order in orders for name in (order["i"], order["client_oid"]) if name}
    return View(at, at, (status, at - 0.5), {AAPL.con_id: flags, TENCENT.con_id: flags}, {AAPL.con_id: hashed},
                {AAPL.con_id: True, TENCENT.con_id: True}, {})  # fmt: skip


def test_a_name_with_two_orders_is_doubled():
    assert not checks.doubled(ledger_of(state(T), state(T + 1, "Filled", 5.0)))
    assert checks.doubled(ledger_of(state(T), state(T, perm=78)))


def test_the_same_order_or_change_twice_is_resent_and_another_price_is_not():
    assert not checks.resent(ledger_of(request(T, 1), request(T, 1, price=11.0), request(T, 2, ref="b")))
    assert checks.resent(ledger_of(request(T, 1), request(T, 1, price=11.0), request(T + 9, 1)))


def ack(id="1", ok=True, **more):
    return {"type": "ack", "id": id, "ok": ok, "t": T * 1000, **more}


NEW = Command("1", "new", "a", "CMD", T, True)


def test_one_acknowledgement_a_command():
    ledger = ledger_of(request(T, 1))
    assert not checks.acknowledged([NEW], [ack()], ledger, [])
    assert checks.acknowledged([NEW], [ack(), ack()], ledger, [])
    assert checks.acknowledged([NEW], [], ledger, [])
    assert not checks.acknowledged([NEW], [], ledger, [Gap(T - 1, T + 1, acks=True)])
    assert checks.acknowledged([NEW], [], ledger, [Gap(T - 1, T + 1, bytes=True)])
    by_stream = Command("1", "new", "a", "CMDS", T, True)
    assert checks.acknowledged([by_stream], [], ledger, [Gap(T - 1, T + 1, acks=True)]), "the stream loses none"
    unheard = Command("1", "new", "a", "CMD", T, False)
    assert not checks.acknowledged([unheard], [], ledger, [])
    assert checks.acknowledged([unheard], [ack()], ledger, [])


@pytest.mark.parametrize(
    ("command", "said", "asked"),
    [(NEW, ack(), request(T, 1)),
     (Command("1", "cancel", "a", "CMD", T, True), ack(apiOrderId=1), request(T, 1, name="cancelOrder")),
     (Command("1", "change", "a", "CMD", T, True, 11.0), ack(apiOrderId=1), request(T, 1, price=11.0))],
    ids=["new", "cancel", "change"],
)  # fmt: skip
def test_ok_only_if_it_reached_tws(command, said, asked):
    assert not checks.acknowledged([command], [said], ledger_of(asked), [])
    assert checks.acknowledged([command], [said], ledger_of(request(T, 9, "b")), [])
    assert not checks.acknowledged([command], [said], ledger_of(request(T, 9, "b")), [Gap(T - 1, T + 1, bytes=True)])


def test_what_was_refused_has_not_reached_tws_but_by_its_first_command():
    ledger, no = ledger_of(request(T, 1)), ack(ok=False, code="limit")
    assert checks.acknowledged([NEW], [no], ledger, [])
    again = Command("2", "new", "a", "CMD", T, True)
    assert not checks.acknowledged([NEW, again], [ack(), ack("2", False, code="duplicate")], ledger, [])


def test_an_order_that_was_acknowledged_and_is_nowhere_is_lost():
    view = view_of()
    assert checks.lost([NEW], [ack()], ledger_of(), view)
    assert not checks.lost([NEW], [ack()], ledger_of(state(T)), view)
    unknown = told(i=None, status="Unknown", alive=False)
    assert not checks.lost([NEW], [ack()], ledger_of(), view_of(T, True, unknown))
    assert checks.lost([NEW], [ack()], ledger_of(), view_of(T, True, told(i=None)))


def execution(**more):
    return {"execId": "e.1.01.01", "i": "77", "s": 2, "p": 9.5, "commission": None, **more}


def test_each_fill_once_with_its_figures():
    ledger = ledger_of(state(T), fill(T))
    assert not checks.fills(ledger, [execution(), execution(update=True)], "fills")
    assert checks.fills(ledger, [], "fills") and checks.fills(ledger, [execution(update=True)], "fills")
    assert checks.fills(ledger, [execution(), execution(recovered=True)], "fills")
    assert not checks.fills(ledger, [execution(), execution()], "fills", again=True)
    assert checks.fills(ledger, [execution(s=3)], "fills") and checks.fills(ledger, [execution(i="78")], "fills")
    assert checks.fills(ledger, [execution(), execution(execId="x.1.01.01")], "fills")


def test_the_end_of_a_day_has_every_order_as_it_is():
    ledger = ledger_of(state(T), state(T + 1, "Filled", 5.0))
    right = told(status="Filled", executed=5, alive=False)
    assert not checks.orders(ledger, view_of(T + 9, True, right))
    assert len(checks.orders(ledger, view_of(T + 9))) == 2
    for wrong in ({"executed": 4}, {"p": 9.0}, {"status": "Cancelled"}, {"avg_price": 9.4}, {"T": "sell"}, {"s": 6}):
        assert checks.orders(ledger, view_of(T + 9, True, {**right, **wrong})), wrong


def test_trusted_data_may_be_as_old_as_a_word_takes_and_no_older():
    ledger = ledger_of(state(T), state(T + 10, filled=2.0))
    old = told()
    within = T + 10 + checks.PROPAGATION
    assert not checks.sample(ledger, view_of(within + 0.4, True, old))
    assert checks.sample(ledger, view_of(within + 0.6, True, old)), "half a second is the age of the status"
    assert not checks.sample(ledger, view_of(within + 0.6, True, old), allow=1.0)
    assert not checks.sample(ledger, view_of(within + 9, True, told(executed=2)))
    assert not checks.sample(ledger, view_of(within + 9, False, old)), "nobody trusts it"
    assert not checks.sample(ledger, view_of(within + 9, True, old, flags=False))
    assert checks.sample(ledger, view_of(within + 9)), "it is missing"
    assert not checks.sample(ledger, view_of(T + 1)), "it has just come"
    assert checks.sample(ledger_of(), view_of(T, True, old)), "it lives in Redis alone"


def test_a_status_that_is_old_is_no_status():
    view = view_of(T + 10)
    view.status = (True, T + 6.9)
    assert not view.fresh and not view.whole


def test_no_book_is_older_than_the_status_says():
    view = view_of()
    for book, wrong in (
        ([[{"p": 1, "s": 1}], [], (T + 9) * 1000], 0), ([[{"p": 1, "s": 1}], [], (T - 9) * 1000], 1), ([[], [], T], 0), (None, 0),
    ):  # fmt: skip
        view.books = {AAPL.con_id: book}
        assert len(checks.books(view)) == wrong


def test_a_log_without_tracebacks_floods_and_endless_lines():
    fine = ["2026 [ibgw_tx.x#info] status of day is true"]
    assert not checks.log(fine)
    assert checks.log([*fine, "Traceback (most recent call last):"]) and checks.log(["2026 [x#critical] failed"])
    assert checks.log(fine * 1000) and checks.log(["x" * 10_000])


def test_what_bots_write_into_hashes_is_no_order():
    assert orders_of({"t": "1", "x": "nonsense", "y": "{}", "77": '{"status":"Filled"}'}) == {"77": {"status": "Filled"}}
    assert status_of(None) == (False, 0.0) and time.time() > status_of("[true,1700000000000]")[1] > 0
