"""Executions corrected before, while and after no gateway runs: the next life knows what TWS says, whatever it lists of them."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibgw_tx.model import json_text
from ibgw_tx.model.order_events import Execution
from ibgw_tx.orders.cache.cache import OrderCache
from ibgw_tx.orders.cache.told_executions import Kept
from tests.kit.order_events import CLIENT, NOW, TSLA, TSLA_FULL, answer_all, completed, fill, opened, status, told

ORDER = "5001"


@attrs.define
class Redis:
    """A gateway's lives: its cache, the hash, and what was told of executions."""

    cache: OrderCache = attrs.Factory(lambda: OrderCache(CLIENT))
    hash: dict[str, bytes] = attrs.Factory(dict)
    executions: dict[str, bytes] = attrs.Factory(dict)
    sums: dict[str, Any] = attrs.Factory(dict)  # what a bot has of each execution that was told and not corrected

    def hear(self, *events: Any) -> list[dict[str, Any]]:
        """The orders told."""
        return self._write(told([change for event in events for change in self.cache.apply(event, NOW)]))

    def _write(self, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
        self.hash |= {order["i"]: json_text.dumps(order) for order in orders}
        for telling in self.cache.executions.take(NOW):
            self.executions[telling.key] = json_text.dumps(telling.record.written())
            self.sums.pop(telling.document.get("corrects"), None)
            self.sums[telling.document["execId"]] = telling.document["s"]
        return orders

    def die_and_start(self, *lists: Any, old_records: bool = False) -> list[dict[str, Any]]:
        """What is told as recovered. `lists`: what TWS lists; `old_records`: as an older gateway has kept them."""
        cache = self.cache = OrderCache(CLIENT)
        for key, value in self.executions.items():
            kept = Kept.parsed(json_text.loads(value)[: 4 if old_records else None])
            assert kept is not None
            cache.executions.restored(key, kept)
        cache.seed([json_text.loads_exact(text) for text in self.hash.values()])
        cache.contract_known(TSLA, TSLA_FULL, NOW)
        return self.snapshot(*lists)

    def snapshot(self, *lists: Any) -> list[dict[str, Any]]:
        self.cache.begin(NOW)
        for event in lists:
            self.cache.apply(attrs.evolve(event, asked=True) if isinstance(event, Execution) else event, NOW)
        self.cache.contract_known(TSLA, TSLA_FULL, NOW)
        answer_all(self.cache)
        return self._write(told(self.cache.snapshot_done(NOW).changed))

    @property
    def order(self) -> tuple[Any, ...]:
        found = json_text.loads(self.hash[ORDER])
        return tuple(found[name] for name in ("executed", "remained", "avg_price", "last_price", "status", "alive"))


@pytest.fixture
def redis() -> Redis:
    found = Redis()
    found.snapshot(opened(), status("Submitted"))
    return found


ORIGINAL, BUST = fill("a.b.01.01", 100, 150.0, cumQty=100), fill("a.b.01.02", 0, 150.0, cumQty=0)
CORRECTED = fill("a.b.01.02", 60, 149.0, cumQty=60)
FILLED = (ORIGINAL, status("Filled", 100, avg=150.0))
#: What a TWS may say of a filled order that was busted since, besides its executions.
ENDS = [(), (completed("Filled"),), (completed("Filled", 0),), (completed("Filled", 100),)]
LISTS = [(BUST,), (ORIGINAL, BUST), (BUST, ORIGINAL)]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("executions", [*LISTS, ()])
def test_a_bust_that_was_told_stays_told(redis, end, executions):
    redis.hear(*FILLED, BUST)
    assert redis.order == (0, 100, None, None, "Filled", False)
    for _ in range(2):
        assert redis.die_and_start(*end, *executions) == []
        assert redis.order == (0, 100, None, None, "Filled", False)
    redis.hear(status("Filled", 100, avg=150.0))
    assert redis.order[0] == 0


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("executions", LISTS)
def test_a_bust_while_no_gateway_ran_is_told_as_a_correction(redis, end, executions):
    redis.hear(*FILLED)
    (order,) = redis.die_and_start(*end, *executions)
    assert (order["corrected"], order["recovered"]) == (True, True)
    assert redis.order == (0, 100, None, None, "Filled", False) and sum(redis.sums.values()) == 0


@pytest.mark.parametrize("executions", [(CORRECTED,), (ORIGINAL, CORRECTED), (CORRECTED, ORIGINAL)])
@pytest.mark.parametrize("away", [False, True])
def test_a_correction_keeps_quantity_average_and_last_price(redis, away, executions):
    redis.hear(*FILLED, *(() if away else (CORRECTED,)))
    assert bool(redis.die_and_start(completed("Filled", 60), *executions)) == away
    assert redis.order == (60, 40, 149, 149, "Filled", False)
    assert redis.die_and_start(completed("Filled", 100), fill("a.b.01.03", 0, 149.0, cumQty=0))
    assert redis.order[:4] == (0, 100, None, None) and sum(redis.sums.values()) == 0


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("stated", [0, 40])
def test_a_bust_of_a_living_order(redis, stated, away):
    redis.hear(fill("a.b.01.01", 40, 150.0, cumQty=40), status("Submitted", 40, avg=150.0))
    if not away:
        redis.hear(BUST)
    lists = (opened(), status("Submitted", stated, avg=150.0), BUST)
    assert bool(redis.die_and_start(*lists)) == away
    assert redis.order == (0, 100, None, None, "Submitted", True)
    # The rest is filled, and all of it counts.
    redis.hear(fill("a.b.02.01", 60, 151.0, cumQty=60))
    assert redis.order[:4] == (60, 40, 151, 151) and sum(redis.sums.values()) == 60


def test_what_tws_lists_no_more_stays_executed(redis):
    redis.hear(fill("y.b.01.01", 30, 148.0, cumQty=30), status("Submitted", 30, avg=148.0))
    redis.die_and_start(opened(), status("Submitted", 30, avg=148.0))
    redis.hear(fill("a.b.01.01", 40, 150.0, cumQty=70))
    assert redis.order[:3] == (70, 30, pytest.approx(149.142857, 1e-6))
    redis.die_and_start(opened(), status("Submitted", 30), fill("a.b.01.02", 0, 150.0, cumQty=30))
    assert redis.order[:3] == (30, 70, 148)
    # A new one counts beside those of yesterday and the one that was taken back, here and while no gateway runs.
    redis.hear(fill("a.b.02.01", 10, 152.0, cumQty=40))
    assert redis.order[:4] == (40, 60, 149, 152)
    today = (fill("a.b.01.02", 0, 150.0, cumQty=30), fill("a.b.02.01", 10, 152.0, cumQty=40))
    redis.die_and_start(opened(), status("Submitted", 60, avg=150.0), *today, fill("a.b.03.01", 20, 151.5, cumQty=60))
    assert redis.order[:4] == (60, 40, 149.8333333333, 151.5)
    assert sum(redis.sums.values()) == 60


def test_yesterdays_execution_is_busted_today(redis):
    redis.hear(*FILLED)
    redis.die_and_start()
    (order,) = redis.hear(BUST)
    assert order["corrected"] is True and redis.order[0] == 0


def test_a_second_correction_after_a_restart(redis):
    redis.hear(*FILLED, CORRECTED)
    redis.die_and_start(CORRECTED)
    redis.hear(fill("a.b.01.03", 0, 149.0, cumQty=0))
    assert redis.order[0] == 0
    redis.die_and_start(fill("a.b.01.04", 80, 150.5, cumQty=80))
    assert redis.order[:4] == (80, 20, 150.5, 150.5)


def test_an_execution_that_redis_has_in_the_order_only_counts_once(redis):
    redis.hear(fill("a.b.01.01", 40, 150.0, cumQty=40))
    redis.executions.clear()  # killed between the two
    redis.die_and_start(opened(), status("Submitted", 40, avg=150.0), fill("a.b.01.01", 40, 150.0, cumQty=40))
    assert redis.order[:3] == (40, 60, 150)
    # Nor does it stay as something of former lives once it is taken back.
    redis.hear(BUST)
    assert redis.order[:3] == (0, 100, None)


def test_what_an_older_gateway_has_kept_of_executions_changes_nothing(redis):
    redis.hear(*FILLED)
    assert redis.die_and_start(completed("Filled", 100), ORIGINAL, old_records=True) == []
    assert redis.hear(BUST) and redis.order[0] == 0
    redis.hear(status("Filled", 100, avg=150.0))
    assert redis.order[0] == 0


def test_the_last_price_is_the_last_executions_own_as_it_is_corrected(redis):
    redis.hear(fill("a.b.01.01", 30, 149.5, cumQty=30), fill("a.b.02.01", 70, 149.9, cumQty=100))
    first, second = fill("a.b.01.02", 30, 140.0, cumQty=100), fill("a.b.02.02", 70, 149.0, cumQty=100)
    redis.hear(first)
    assert redis.order[3] == 149.9
    for lists in ([fill("a.b.02.01", 70, 149.9, cumQty=100), first], [first, fill("a.b.02.01", 70, 149.9, cumQty=100)]):
        redis.die_and_start(*lists)
        assert redis.order[3] == 149.9
    redis.hear(second)
    assert redis.order[3] == 149
    redis.hear(fill("a.b.02.03", 0, 149.0, cumQty=30))
    assert redis.order[:4] == (30, 70, 140, 140)


def test_a_correction_to_less_corrects_the_last_price_too(redis):
    redis.hear(*FILLED)
    assert redis.hear(CORRECTED)[-1]["last_price"] == 149


@attrs.define
class Trade:
    shares: int
    price: float
    revision: int = 1
    day: int = 0

    def event(self, number: int, cum: int) -> Execution:
        return fill(f"a.b.{number:02d}.{self.revision:02d}", self.shares, self.price, cumQty=cum)


deeds_of = st.sampled_from(["fill", "bust", "correct", "restart", "day"])
steps = st.lists(st.tuples(deeds_of, st.integers(0, 9), st.booleans()), max_size=25)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps, st.booleans())
def test_whatever_happens_in_whichever_life_the_order_says_what_tws_has(deeds, newest_only):
    """A TWS that lists today's executions, in one revision or all; what is told comes at once, or with the next life."""
    redis, trades, log, day, away = Redis(), [], [], 0, False
    redis.snapshot(opened(), status("Submitted"))

    def truth() -> int:
        return sum(trade.shares for trade in trades)

    def start() -> None:
        today = [event for event, number in log if trades[number].day == day]
        newest = {event.execId.rpartition(".")[0]: event for event in today}
        redis.die_and_start(opened(), status("Submitted", truth()), *(newest.values() if newest_only else today))

    for deed, which, dies in deeds:
        if deed == "restart" or (dies and not away):
            away = True  # killed; it starts with the next "restart"
        if deed == "restart":
            start()
            away = False
        if deed == "day":
            if away:  # what TWS has told nobody on the day it happened cannot be known the day after
                start()
                away = False
            day += 1
        before = len(log)
        if deed == "fill" and truth() + which < 95:
            trades.append(Trade(which + 1, 150.0 + which, day=day))
            log.append((trades[-1].event(len(trades), truth()), len(trades) - 1))
        if deed in ("bust", "correct") and trades:
            number = which % len(trades)
            trade = trades[number]
            if trade.day == day and trade.shares:
                trade.shares = 0 if deed == "bust" else max(trade.shares - 1, 1)
                trade.revision += 1
                log.append((trade.event(number + 1, truth()), number))
        if not away:
            redis.hear(*(event for event, _ in log[before:]))
            assert redis.order[0] == truth()
            assert sum(redis.sums.values()) == truth()
