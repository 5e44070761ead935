"""Which version of an order TWS holds: what it refused is never sent again, what it moved is never moved back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.events import OrderEcho
from ibgw_tx.orders.entry.sent import LOOKED_AT, Change, SentOrders

AAPL = Contract(conId=265598, symbol="AAPL", secType="STK", exchange="SMART", currency="USD")
FIRST = {
    "action": "BUY", "totalQuantity": 100, "orderType": "LMT", "lmtPrice": 150.0, "tif": "DAY", "outsideRth": False,
    "account": "DU1", "orderRef": "a", "transmit": True,
}  # fmt: skip
TRAIL = {**FIRST, "action": "SELL", "orderType": "TRAIL", "lmtPrice": None, "auxPrice": 2.0, "trailStopPrice": 98.0}


class Session:
    """One order under id 7: changes go out, TWS shows or refuses."""

    def __init__(self, **members):
        self.sent = SentOrders()
        self.first = {**FIRST, **members}
        self.sent.placed(7, AAPL, self.first)
        self.shown = {name: value for name, value in self.first.items() if value is not None and name != "transmit"}

    def base(self, changing=True):
        return dict(self.sent.base(7, changing)[0])

    def change(self, changing=True, **named):
        whole = {**self.base(changing), **named}
        self.sent.changed(7, AAPL, Change(named, whole), {})
        return whole

    def show(self, **members):
        self.shown |= members
        self.sent.echoed(OrderEcho(7, 0, AAPL, dict(self.shown)))

    def code(self, code):
        self.sent.coded(7, code)


@pytest.mark.parametrize("code", [201, 321, 105, 110, 2102, 10268])
@pytest.mark.parametrize("named", [{"tif": "GTC"}, {"outsideRth": True}, {"totalQuantity": 5000}, {"hidden": True}])
def test_what_was_refused_is_not_sent_again(code, named):
    order = Session()
    order.show()
    order.change(**named)
    order.code(code)
    assert order.change(lmtPrice=151.0) == {**FIRST, "lmtPrice": 151.0}
    order.show(lmtPrice=151.0)
    assert order.base(changing=False) == {**FIRST, "lmtPrice": 151.0}


def test_a_refusal_is_of_the_oldest_change_that_waits():
    order = Session()
    order.show()
    order.change(tif="GTC")
    order.change(lmtPrice=151.0)
    order.code(201)
    assert order.base() == {**FIRST, "lmtPrice": 151.0}
    order.code(201)
    assert order.base() == FIRST


def test_a_change_that_was_shown_is_not_the_one_that_is_refused():
    order = Session()
    order.change(outsideRth=True)
    order.show(outsideRth=True)
    order.change(lmtPrice=151.0)
    order.code(110)
    assert order.base() == {**FIRST, "outsideRth": True}


def test_a_later_change_that_is_shown_ends_the_wait_of_those_before_it():
    order = Session()
    order.change(lmtPrice=151.0)
    order.change(lmtPrice=152.0)
    order.show(lmtPrice=152.0)
    order.change(totalQuantity=50)
    order.code(201)
    assert order.base() == {**FIRST, "lmtPrice": 152.0}


def test_a_refused_member_that_came_through_with_the_next_change_is_kept():
    order = Session()
    order.change(tif="GTC")
    order.change(lmtPrice=151.0)
    order.code(201)
    order.show(tif="GTC", lmtPrice=151.0)
    assert order.base() == {**FIRST, "tif": "GTC", "lmtPrice": 151.0}


def test_advice_refuses_nothing_and_an_unclear_code_leaves_it_to_what_tws_shows():
    order = Session()
    order.show()
    order.change(outsideRth=True)
    order.code(399)
    assert order.base()["outsideRth"] is True
    order.code(463)
    assert order.base()["outsideRth"] is True, "nobody knows yet"
    assert order.base(changing=False)["outsideRth"] is False


def test_a_change_of_which_nothing_more_is_heard_is_part_of_the_order():
    order = Session()
    order.change(outsideRth=True)
    assert order.base(changing=False) == {**FIRST, "outsideRth": True}
    order.change(changing=False, lmtPrice=151.0)
    order.code(201)
    assert order.base() == {**FIRST, "outsideRth": True}


@pytest.mark.parametrize("named", [{"lmtPrice": 145.0}, {"totalQuantity": 80.0}, {"tif": "GTC"}])
def test_what_somebody_changed_at_tws_is_not_changed_back(named):
    order = Session()
    order.show(**named)
    assert order.base() == {**FIRST, **named}


named = st.dictionaries(st.sampled_from(["tif", "outsideRth", "lmtPrice", "totalQuantity", "hidden"]), st.just(None), min_size=1)
steps = st.lists(st.one_of(named, st.sampled_from(["accept", "refuse", "show"])), max_size=25)
VALUES = {"tif": ("DAY", "GTC"), "outsideRth": (False, True), "hidden": (False, True)}


class Model:
    """A TWS that takes or refuses changes in their sequence, whole orders as they are, and shows what it holds."""

    def __init__(self):
        self.order = Session(hidden=False)
        self.holds = dict(self.order.first)
        self.asked = []
        self.count = 0

    def step(self, step):
        if isinstance(step, dict):
            self.count += 1
            self.asked.append(self.order.change(**{name: self.value(name) for name in step}))
        elif step == "show":
            if not self.asked:
                self.order.show(**self.holds)
        elif self.asked:
            whole = self.asked.pop(0)
            if step == "accept":
                self.holds = whole
                self.order.show(**self.holds)
            else:
                self.order.code(201)

    def value(self, name):
        if name in VALUES:
            return VALUES[name][self.holds[name] == VALUES[name][0]]
        return (150.0 if name == "lmtPrice" else 100) + self.count


@given(steps)
def test_when_tws_has_answered_everything_the_next_change_starts_from_what_it_holds(steps):
    model = Model()
    for step in steps:
        model.step(step)
    while model.asked:
        model.step("accept" if len(model.asked) % 2 else "refuse")
    assert model.order.base() == model.holds


# What the market moves.


def test_a_trailing_stop_goes_out_where_it_is_now():
    order = Session(**TRAIL)
    order.show(trailStopPrice=98.0)
    order.show(trailStopPrice=109.0)
    assert order.change(totalQuantity=50)["trailStopPrice"] == 109.0
    assert order.base()["auxPrice"] == 2.0


def test_a_trailing_stop_that_tws_does_not_show_is_left_to_tws():
    order = Session(**TRAIL)
    del order.shown["trailStopPrice"]
    order.show()
    assert "trailStopPrice" not in order.change(totalQuantity=50)


def test_a_trailing_stop_of_which_tws_has_shown_no_move_is_left_to_tws():
    order = Session(**TRAIL)
    order.show(trailStopPrice=98.0)
    assert "trailStopPrice" not in order.change(totalQuantity=50)


def test_the_limit_of_a_trailing_limit_order_moves_with_its_stop():
    order = Session(**{**TRAIL, "orderType": "TRAIL LIMIT", "lmtPrice": 97.0})
    order.show(trailStopPrice=109.0, lmtPrice=108.0)
    base = order.base()
    assert (base["trailStopPrice"], base["lmtPrice"]) == (109.0, 108.0)


def test_a_relative_price_is_not_set_back_and_none_is_added():
    order = Session(orderType="REL", lmtPrice=150.0, auxPrice=0.02)
    order.show(lmtPrice=152.0)
    assert order.base()["lmtPrice"] == 152.0
    order = Session(orderType="PEG MID", lmtPrice=None)
    order.show(trailStopPrice=3.0, percentOffset=0.0)
    assert order.base() == {**order.first}


def test_a_discretionary_amount_is_as_tws_shows_it():
    order = Session(discretionaryAmt=0.5)
    order.show(discretionaryAmt=0.1)
    assert order.base()["discretionaryAmt"] == 0.1


STOP = {
    **FIRST, "action": "SELL", "orderType": "STP", "lmtPrice": None, "auxPrice": 140.0, "adjustedOrderType": "TRAIL",
    "triggerPrice": 160.0, "adjustedStopPrice": 155.0, "adjustedTrailingAmount": 2.0, "adjustableTrailingUnit": 0,
}  # fmt: skip


def test_an_adjustment_that_is_still_to_come_is_sent_again():
    order = Session(**STOP)
    order.show()
    assert order.base() == order.first


def test_an_adjustment_that_was_made_is_not_made_again():
    order = Session(**STOP)
    order.show(orderType="TRAIL", auxPrice=2.0, trailStopPrice=158.0, adjustedOrderType="None", triggerPrice=0.0)
    base = order.base()
    assert (base["orderType"], base["auxPrice"], base["trailStopPrice"]) == ("TRAIL", 2.0, 158.0)
    assert not {"adjustedOrderType", "triggerPrice", "adjustedStopPrice", "adjustedTrailingAmount"} & set(base)


def test_a_parent_that_tws_names_no_more_is_not_named():
    order = Session(parentId=6)
    order.show(parentId=6)
    assert order.base()["parentId"] == 6
    order.show(parentId=0)
    assert order.base()["parentId"] == 0


# The session's orders.


def test_an_order_of_an_earlier_session_is_what_tws_shows():
    sent = SentOrders()
    assert sent.base(7, False) is None
    unset = {"openClose": "?", "deltaNeutralOrderType": "None", "trailStopPrice": 0.0, "auxPrice": 0.0}
    echo = {**FIRST, **unset, "orderRef": "None"}
    sent.echoed(OrderEcho(7, 0, AAPL, echo))
    assert sent.base(7, False) == ({**FIRST, "orderRef": "None"}, AAPL)
    sent.changed(7, AAPL, Change({"lmtPrice": 1.0}, {**FIRST, "lmtPrice": 1.0}), FIRST)
    assert sent.base(7, True)[0]["lmtPrice"] == 1.0
    sent.coded(7, 110)
    assert sent.base(7, True)[0]["lmtPrice"] == 150.0


@pytest.mark.parametrize(
    ("family", "kept"),
    [
        ({"ocaGroup": "90051", "parentId": 51, "ocaType": 3}, False),
        ({"ocaGroup": "90052", "parentId": 51, "ocaType": 3}, False),
        ({"ocaGroup": "90051", "parentId": 0, "ocaType": 3}, False),
        ({"ocaGroup": "1900520001", "parentId": 0, "ocaType": 3}, False),
        ({"ocaGroup": "1900520001", "parentId": 0, "ocaType": 1}, True),
        ({"ocaGroup": "90052", "parentId": 0, "ocaType": 3}, True),
        ({"ocaGroup": "pair-1", "parentId": 51, "ocaType": 3}, True),
    ],
)
def test_a_group_that_tws_has_made_is_not_sent_back(family, kept):
    sent = SentOrders(lambda text: text == "90051")
    sent.echoed(OrderEcho(7, 0, AAPL, {**FIRST, **family}))
    base, _ = sent.base(7, False)
    assert ("ocaGroup" in base, "ocaType" in base) == (kept, kept)
    sent.changed(7, AAPL, Change({"lmtPrice": 1.0}, {**base, "lmtPrice": 1.0}), base)
    sent.echoed(OrderEcho(7, 0, AAPL, {**FIRST, **family, "lmtPrice": 1.0}))
    assert ("ocaGroup" in sent.base(7, False)[0]) is kept, "nor with the next change"


def test_a_group_of_digits_that_was_sent_here_is_sent_again():
    order = Session(ocaGroup="90051", ocaType=3, parentId=51)
    order.show()
    assert order.base()["ocaGroup"] == "90051"


def test_codes_and_echoes_of_other_orders_change_nothing():
    order = Session()
    order.change(tif="GTC")
    order.sent.coded(8, 201)
    order.sent.echoed(OrderEcho(8, 0, AAPL, {**FIRST, "lmtPrice": 1.0}))
    assert order.base() == {**FIRST, "tif": "GTC"}


def test_thousands_of_living_orders_are_never_looked_through_at_once():
    sent = SentOrders()
    for order_id in range(5000):
        sent.echoed(OrderEcho(order_id, 0, AAPL, FIRST))
    looked = []
    sent.forget_old(lambda order_id: not looked.append(order_id))
    assert looked == list(range(LOOKED_AT)) and len(sent.echoes) == 5000
    sent.forget_old(lambda order_id: not looked.append(order_id))
    assert looked == list(range(2 * LOOKED_AT)), "each in its turn"


def test_orders_that_are_over_are_forgotten_when_there_are_many():
    sent = SentOrders(at_most=10)
    for order_id in range(1, 12):
        sent.placed(order_id, AAPL, FIRST)
        sent.echoed(OrderEcho(order_id, 0, AAPL, FIRST))
    for order_id in range(12, 32):
        sent.placed(order_id, AAPL, FIRST)
        sent.echoed(OrderEcho(order_id, 0, AAPL, FIRST))
        sent.forget_old(lambda order_id: order_id == 11)
    assert len(sent.orders) == len(sent.echoes) <= 11 and 11 in sent.orders and 11 in sent.echoes
    sent.session_lost()
    assert not sent.orders and not sent.echoes
