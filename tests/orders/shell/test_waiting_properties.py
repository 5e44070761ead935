"""Whatever comes between: acknowledged means sent, once; refused means not sent; nothing leaves after the end of its wait."""

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibgw_tx.model import keys as names
from tests.kit.contracts import AAPL
from tests.kit.trading import BUY, CONTRACT, kept, trader

MSFT = attrs.evolve(AAPL, conId=272093, symbol="MSFT")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("place"), st.integers(1, 50)),
        st.tuples(st.just("unnamed"), st.integers(1, 5)),
        st.tuples(st.just("unknown contract"), st.integers(1, 3)),
        st.tuples(st.just("details"), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 200)),
        st.tuples(st.sampled_from(["HALT", "RESUME", "CANCEL_ALL", "1100", "1102", "RESET"]), st.just(0)),
        st.tuples(st.just("wait"), st.integers(1, 12)),
    ),
    min_size=3,
    max_size=14,
)
#: A RESET shortly after another one is that one, and ends nothing.
ENDS = {"HALT", "CANCEL_ALL", "1100"}


class Bots:
    """Sends, and keeps what was sent, acknowledged, and handed to TWS, with the step in which it was."""

    def __init__(self, world):
        self.world = world
        self.step = 0
        self.asked = {}
        self.acked = {}
        self.left = {}

    def place(self, count, contract=CONTRACT, named=True):
        for _ in range(count):
            id = f"p{len(self.asked)}"
            self.asked[id] = self.step
            oid = {"client_oid": id} if named else {}
            self.world.send("PLACE_ORDER", id=id, contract=contract, order={**BUY, **oid})

    def do(self, what, count):
        world = self.world
        if what in ("place", "unnamed"):
            self.place(count, named=what == "place")
        elif what == "unknown contract":
            self.place(count, {"symbol": "MSFT", "secType": "STK", "exchange": "SMART"})
        elif what == "details":
            world.answer(AAPL, MSFT)
        elif what == "cancel":
            world.send("CANCEL_ORDER", id="c", client_oid=f"p{count}")
        elif what == "wait":
            for _ in range(count):
                world.reactor.advance(0.2)
            world.seconds(1 if count > 8 else 0)
        elif what in ("1100", "1102"):
            world.tws.notice(int(what))
        else:
            world.send(what, id=what)
        self.listen()
        while world.asked("16"):
            self.snapshot()

    def snapshot(self):
        world = self.world
        world.tws.say(53, 1)
        world.asked("99"), world.tws.say(102)
        for asked in world.asked("7"):
            world.tws.say(55, 1, asked[2])
        self.listen()

    def listen(self):
        for message in self.world.asked("3"):
            assert int(message[1]) not in self.left
            self.left[int(message[1])] = self.step
        for ack in self.world.told("ack"):
            if ack["cmd"] == "PLACE_ORDER":
                assert ack["id"] not in self.acked
                self.acked[ack["id"]] = ack
                assert not ack["ok"] or ack["apiOrderId"] in self.left, "acknowledged before it left"


@given(STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_acknowledged_means_sent_and_nothing_leaves_after_the_end_of_its_wait(monkeypatch_for_each, steps):
    with monkeypatch_for_each() as monkeypatch:
        world = trader(monkeypatch)
        bots = Bots(world)
        ends = []
        for number, (what, count) in enumerate(steps):
            bots.step = number
            bots.do(what, count)
            if what in ENDS:
                ends.append(number)
        bots.step += 1
        for _ in range(4):
            # A question about a contract may itself have waited for the message rate.
            world.seconds(2)
            world.answer(AAPL, MSFT)
        world.seconds(3)
        bots.listen()
        assert bots.acked.keys() == bots.asked.keys(), "exactly one acknowledgement each"
        accepted = {ack["apiOrderId"]: id for id, ack in bots.acked.items() if ack["ok"]}
        assert accepted.keys() == bots.left.keys(), "accepted is what left, no more and no less"
        assert list(bots.left) == sorted(bots.left), "ids leave in their sequence"
        for order_id, step in bots.left.items():
            assert not [end for end in ends if bots.asked[accepted[order_id]] < end < step]
        records = world.link.hashes.get(names.unanswered("demo"), {})
        assert {int(field) for field in records} <= accepted.keys() | {1}
        for id, ack in bots.acked.items():
            assert ack["ok"] or ack["code"] == "duplicate" or not kept(world, id)
