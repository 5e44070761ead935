"""A frame from a template is, byte by byte, what ibapi's encoder writes: for every kind of order that has a template."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibgw_tx.model.contract import Contract
from ibgw_tx.model.figures import clean, written
from ibgw_tx.orders.entry.parse import DEFAULTS
from ibgw_tx.tws import order_frames
from ibgw_tx.tws.api.client import MAX_VERSION, TWSClient
from ibgw_tx.tws.order_frames import Templates, learn, price_text

VERSIONS = [version for version in (124, 145, 157, 163, 176, 190, 202, 203, 210, 223, 226) if version <= MAX_VERSION]


class Line:
    """A connection that takes everything."""

    own = False

    def isConnected(self):
        return True

    def sendMsg(self, msg):
        """Nobody reads it."""

    def disconnect(self):
        """Never."""


def client(version):
    made = TWSClient(Line(), 1, lambda event: None)
    made.greet(version)
    return made


CLIENTS = {version: client(version) for version in VERSIONS}
SEC_TYPES = ["STK", "FUT", "CASH", "CRYPTO", "CFD"]
#: What an order may say beside its figures, in ibapi's words.
kinds = st.fixed_dictionaries(
    {"action": st.sampled_from(["BUY", "SELL"]), "orderType": st.sampled_from(["LMT", "STP LMT", "LIT", "REL", "LOC"])},
    optional={
        "tif": st.sampled_from(["DAY", "GTC", "IOC"]),
        "account": st.sampled_from(["DU1", "U1234567", "100%s", "1999999973"]),
        "auxPrice": st.sampled_from([0.05, 70.0, 12345.6875]),
        "outsideRth": st.booleans(),
        "hidden": st.booleans(),
        "transmit": st.booleans(),
        "allOrNone": st.booleans(),
        "ocaGroup": st.sampled_from(["g", "~mark/7f3a~", "%d %b"]),
        "ocaType": st.sampled_from([1, 2, 3]),
        "parentId": st.sampled_from([5, 1_999_999_973]),
        "displaySize": st.sampled_from([1, 100]),
        "minQty": st.sampled_from([1, 987_654_321]),
        "goodAfterTime": st.just("20260105 15:30:00 US/Eastern"),
        "discretionaryAmt": st.sampled_from([0.1, 12345.6875]),
        "whatIf": st.booleans(),
        "cashQty": st.sampled_from([1000.0]),
        "modelCode": st.sampled_from(["m"]),
        "triggerMethod": st.sampled_from([2]),
    },
)
def texts(size):
    return st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=size)


#: 2**31 - 1 is TWS's word for none: no order or contract has it.
figures = st.tuples(
    st.integers(1, 2**31 - 2),
    st.integers(1, 2**31 - 2),
    texts(30),
    texts(20),
    texts(5),
    st.integers(1, order_frames.LARGEST_FIGURE - 1),
    st.floats(order_frames.SMALLEST_PRICE, order_frames.LARGEST_FIGURE - 1).map(clean).filter(lambda price: price >= 0.0001),
    texts(200),
)
ONE = (51, 265598, "AAPL", "SMART", "USD", 100, 150.25, "bot-1")


def encoder(version, sec_type, kind):
    """ibapi's own encoder, for orders of a kind."""

    def encode(each):
        order_id, con_id, symbol, exchange, currency, quantity, price, ref = each
        contract = Contract(conId=con_id, symbol=symbol, secType=sec_type, exchange=exchange, currency=currency)
        members = {**DEFAULTS, **kind, "totalQuantity": quantity, "lmtPrice": price, "orderRef": ref}
        return CLIENTS[version].encode_order(order_id, contract, members)

    return encode


@settings(max_examples=400)
@given(st.sampled_from(VERSIONS), st.sampled_from(SEC_TYPES), kinds, st.lists(figures, min_size=1, max_size=4))
def test_a_template_writes_what_ibapi_writes(version, sec_type, kind, several):
    encode = encoder(version, sec_type, kind)
    render = learn(encode)
    for each in several if render is not None else ():
        assert render(each) == encode(each)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", [{}, {"tif": "GTC", "outsideRth": True}, {"action": "SELL", "account": "DU1"}])
def test_a_plain_order_has_a_template_in_every_dialect(version, kind):
    encode = encoder(version, "STK", {"action": "BUY", "orderType": "LMT", **kind})
    render = learn(encode)
    assert render is not None and render(ONE) == encode(ONE)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", [{"ocaGroup": "~mark/7f3a~"}, {"account": "987654321"}])
def test_what_looks_like_a_figure_is_left_to_ibapi(version, kind):
    assert learn(encoder(version, "STK", {"action": "BUY", "orderType": "LMT", **kind})) is None


def test_a_template_that_does_not_write_what_ibapi_writes_is_none():
    plain = encoder(VERSIONS[0], "STK", {"action": "BUY", "orderType": "LMT"})
    assert learn(lambda each: plain(each) + (b"odd" if each[1] == 128 else b"")) is None
    assert learn(lambda each: b"\0\0\0\x02x\0") is None


@given(figures)
def test_a_price_is_written_as_people_write_it(each):
    assert price_text(each[6]).decode() == written(each[6])


def test_a_kind_is_learnt_once_and_not_before():
    asked = []
    encode = encoder(VERSIONS[0], "STK", {"action": "BUY", "orderType": "LMT"})
    templates = Templates()
    assert templates.of("kind") is None
    for _ in range(2):
        templates.teach("kind", lambda each: asked.append(1) or encode(each))
        templates.teach("odd", lambda each: asked.append(1) or b"")
    assert templates.of("kind")(ONE) == encode(ONE) and templates.of("odd") is None and len(asked) < 10


def test_what_ibapi_does_not_write_has_no_template():
    assert learn(lambda each: 1 / 0) is None
