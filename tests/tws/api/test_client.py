"""The ibapi seam: what breaks ibapi's own decoder does not break ours, and each question is one frame."""

import pytest

from ibgw_tx.model import events
from ibgw_tx.model.contract import Contract
from ibgw_tx.model.errors import PacingFull
from ibgw_tx.tws.api.client import TWSClient
from ibgw_tx.tws.frames import FrameSplitter
from tests.kit.contracts import AAPL


class Line:
    """A connection that keeps what is sent."""

    def __init__(self):
        self.up, self.sent, self.full = True, b"", False

    def isConnected(self):
        return self.up

    def sendMsg(self, msg):
        if self.full:
            raise PacingFull("full")
        self.sent += msg

    def disconnect(self):
        self.up = False

    def asked(self):
        frames, self.sent = FrameSplitter().feed(self.sent), b""
        return [[field.decode() for field in frame.split(b"\0")[:-1]] for frame in frames]


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def told():
    return []


@pytest.fixture
def client(line, told):
    """A client past its greeting, at version 157."""
    made = TWSClient(line, 7, told.append)
    made.greet(157)
    line.startapi = line.asked()
    return made


def fields(*items):
    return [item if isinstance(item, bytes) else str(item).encode() for item in items]


def test_a_greeting_sends_startapi_with_the_client_id(client, line):
    assert line.startapi == [["71", "2", "7", ""]]
    assert client.server_version == 157


def test_before_the_greeting_there_is_no_version(line, told):
    assert TWSClient(line, 7, told.append).server_version == 0


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (("9", "1", "42"), events.NextValidId(42)),
        (("15", "1", "DU1,DU2,"), events.ManagedAccounts(("DU1", "DU2"))),
        (("15", "1", " DU1 , "), events.ManagedAccounts(("DU1",))),
        (("4", "2", "-1", "2104", "OK:usfarm"), events.Notice(-1, 2104, "OK:usfarm")),
        (("4", "2", "7", "200", "No security definition"), events.Notice(7, 200, "No security definition")),
        (("4", "2", "2147483647", "321", "Read-Only"), events.Notice(-1, 321, "Read-Only")),
        (("4", "2", "-1", "2104", "OK:usfarm", "one field", "more"), events.Notice(-1, 2104, "OK:usfarm")),
        (("4", "2", "-1", "1", r"C:\new caf\u00e9"), events.Notice(-1, 1, r"C:\new café")),
        (("4", "2", "-1", "1", "naïve".encode()), events.Notice(-1, 1, "naïve")),
        (("4", "2", "-1", "1", b"caf\xe9"), events.Notice(-1, 1, "café")),
        (("52", "1", "7"), events.ContractEnd(7)),
        (("54", "1", "DU1"), events.AccountDownloadEnd("DU1")),
        (("6", "2", "CashBalance", "1.5", "USD", "DU1"), events.AccountValue("CashBalance", "1.5", "USD", "DU1")),
    ],
)
def test_a_message_becomes_one_record(client, told, message, event):
    client.decode(fields(*message))
    assert told == [event]


@pytest.mark.parametrize("message", [("999", "1")])
def test_what_nobody_needs_is_passed_over(client, told, message):
    client.decode(fields(*message))
    assert told == []


@pytest.mark.parametrize(
    "message", [(), ("",), ("x",), ("4", "2"), ("4", "2", "x", "200", "t"), ("9", "1", ""), ("6", "2", "CashBalance")]
)
def test_a_bad_message_raises_and_tells_nothing(client, told, message):
    with pytest.raises(Exception):  # noqa: B017 (whatever ibapi raises; the session skips the message)
        client.decode(fields(*message))
    assert told == []


def test_the_next_message_after_a_bad_one_is_decoded(client, told):
    test_a_bad_message_raises_and_tells_nothing(client, told, ("9", "1", ""))
    client.decode(fields("9", "1", "5"))
    assert told == [events.NextValidId(5)]


def test_a_portfolio_row_has_figures_or_none(client, told):
    unset = "1.7976931348623157E308"
    contract = ("265598", "AAPL", "STK", "", "0.0", "0", "", "NASDAQ", "USD", "AAPL", "NMS")
    client.decode(fields("7", "8", *contract, "100", "160.5", "16050", "150.25", unset, "0", "DU1"))
    (row,) = told
    assert row.account == "DU1"
    assert (row.position.pos, row.position.marketPrice, row.position.avgCost, row.position.unrealPnl) == (
        100,
        160.5,
        150.25,
        None,
    )
    assert row.position.contract == Contract(
        conId=265598,
        symbol="AAPL",
        secType="STK",
        primaryExchange="NASDAQ",
        currency="USD",
        localSymbol="AAPL",
        tradingClass="NMS",
    )


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda client: client.ask_current_time(), ["49", "1"]),
        (lambda client: client.ask_market_rule(26), ["91", "26"]),
        (lambda client: client.subscribe_account("DU1"), ["6", "2", "1", "DU1"]),
        (lambda client: client.unsubscribe_account("DU1"), ["6", "2", "0", "DU1"]),
        (lambda client: client.cancel_depth(7, True), ["11", "1", "7", "1"]),
    ],
)
def test_each_question_is_one_message(client, line, ask, message):
    ask(client)
    assert line.asked() == [message]


def test_a_depth_request_says_rows_and_smart(client, line):
    client.subscribe_depth(7, AAPL, 10, True)
    ((id, _version, req_id, con_id, *rest),) = line.asked()
    assert (id, req_id, con_id) == ("10", "7", "265598") and rest[-3:] == ["10", "1", ""]


def test_a_contract_question_carries_the_contract(client, line):
    client.ask_contract(7, AAPL)
    ((id, _version, req_id, con_id, symbol, *_),) = line.asked()
    assert (id, req_id, con_id, symbol) == ("9", "7", "265598", "AAPL")


def test_a_question_without_a_session_is_answered_504_and_sends_nothing(client, line, told):
    line.up = False
    client.ask_contract(7, AAPL)
    assert line.asked() == [] and told[0].code == 504


def test_a_text_that_cannot_be_sent_is_answered_579_with_the_requests_id(client, line, told):
    client.subscribe_depth(7, Contract(symbol="é"), 10, False)
    assert line.asked() == [] and (told[0].id, told[0].code) == (7, 579)


def test_a_full_lane_is_told_to_whoever_asks(client, line):
    line.full = True
    with pytest.raises(PacingFull):
        client.ask_contract(7, AAPL)


def test_an_exercise_is_encoded_and_not_sent(line, told):
    client = TWSClient(line, 7, told.append)
    client.greet(157)
    line.asked()
    call = Contract(conId=5, symbol="AAPL", secType="OPT", exchange="CBOE", strike=150.0, right="C", multiplier="100")
    id, _, order_id, con_id, *_, action, quantity, account, override, end = (
        client.encode_exercise(4711, call, True, 3, "DU1", True)[4:].decode().split("\0")
    )
    assert (id, order_id, con_id, action, quantity, account, override) == ("21", "4711", "5", "2", "3", "DU1", "1")
    assert line.asked() == [] and end == ""


@pytest.mark.parametrize("version", [145, 157])
def test_cancels_are_encoded_and_not_sent(line, told, version):
    client = TWSClient(line, 7, told.append)
    client.greet(version)
    line.asked()
    assert client.encode_cancel(4711)[4:] == b"4\x001\x004711\x00"
    assert client.encode_cancel_all()[4:] == b"58\x001\x00"
    assert line.asked() == []
