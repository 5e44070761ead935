"""Anything in any order: a gateway, ibsim and a Redis in memory, and what must hold whatever happens.

`STATEFUL_EXAMPLES` sets how many lives are tried (each has up to STEPS steps); CI tries so many that 20,000 steps are taken.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from ibgw_tx.model import keys
from tests.kit.market import NAME, Market

STEPS = 50
EXAMPLES = int(os.environ.get("STATEFUL_EXAMPLES", "500"))
#: One life in so many sends an order, and one in so many has one executed, at the least.
SENDS, EXECUTES = 4, 8
AAPL = {"conId": 265598, "exchange": "SMART"}
#: What happens at TWS, as ibsim's words.
TROUBLE = (
    "reject 201", "reject 10318", "swallow 1", "click", "lose ORDER_STATUS 1", "repeat ORDER_STATUS 2",
    "repeat OPEN_ORDER 1", "lose EXECUTION_DATA 1", "1100", "1102", "1101", "2103 usfarm", "2104 usfarm",
)  # fmt: skip
OIDS = st.sampled_from(["a", "b", "c", "d", "e"])


class AnythingGoes(RuleBasedStateMachine):
    """Bots command, TWS answers or does not, links and Redis go and come, the gateway dies."""

    #: Of all lives together: steps, orders acknowledged as sent, lives in which an order was acknowledged, executed.
    steps = 0
    sent = 0
    lives_that_sent = 0
    lives_that_executed = 0

    def __init__(self) -> None:
        super().__init__()
        self.market = Market()
        #: Commands that place an order: id -> client_oid.
        self.placed: dict[int, str] = {}
        #: How many placeOrder TWS had read when orders were stopped; None while they are not.
        self.stopped_at: int | None = None

    def teardown(self) -> None:
        try:
            self.everything_settles()
        finally:
            self.market.stop()

    @initialize()
    def trading(self) -> None:
        self.market.connect()
        self.market.passes(3)

    # Bots.

    @rule(oid=OIDS, size=st.sampled_from([1, 50, 100]), price=st.sampled_from([100.0, 150.0, 1000.0]))
    def place(self, oid: str, size: int, price: float) -> None:
        order = {"T": "buy", "s": size, "p": price, "client_oid": oid}
        self.placed[self.market.send("PLACE_ORDER", contract=AAPL, order=order)] = oid
        self.market.settle()

    @rule(size=st.sampled_from([10, 30]), count=st.sampled_from([3, 60, 120]))
    def place_many(self, size: int, count: int) -> None:
        for _ in range(count):
            order = {"T": "sell", "s": size, "p": 999.0}
            self.placed[self.market.send("PLACE_ORDER", contract=AAPL, order=order)] = ""
        self.market.settle()

    @precondition(lambda self: self.stopped_at is None and self.market.life.redis.up)
    @rule(size=st.sampled_from([1, 7]))
    def take(self, size: int) -> None:
        """What is offered, once the gateway trades: the machine's lives are not to be idle."""
        self.market.connect()
        self.market.trouble("1102")
        self.market.passes(3)
        order = {"T": "buy", "s": size, "p": 1000.0}
        self.placed[self.market.send("PLACE_ORDER", contract=AAPL, order=order)] = ""
        self.market.settle()

    @rule(oid=OIDS, change=st.sampled_from([{"p": 120.0}, {"s": 70}, {"p": 1100.0}, {"tif": "GTC"}]))
    def change(self, oid: str, change: dict[str, object]) -> None:
        self.market.send("PLACE_ORDER", order={"client_oid": oid, **change})
        self.market.settle()

    @rule(oid=OIDS)
    def cancel(self, oid: str) -> None:
        self.market.send("CANCEL_ORDER", client_oid=oid)
        self.market.settle()

    @rule(cmd=st.sampled_from(["HALT", "CANCEL_ALL"]))
    def stop_orders(self, cmd: str) -> None:
        before = [id_ for id_ in self.placed if self.market.acks.get(id_) == []]
        id_ = self.market.send(cmd)
        self.market.settle()
        acked = [ack for ack in self.market.acks.get(id_, ()) if ack["ok"]]
        if acked:
            if cmd == "HALT":
                self.stopped_at = self.market.orders_sent()
            for waiting in before:
                assert [ack["ok"] for ack in self.market.acks[waiting]] == [False], f"left after {cmd}"

    @precondition(lambda self: self.stopped_at is not None)
    @rule()
    def resume(self) -> None:
        self.stopped_at = None
        self.market.send("RESUME")
        self.market.settle()

    # The world.

    @rule(seconds=st.sampled_from([0.25, 1, 4]))
    def time_passes(self, seconds: float) -> None:
        self.market.passes(seconds)

    @rule(word=st.sampled_from(TROUBLE))
    def trouble(self, word: str) -> None:
        self.market.trouble(word)
        self.market.settle()

    @rule()
    def the_connection_is_cut(self) -> None:
        self.market.life.cut()
        self.market.settle()

    @precondition(lambda self: not self.market.life.is_connected)
    @rule()
    def tws_is_back(self) -> None:
        self.market.connect()

    @precondition(lambda self: self.market.life.redis.up)
    @rule()
    def redis_goes(self) -> None:
        self.market.life.redis.go_down()
        self.market.settle()
        self.nobody_hears_of_what_is_open()

    @precondition(lambda self: not self.market.life.redis.up)
    @rule(empty=st.booleans())
    def redis_is_back(self, empty: bool) -> None:
        if empty:
            for kept in self.market.memory:
                kept.clear()
        self.market.life.redis.bring_up()
        self.market.settle()

    @rule()
    def the_gateway_dies(self) -> None:
        self.market.restart()
        self.nobody_hears_of_what_is_open()

    def nobody_hears_of_what_is_open(self) -> None:
        """A channel keeps nothing: what is said while Redis is away, or by nobody any more, is not heard."""
        for id_ in [id_ for id_, acks in self.market.acks.items() if not acks]:
            del self.market.acks[id_]

    # What must hold.

    @invariant()
    def a_step_was_taken(self) -> None:
        type(self).steps += 1

    @invariant()
    def one_command_has_at_most_one_ack(self) -> None:
        assert not [id_ for id_, acks in self.market.acks.items() if len(acks) > 1]

    @invariant()
    def what_is_acked_ok_has_reached_tws(self) -> None:
        known = self.market.ids_read()
        for id_ in self.placed:
            for ack in self.market.acks.get(id_, ()):
                assert not ack["ok"] or ack["apiOrderId"] in known

    @invariant()
    def nothing_leaves_while_halted(self) -> None:
        if self.stopped_at is not None:
            assert self.market.orders_sent() == self.stopped_at

    @invariant()
    def an_order_is_alive_or_dead(self) -> None:
        for field, order in self.market.hash().items():
            assert field in (order["i"], order["client_oid"])

    @invariant()
    def a_true_status_has_a_balance(self) -> None:
        if self.market.life.redis.up and keys.status(NAME) in self.market.memory[0] and self.market.status:
            assert keys.balance(NAME) in self.market.memory[0]

    def everything_settles(self) -> None:
        """All trouble over: within two minutes Redis says what TWS knows, of every order."""
        market = self.market
        market.trouble("click")
        market.trouble("1102")
        if not market.life.redis.up:
            market.life.redis.bring_up()
        market.connect()
        market.passes(130)
        assert not [id_ for id_, acks in market.acks.items() if len(acks) != 1], "a command without an acknowledgement"
        assert market.status and market.is_trusted
        told = market.hash()
        self.count(sum(ack["ok"] for id_ in self.placed for ack in market.acks.get(id_, ())))
        for perm, order in market.ledger.items():
            if order.instrument.con_id != AAPL["conId"]:
                continue
            seen = told[str(perm)]
            living = perm in market.simulator.tws.orders.engine.store.live
            assert (seen["executed"], seen["alive"]) == (float(order.filled), living), (seen, order.status)
        known = {str(perm) for perm in market.ledger}
        for field, order in told.items():
            assert not order["alive"] or order["i"] in known, f"{field} lives in Redis alone"

    def count(self, sent: int) -> None:
        """What this life has done, for the sum of all."""
        lives = type(self)
        lives.sent += sent
        lives.lives_that_sent += sent > 0
        lives.lives_that_executed += any(order["executed"] for order in self.market.hash().values())


@pytest.mark.integration
def test_whatever_happens_the_promises_hold(failures: list[object]) -> None:
    run_state_machine_as_test(
        AnythingGoes,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.generate], derandomize="STATEFUL_EXAMPLES" not in os.environ,
        ),
    )  # fmt: skip
    assert "STATEFUL_EXAMPLES" in os.environ or AnythingGoes.steps > 20_000
    # Lives in which nothing is traded would hold every promise.
    assert AnythingGoes.lives_that_sent > EXAMPLES / SENDS and AnythingGoes.lives_that_executed > EXAMPLES / EXECUTES
