"""Orders against a model of TWS that says its words in any order, late and twice, over losses and restarts.

tests/test_stateful.py does as much with ibsim, which tells everything in its order. ANY_ORDER_EXAMPLES: how many lives.
"""

import json
import os

import attrs
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ibgw_tx.model.order_events import Terms
from tests.kit.contracts import AAPL
from tests.kit.deferreds import result
from tests.kit.gateway import BALANCE, STATUS
from tests.kit.order_events import completed
from tests.kit.trading import AAPL_OPEN, BUY, CONTRACT, FLAG, HASH, OrderWorld, fill, opened, status

EXAMPLES = int(os.environ.get("ANY_ORDER_EXAMPLES", "40"))
STEPS = 50
TOLD_WITHIN = 75  # s: 60 s, and a question with its answer
OVER = {"Filled", "Cancelled", "ApiCancelled", "Unknown"}
MOVES = ("works", "part", "part", "all", "refused", "cancelled")
WORKING = {"PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel"}


@attrs.define(eq=False)
class Held:
    """An order as TWS has it. `ended`: its last word, None while it works; `fills` are shares by execId."""

    id: int
    oid: str
    total: float
    shown: bool = False
    ended: str | None = None
    fills: dict[str, float] = attrs.Factory(dict)

    @property
    def executed(self):
        return sum(self.fills.values())

    @property
    def word(self):
        return self.ended or "Submitted"

    @property
    def terms(self):
        return Terms("BUY", self.total, "LMT", 150.0, 0.0, "DAY", "DU1")

    def open_order(self):
        return opened(self.id, self.word, orderRef=self.oid, terms=self.terms)

    def status(self):
        return attrs.evolve(status(self.id, self.word, self.executed), remaining=self.total - self.executed)

    def completed(self):
        return completed(self.word, self.executed, perm=5000 + self.id, orderRef=self.oid, terms=self.terms, contract=AAPL_OPEN)

    def executions(self):
        return [fill(exec_id, shares, self.id, orderRef=self.oid) for exec_id, shares in self.fills.items()]


class Trading(RuleBasedStateMachine):
    """`halted`, `linked`, `session`, `redis`: what the test has done. `barred`: commands that an end came before."""

    def __init__(self):
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.orders = {}
        self.acked = set()
        self.waiting = set()
        self.barred = set()
        self.said = []
        self.count = 0
        self.halted = False
        self.balanced = False

    @initialize()
    def begin(self):
        self.world = OrderWorld(self.patch)
        self.redis = self.session = self.linked = False
        self.redis_comes()
        self.session_comes()
        self.answer()

    def teardown(self):
        if hasattr(self, "world"):
            self.time_tells()
            self.world.link.up = False
        self.patch.undo()

    # What TWS has been sent.

    def pump(self):
        """Take in what has left since the last time, and what bots were told of it."""
        world = self.world
        if world.tws is not None:
            for message in world.asked("3"):
                assert not self.halted, "an order left after HALT"
                assert self.linked, "an order left without a link"
                order_id, oid = int(message[1]), next(text for text in message if text.startswith("oid-"))
                assert order_id not in self.orders, "an id was given twice"
                self.orders[order_id] = Held(order_id, oid, float(message[message.index("BUY") + 1]))
            for message in world.asked("4"):
                order = self.orders[int(message[2])]
                if order.ended is None and self.linked:
                    self.end(order, "Cancelled")
            if world.asked("58"):
                for order in list(self.orders.values()):
                    if order.ended is None and self.linked:
                        self.end(order, "Cancelled")
        for ack in world.told("ack"):
            self.waiting.discard(ack["id"])
            if ack["ok"] and "apiOrderId" in ack and ack["id"] in self.placed:
                assert ack["apiOrderId"] in self.orders, "acked, and not sent"
                assert ack["id"] not in self.barred, "acked after an end that came later than the command"
                self.acked.add(ack["apiOrderId"])
        self.balanced = self.balanced or any(words[:2] == ("SET", BALANCE) for words in world.link.calls)
        world.link.calls.clear()
        world.link.published = world.link.published[-500:]

    placed = frozenset()

    def say(self, *events):
        if self.session:
            self.said += events
            self.world.hear(*events)

    def end(self, order, word):
        order.shown, order.ended = True, word
        self.say(order.open_order(), order.status())

    def bar(self):
        self.barred |= self.waiting

    # Commands.

    def command(self, cmd, **params):
        self.count += 1
        self.world.send(cmd, id=f"c{self.count}", **params)
        return f"c{self.count}"

    def place(self, size):
        oid = f"oid-{self.count + 1}"
        self.waiting.add(f"c{self.count + 1}")
        self.placed |= {f"c{self.count + 1}"}
        self.command("PLACE_ORDER", contract=CONTRACT, order={**BUY, "s": size, "client_oid": oid})

    @rule(size=st.sampled_from((1, 3, 100)))
    def places(self, size):
        self.place(size)
        self.pump()

    @precondition(lambda self: len(self.orders) < 60)
    @rule(count=st.just(60))
    def places_many(self, count):
        for _ in range(count):
            self.place(1)
        self.pump()

    @precondition(lambda self: self.acked)
    @rule()
    def halts(self):
        self.pump()
        self.bar()
        if self.redis:
            self.halted = True
        self.command("HALT")
        self.pump()

    @rule()
    def resumes(self):
        if self.redis:
            self.halted = False
        self.command("RESUME")
        self.pump()

    @precondition(lambda self: self.redis and self.session and self.linked)
    @rule()
    def cancels_all(self):
        self.pump()
        self.bar()
        self.command("CANCEL_ALL")
        self.pump()

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def cancels(self, data):
        order = self.one(data)
        self.command("CANCEL_ORDER", client_oid=order.oid)
        self.pump()

    # TWS.

    def one(self, data):
        return self.orders[data.draw(st.sampled_from(sorted(self.orders)[-4:]))]

    @precondition(lambda self: self.orders and self.session and self.linked)
    @rule(data=st.data(), what=st.sampled_from(MOVES), order=st.permutations(range(3)))
    def moves(self, data, what, order):
        self.move(self.one(data), what, order)

    def move(self, held, what, order):
        """An order moves on; what TWS says of it comes in any order."""
        if held.ended is not None:
            return
        if what == "refused":
            if not held.shown:
                held.ended = "Refused"
                self.world.tws.notice(201, "Order rejected - reason: no", held.id)
                self.pump()
            return
        held.shown = True
        if what == "cancelled":
            held.ended = "Cancelled"
        left = held.total - held.executed
        news = []
        if what in ("part", "all"):
            shares = left if what == "all" else min(1, left)
            name = f"e.{held.id}.{len(held.fills)}.01"
            held.fills[name] = shares
            held.ended = "Filled" if held.executed == held.total else None
            news = [held.executions()[-1]]
        news += [held.open_order(), held.status()]
        self.say(*[news[index] for index in order if index < len(news)])
        self.pump()

    @precondition(lambda self: self.said and self.session)
    @rule(data=st.data())
    def repeats(self, data):
        """A message comes again, late."""
        if not self.said:
            return
        self.say(self.said[data.draw(st.integers(max(0, len(self.said) - 8), len(self.said) - 1))])
        self.pump()

    @rule()
    def answers(self):
        self.answer()

    def answer(self):
        """TWS answers what it was asked, once around."""
        world = self.world
        for _ in range(6):
            self.pump()
            if not (self.session and self.linked):
                return
            for message in world.asked("6"):
                if message[2] == "1":
                    world.download()
            world.answer_times()
            world.answer(AAPL)
            if world.asked("16"):
                for order in [order for order in self.orders.values() if order.ended is None]:
                    order.shown = True
                    self.say(order.open_order(), order.status())
                world.tws.say(53, 1)
            elif world.asked("99"):
                for order in self.orders.values():
                    if order.ended in ("Filled", "Cancelled"):
                        self.say(order.completed())
                world.tws.say(102)
            elif questions := world.asked("7"):
                for order in self.orders.values():
                    for execution in order.executions():
                        self.say(execution)
                world.tws.say(55, 1, questions[-1][2])
            else:
                break
        self.pump()

    # Losses.

    @precondition(lambda self: self.orders)
    @rule(what=st.sampled_from(("link", "session", "redis")))
    def something_goes(self, what):
        {"link": self.link_goes, "session": self.session_goes, "redis": self.redis_goes}[what]()

    @rule(code=st.sampled_from((1101, 1102)))
    def all_comes_back(self, code):
        """All is well, and bots may trade."""
        self.recover(code)
        self.resumes()
        self.answer()
        self.pass_time(1)
        self.answer()

    @rule(size=st.sampled_from((1, 3, 100)), count=st.integers(1, 4))
    def trades(self, size, count):
        """Orders of a good hour."""
        self.all_comes_back(1102)
        for _ in range(count):
            self.place(size)
        self.answer()

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), what=st.sampled_from(MOVES), order=st.permutations(range(3)), late=st.booleans())
    def trades_on(self, data, what, order, late):
        """An order moves on in a good hour, and TWS may say something again."""
        self.recover()
        self.move(self.one(data), what, order)
        if late:
            self.repeats(data)

    def recover(self, code=1102):
        if not self.redis:
            self.redis_comes()
        if not self.session:
            self.session_comes()
        if not self.linked:
            self.link_comes(code)

    def link_goes(self):
        if not (self.session and self.linked):
            return
        self.pump()
        self.bar()
        self.linked = False
        self.world.tws.notice(1100)
        self.pump()

    def link_comes(self, code):
        self.linked = True
        self.world.tws.notice(code)
        self.pump()

    def session_goes(self):
        if not self.session:
            return
        self.pump()
        self.bar()
        self.session = self.linked = False
        self.said.clear()
        self.world.tws.wire.end()
        self.pump()

    def session_comes(self):
        self.session = self.linked = True
        self.balanced = False
        self.world.ready()
        self.pump()

    def redis_goes(self):
        if not self.redis:
            return
        self.pump()
        self.redis = False
        self.world.link.go_down()
        self.pump()

    def redis_comes(self):
        self.redis = True
        self.world.link.bring_up()
        self.pump()

    @precondition(lambda self: self.orders)
    @rule(how=st.sampled_from(("kill", "stop")))
    def restarts(self, how):
        """Another gateway over the same Redis and TWS."""
        self.pump()
        old, self.session, self.linked, self.redis = self.world, False, False, False
        if how == "stop":
            result(old.gateway.stopService())
            self.pump()
        old.link.up = False
        self.waiting.clear()
        self.said.clear()
        self.world = OrderWorld(self.patch)
        self.world.reactor.advance(old.reactor.seconds() - self.world.reactor.seconds() + 1)
        self.world.link.keys, self.world.link.hashes = old.link.keys, old.link.hashes
        for order in self.orders.values():
            order.shown = order.shown or order.ended is None
        self.redis_comes()

    # Time.

    @rule(count=st.sampled_from((1, 3, 8)))
    def time_goes_by(self, count):
        self.pass_time(count)

    def pass_time(self, count):
        for _ in range(count):
            self.world.seconds(1)
            self.pump()

    def time_tells(self):
        """All is well for as long as it takes: every order that was acked is told as TWS has it."""
        self.recover()
        for _ in range(TOLD_WITHIN // 3):
            self.pass_time(3)
            self.answer()
        assert self.world.parts.orders.is_running, "well for a minute, and not trusted"
        assert self.world.status is True
        shown = {text["client_oid"]: text for text in self.texts()}
        for order in self.orders.values():
            assert order.oid in shown or order.id not in self.acked, f"{order} was acked and is not told"
            if order.oid in shown:
                text = shown[order.oid]
                assert text["alive"] == (order.ended is None), (text, order)
                assert text["executed"] == order.executed, (text, order)
                assert order.ended != "Filled" or text["status"] == "Filled", (text, order)

    # What holds at any time.

    def texts(self):
        return [json.loads(text) for field, text in self.world.link.hashes.get(HASH, {}).items() if field != b"t"]

    @invariant()
    def nothing_is_alive_and_dead(self):
        if not hasattr(self, "world"):
            return
        found = {}
        for text in self.texts():
            assert not (text["status"] in OVER and text["alive"]), text
            assert not (text["status"] in WORKING and not text["alive"]), text
            assert found.setdefault(text["client_oid"], text) == text, "two fields of one order differ"

    @invariant()
    def nothing_is_executed_that_was_not(self):
        if hasattr(self, "world"):
            executed = {order.oid: order.executed for order in self.orders.values()}
            for text in self.texts():
                assert text["executed"] <= executed[text["client_oid"]], text

    @invariant()
    def orders_stand_where_their_contract_is_listed(self):
        if hasattr(self, "world"):
            places = {key for key, fields in self.world.link.hashes.items() if key.startswith("URANUS:") and fields}
            assert places <= {HASH}, places

    @invariant()
    def true_means_that_a_balance_was_written(self):
        if hasattr(self, "world") and self.redis and STATUS in self.world.link.keys and self.world.status is True:
            assert self.session and self.linked and self.balanced

    @invariant()
    def the_flag_stands_with_a_link_only(self):
        if hasattr(self, "world") and self.redis and FLAG in self.world.link.keys:
            assert self.session and self.linked


Trading.TestCase.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
)
TestTrading = Trading.TestCase
