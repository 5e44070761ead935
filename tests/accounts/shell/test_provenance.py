"""Two downloads of an account whose answers are delayed, repeated and interleaved: a balance holds one of them, whole.

Each download of the model has a number, and every figure of it is that number: a balance of two numbers, or of a part of the
figures, is one of two downloads.
"""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from ibgw_tx.model import keys as names
from tests.kit.contracts import AAPL
from tests.kit.gateway import World, portfolio_row

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "say", "repeat", "late", "RESET", "1102", "limit", "second"]), st.integers(0, 6)
    ),
    max_size=40,
)
KEYS = {"DU1": names.balance("demo", "DU1"), "DU2": names.balance("demo", "DU2")}


class SlowTWS:
    """Says one message at a time. The first account's come in order; the second's, which carry ids, in any order at any time."""

    def __init__(self):
        self.world = World(None)
        self.world.link.bring_up()
        self.world.ready("DU1,DU2")
        self.number = 0
        #: (number of the download or None, message)
        self.waiting = []
        self.late = []
        self.told = []

    def read(self, kept):
        """Take what is asked. After an unsubscription at most `kept` more messages of that download come."""
        for request in filter(None, self.world.tws.asked()):
            kind = request[0]
            if kind == "6" and request[2] == "1":
                self.number += 1
                self.waiting += [(self.number, message) for message in self.download(self.number)]
            elif kind == "6":
                tail = [each for each in self.waiting if each[0] is not None][:kept]
                self.waiting = [each for each in self.waiting if each[0] is None or each in tail]
            elif kind == "49":
                self.waiting.append((None, (49, 1, int(self.world.reactor.seconds()))))
            elif kind == "9":
                self.world._asked.append(request)
                self.world.answer(AAPL)
            elif kind in ("76", "74"):
                self.number += 1
                self.late += self.values(request) if kind == "76" else self.positions(request)

    def download(self, number):
        cash = [(6, 2, "CashBalance", number, currency, "DU1") for currency in ("USD", "EUR")]
        return [cash[0], portfolio_row(AAPL, number), cash[1], (54, 1, "DU1")]

    def values(self, request):
        """Its own number: values and positions of one download are told apart by their ids alone."""
        req_id = request[2]
        return [*((73, 1, req_id, "DU2", "", "CashBalance", req_id, each) for each in ("USD", "EUR")), (74, 1, req_id)]

    def positions(self, request):
        row = (71, 1, request[2], "DU2", AAPL.conId, "AAPL", "STK", "", 0, "", "", "NASDAQ", "USD", "AAPL", "AAPL")
        return [(*row, request[2], 1.0, ""), (72, 1, request[2])]

    def step(self, what, number):
        world = self.world
        if what == "say" and self.waiting:
            self.told.append(self.waiting.pop(0))
            world.tws.say(*self.told[-1][1])
        elif what == "repeat" and self.told and self.told[-1][0] is not None:
            world.tws.say(*self.told[-1][1])
        elif what == "late" and self.late:
            # An end comes behind its own rows; else any order.
            req_id = self.late[number % len(self.late)][2]
            first = next(each for each in self.late if each[2] == req_id)
            self.late.remove(first)
            world.tws.say(*first)
        elif what == "RESET":
            world.send("RESET")
        elif what == "1102":
            world.tws.notice(1100)
            world.tws.notice(1102)
        elif what in ("limit", "second"):
            for _ in range(62 if what == "limit" else 2):
                world.reactor.advance(0.5)
                world.tws.notice(2104)
        world.turn()
        self.read(number)

    def look(self):
        """Every balance on Redis is one download's, whole."""
        for account, key in KEYS.items():
            if key not in self.world.link.keys:
                continue
            balance = json.loads(self.world.link.keys[key])
            assert {"USD", "EUR", "NASDAQ:STK:USD-AAPL"} == set(balance), (account, balance)
            cash = {balance[each]["balance"] for each in ("USD", "EUR")}
            held = balance["NASDAQ:STK:USD-AAPL"]["pos"]
            # The second account's positions have an id of their own, the one after its values'.
            (figure,) = cash
            assert held == (figure if account == "DU1" else figure + 1), (account, balance)


@given(STEPS)
@example([("say", 0), ("say", 0), ("RESET", 6), *[("say", 0)] * 8])
@example([("say", 0), ("say", 0), ("limit", 6), *[("say", 0)] * 8])
@example([("late", 0), ("late", 2), ("RESET", 6), *[("late", 0)] * 10])
def test_a_balance_holds_one_download_from_its_beginning_to_its_end(steps):
    tws = SlowTWS()
    tws.read(0)
    for what, number in steps:
        tws.step(what, number)
        tws.look()
    for _ in range(200):
        tws.step("say" if tws.waiting else "late", 0)
        tws.look()
        if not tws.waiting and not tws.late:
            tws.step("second", 0)
    assert tws.world.gateway.status, tws.world.parts.accounts.reasons
