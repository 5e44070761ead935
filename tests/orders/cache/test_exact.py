"""Quantities keep every digit: told, added up, corrected, and over a restart."""

from decimal import Decimal

import attrs
import pytest

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.order_events import OrderStatus
from ibgw_tx.orders.cache.cache import OrderCache
from tests.kit.order_events import CLIENT, LIMIT, NOW, TSLA, TSLA_FULL, Bot, answer_all, fill, opened, running

SIZED = [
    # total, fills, what is left
    ("0.00012345", ["0.0001", "0.00002345"], "0"),
    ("12345.67", ["12345.6", "0.07"], "0"),
    ("12345678.00000003", ["12345678.00000001"], "0.00000002"),
    ("0.3", ["0.1", "0.1"], "0.1"),
    ("1E-8", [], "0.00000001"),
]


@pytest.mark.parametrize(("total", "fills", "left"), SIZED)
@pytest.mark.parametrize("made", [str, Decimal])
def test_an_order_adds_up_to_its_last_digit(total, fills, left, made):
    cache, bot = running(), Bot()
    bot.take(cache.apply(opened(terms=attrs.evolve(LIMIT, totalQuantity=made(total))), NOW))
    for number, shares in enumerate(fills):
        bot.take(cache.apply(fill(f"a.b.0{number}.01", made(shares), 200.0), NOW))
    told = bot.last["5001"]
    assert jsontext.text(told["s"]) == format(Decimal(total), "f")
    assert jsontext.text(told["remained"]) == left
    assert told["status"] == ("Filled" if left == "0" else "Submitted")


@pytest.mark.parametrize(("total", "fills", "left"), SIZED)
def test_what_redis_has_exactly_is_not_told_again_after_a_restart(total, fills, left):
    terms = attrs.evolve(LIMIT, totalQuantity=total)
    events = [opened(terms=terms), *(fill(f"a.b.0{n}.01", shares, 200.0) for n, shares in enumerate(fills))]
    cache, bot = running(), Bot()
    for event in events:
        bot.take(cache.apply(event, NOW))
    kept = jsontext.loads_exact(jsontext.dumps(bot.last["5001"]))
    again = OrderCache(CLIENT)
    assert again.seed([kept]) == 0
    again.begin(NOW)
    for event in events:
        again.apply(event, NOW)
    again.contract_known(TSLA, TSLA_FULL, NOW)
    answer_all(again)
    found = again.snapshot_done(NOW)
    assert found.changed == ()
    ((told,),) = (texts.values() for texts in found.hashes.values())
    assert jsontext.text(told["s"]) == format(Decimal(total), "f")


def test_a_status_quantity_that_is_less_by_its_last_digit_is_late():
    cache, bot = running(), Bot()
    bot.take(cache.apply(opened(terms=attrs.evolve(LIMIT, totalQuantity="1.00000003")), NOW))
    for filled in ("1.00000002", "1.00000001"):
        bot.take(cache.apply(OrderStatus(13, CLIENT, 5001, "Submitted", filled, None, 200.0), NOW))
    assert jsontext.text(bot.last["5001"]["executed"]) == "1.00000002"
