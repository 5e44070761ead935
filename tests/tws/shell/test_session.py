"""One connection to TWS, from the greeting to its loss."""

from functools import partial
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionRefusedError, DNSLookupError, TimeoutError
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from ibgw_tx.model import events
from ibgw_tx.tws.api.client import MAX_VERSION
from ibgw_tx.tws.frames import MAX_LENGTH
from ibgw_tx.tws.pacing import CAPACITY, CEILING, Lane
from ibgw_tx.tws.shell.handshake import READY_LIMIT, Phase
from ibgw_tx.tws.shell.link import RETRY_DELAY, IBSessionFactory
from ibgw_tx.tws.shell.liveness import DEAD_AFTER
from ibgw_tx.tws.shell.session import IBSession
from tests.kit.contracts import AAPL
from tests.kit.tws import ScriptedTWS, tws_frame

BOOKS = {b"12": lambda fields: float(fields[7])}
WELCOME = tws_frame(157, "20260405 23:49:26 CET") + tws_frame(15, 1, "DU1,DU2,") + tws_frame(9, 1, 42)


class Listener:
    """Notes what a session tells."""

    def __init__(self):
        self.ready, self.lost, self.events, self.turns, self.sent = [], [], [], 0, []

    def sessionReady(self, session):
        self.ready.append(session)

    def sessionLost(self, session, reason):
        self.lost.append(reason)

    def told(self, event):
        self.events.append(event)

    def requestSent(self, req_id):
        self.sent.append(req_id)

    def turnEnded(self):
        self.turns += 1


class Place:
    """A factory, its clock, and as many scripted TWS as are asked for."""

    def __init__(self, clock):
        self.clock, self.listener = clock, Listener()
        self.rows = []
        make = partial(IBSession, 7, self.listener, {b"12": self._row}, clock)
        self.factory = IBSessionFactory(make, clock, "tws.example:4002")

    def _row(self, fields):
        self.rows.append(float(fields[7]))

    def connect(self):
        return ScriptedTWS(self.factory.buildProtocol(None))


@pytest.fixture
def place(clock):
    return Place(clock)


@pytest.fixture
def tws(place):
    """A TWS that has been connected to and has said nothing."""
    return place.connect()


@pytest.fixture
def ready(tws):
    """A TWS whose session is READY, startApi read."""
    tws.welcome()
    tws.asked()
    return tws


# The greeting.


def test_the_greeting_is_api_and_the_range_of_versions(tws):
    assert tws.wire.value() == b"API\0\x00\x00\x00\x09v100..%d" % MAX_VERSION


def test_startapi_follows_the_version_and_nothing_else_is_sent_before_ready(tws, place):
    tws.greet()
    assert tws.asked()[1:] == [["71", "2", "7", ""]]
    assert tws.session.phase is Phase.STARTING and not place.listener.ready


@pytest.mark.parametrize("messages", [[(15, 1, "DU1"), (9, 1, 42)], [(9, 1, 42), (15, 1, "DU1")]])
def test_ready_means_next_valid_id_and_accounts_in_either_order(tws, place, messages):
    tws.greet()
    for number, message in enumerate(messages):
        assert len(place.listener.ready) == 0, number
        tws.say(*message)
    assert place.listener.ready == [tws.session]
    assert (tws.session.next_valid_id, tws.session.accounts) == (42, ("DU1",))
    assert tws.session.phase is Phase.READY


def test_a_greeting_in_one_piece_is_enough(tws, place):
    tws.session.dataReceived(WELCOME)
    assert place.listener.ready == [tws.session] and tws.session.accounts == ("DU1", "DU2")


def test_a_greeting_byte_by_byte_is_enough(tws, place):
    for byte in WELCOME:
        tws.session.dataReceived(bytes([byte]))
    assert place.listener.ready == [tws.session]


@given(st.lists(st.integers(1, len(WELCOME) - 1), max_size=6))
def test_a_greeting_may_be_cut_anywhere(cuts):
    clock = Clock()
    place = Place(clock)
    tws = place.connect()
    edges = sorted({0, len(WELCOME), *cuts})
    for start, stop in pairwise(edges):
        tws.session.dataReceived(WELCOME[start:stop])
    assert place.listener.ready == [tws.session]


def test_frames_before_the_version_are_let_pass(tws, place):
    tws.say(4, 2, -1, 2104, "OK:usfarm")
    tws.welcome()
    assert place.listener.ready


def test_notices_between_version_and_ready_are_told(tws, place):
    tws.greet()
    tws.notice(1100, "lost")
    tws.say(9, 1, 42)
    tws.say(15, 1, "DU1")
    assert place.listener.events[0] == events.Notice(-1, 1100, "lost")


def test_an_empty_list_of_accounts_is_not_ready(tws, place):
    tws.welcome(accounts="")
    assert not place.listener.ready


@pytest.mark.parametrize("version", [str(MAX_VERSION + 1), "99", "0", "", "abc", "-5", "999"])
def test_a_version_we_do_not_speak_drops_the_link_and_nothing_is_decoded(tws, place, version):
    tws.session.dataReceived(tws_frame(version, "time") + tws_frame(15, 1, "DU1") + tws_frame(9, 1, 1))
    assert tws.wire.aborted and "server version" in place.listener.lost[0]
    assert tws.session.bad_messages == 0 and not place.listener.events


@pytest.mark.parametrize("version", [145, 157])
def test_both_ends_of_the_range_are_spoken(tws, place, version):
    tws.greet(version)
    assert tws.session.phase is Phase.STARTING


@pytest.mark.parametrize(
    ("steps", "missing"),
    [
        ((), "no answer within 15 s; does TWS wait"),
        (((157, "time"),), "no nextValidId"),
        (((157, "t"), (9, 1, 1)), "no nextValidId"),
    ],
)
def test_a_silent_peer_is_given_up_after_the_ready_limit(tws, place, steps, missing):
    for step in steps:
        tws.say(*step)
    place.clock.advance(READY_LIMIT - 0.1)
    assert not tws.wire.aborted
    place.clock.advance(0.2)
    assert tws.wire.aborted and place.listener.lost[0].startswith(missing)


def test_the_ready_limit_is_over_once_ready(ready, place):
    for _ in range(40):
        place.clock.advance(1)
        ready.say(49, 1, 1)
    assert not ready.wire.aborted


# Messages.


def test_hot_messages_go_straight_to_their_taker(ready, place):
    ready.say(12, 1, 7, 0, 0, 1, 10.5, 3)
    assert place.rows == [3.0] and not place.listener.events[2:]


def test_each_read_is_one_turn(ready, place):
    turns = place.listener.turns
    ready.session.dataReceived(tws_frame(12, 1, 7, 0, 0, 1, 10, 3) * 50)
    assert place.listener.turns == turns + 1


@pytest.mark.parametrize(
    "payload",
    [
        tws_frame("x"),
        tws_frame(9, 1, "x"),
        tws_frame(),
        tws_frame(12, 1, 7, 0, 0, 1, 10, "x"),
        tws_frame(4, 2),
        tws_frame(b"\xff"),
    ],
)
def test_a_bad_message_is_skipped_counted_and_logged_and_the_stream_goes_on(ready, place, failures, payload):
    ready.session.dataReceived(payload + tws_frame(9, 1, 77))
    assert ready.session.bad_messages == 1 and not ready.wire.aborted
    assert place.listener.events[-1] == events.NextValidId(77)
    assert len(failures) == 1 and "skipped" in failures[0]["log_format"]
    failures.clear()


def test_of_many_bad_messages_only_some_are_logged_and_all_are_counted(ready, failures):
    ready.session.dataReceived(tws_frame("x") * 2500)
    assert ready.session.bad_messages == 2500 and len(failures) == 12
    failures.clear()


def test_an_absurd_length_drops_the_link(ready, place):
    ready.session.dataReceived((MAX_LENGTH + 1).to_bytes(4, "big"))
    assert ready.wire.aborted and "announced" in place.listener.lost[0]


def test_a_listener_that_raises_does_not_end_the_session(ready, place, failures):
    place.listener.told = lambda event: 1 / 0
    ready.notice(2104)
    assert ready.session.bad_messages == 1 and not ready.wire.aborted
    failures.clear()


def test_a_turn_that_cannot_be_passed_on_does_not_end_the_session(ready, place, failures):
    place.listener.turnEnded = lambda: 1 / 0
    ready.say(49, 1, 1)
    assert not ready.wire.aborted and not ready.session.bad_messages and len(failures) == 1
    failures.clear()


@given(st.binary(max_size=200))
def test_whatever_bytes_come_the_session_lives_on_or_is_dropped_with_a_reason(data):
    place = Place(Clock())
    place.factory.buildProtocol(None)
    tws = place.connect()
    tws.session._incoming._skip = lambda payload: None
    tws.welcome()
    tws.session.dataReceived(data)
    assert not tws.wire.aborted or place.listener.lost[0]


# The end.


def test_326_is_the_reason_told_and_logged_once_while_it_lasts(place, lines):
    for _ in range(3):
        tws = place.connect()
        tws.greet()
        tws.notice(326, "already in use")
        tws.wire.end()
    assert place.listener.lost == ["326: client id 7 is in use; waiting for it"] * 3
    assert sum("client id 7 is in use" in line for line in lines) == 1


def test_a_lost_link_is_told_once_and_every_timer_ends(ready, place):
    ready.session.client.ask_contract(1, AAPL)
    ready.wire.end()
    assert len(place.listener.lost) == 1 and "while ready" in place.listener.lost[0]
    assert ready.session.phase is Phase.CLOSED and not place.clock.getDelayedCalls()


def test_after_the_end_nothing_is_sent_and_ibapi_answers_504(ready, place):
    ready.wire.end()
    sent = ready.wire.value()
    ready.session.client.ask_contract(5, AAPL)
    assert ready.wire.value() == sent and place.listener.events[-1].code == 504


def test_an_end_in_the_greeting_leaves_no_timer(tws, place):
    tws.wire.end()
    assert not place.clock.getDelayedCalls() and "while greeting" in place.listener.lost[0]


# Signs of life.


def silence(place, seconds):
    for _ in range(seconds):
        place.clock.advance(1)


def test_a_silent_link_is_asked_for_a_sign_of_life(ready, place):
    silence(place, 3)
    assert ready.asked() == []
    silence(place, 2)
    assert ready.asked() == [["49", "1"]]


def test_a_link_silent_for_too_long_is_aborted_within_a_minute(ready, place):
    silence(place, int(DEAD_AFTER) + 1)
    assert ready.wire.aborted and "silent" in place.listener.lost[0] and DEAD_AFTER < 60


def test_a_link_that_answers_is_never_aborted(ready, place):
    for _ in range(300):
        place.clock.advance(1)
        if ["49", "1"] in ready.asked():
            ready.say(49, 1, 1_700_000_000)
    assert not ready.wire.aborted and ready.session.is_alive


def test_half_a_message_is_a_sign_of_life_too(ready, place):
    for _ in range(60):
        silence(place, 1)
        ready.session.dataReceived(b"")
    assert not ready.wire.aborted


def test_ten_seconds_of_silence_are_no_longer_alive(ready, place):
    assert ready.session.is_alive
    silence(place, 10)
    assert not ready.session.is_alive and not ready.wire.aborted


def test_after_a_silence_only_what_is_asked_at_its_end_proves_that_all_has_been_read(ready, place):
    silence(place, 13)
    assert len(ready.asked()) == 3
    ready.say(4, 2, -1, 2104, "the first of what was said meanwhile")
    assert len(ready.asked()) == 1 and not ready.session.is_alive
    for _ in range(3):
        ready.say(49, 1, 1_700_000_000)
        assert not ready.session.is_alive, "an answer to what was asked in the silence"
    ready.say(49, 1, 1_700_000_000)
    assert ready.session.is_alive


def test_a_question_that_tws_has_dropped_holds_it_back_for_ten_seconds_only(ready, place):
    silence(place, 13)
    for _ in range(10):
        ready.say(4, 2, -1, 2104, "meanwhile")
        assert not ready.session.is_alive
        silence(place, 1)
    assert ready.session.is_alive
    silence(place, 13)
    ready.say(49, 1, 1_700_000_000)
    assert not ready.session.is_alive, "what the first silence left unanswered does not count"


def test_a_session_that_is_not_ready_is_not_alive(tws):
    tws.greet()
    assert not tws.session.is_alive


def test_a_full_lane_does_not_end_the_liveness_check(ready, place):
    for _ in range(CAPACITY[Lane.OWN] + 100):
        try:
            ready.session.client.ask_market_rule(1)
        except Exception:
            break
    ready.session._outgoing._next.cancel()
    silence(place, int(DEAD_AFTER) + 1)
    assert ready.wire.aborted


# Pacing.


def test_requests_are_paced_and_a_cancel_overtakes_them(ready, place):
    place.clock.advance(2)
    for _ in range(100):
        ready.session.client.ask_market_rule(1)
    ready.session.sendMsg(tws_frame(4, 1, 55))
    sent = ready.asked()
    assert len(sent) == CEILING[Lane.OWN] + 1 and sent[-1] == ["4", "1", "55"]


def test_never_over_45_frames_in_any_second_through_the_session(ready, place):
    times = []
    for step in range(200):
        for _ in range(3):
            ready.session.client.ask_market_rule(1)
        ready.session.sendMsg(tws_frame(3 if step % 2 else 4, 1, step))
        times += [place.clock.seconds()] * len(ready.asked())
        place.clock.advance(0.013)
        times += [place.clock.seconds()] * len(ready.asked())
    while ready.session._outgoing._pacer.waiting():
        place.clock.advance(0.05)
        times += [place.clock.seconds()] * len(ready.asked())
    assert len(times) >= 800
    assert all(times[index + 45] - times[index] > 1.0 for index in range(len(times) - 45))


def test_a_cancel_does_not_wait_for_a_lower_lanes_turn(ready, place):
    place.clock.advance(2)
    ready.say(49, 1, 1)
    for number in range(13):
        ready.session.sendMsg(tws_frame(4, 1, number))
    place.clock.advance(1.0)
    for number in range(13, 45):
        ready.session.sendMsg(tws_frame(4, 1, number))
    ready.session.sendMsg(tws_frame(10, 5, 1))
    ready.session.sendMsg(tws_frame(4, 1, 99))
    ready.asked()
    place.clock.advance(0.06)
    assert ready.asked() == [["4", "1", "99"]]


# The factory.


class Connector:
    """Counts attempts."""

    def __init__(self, factory):
        self.factory, self.attempts = factory, 0

    def connect(self):
        self.attempts += 1

    def getDestination(self):
        return None


def test_each_attempt_follows_the_last_by_twenty_seconds_for_ever(place):
    connector = Connector(place.factory)
    assert RETRY_DELAY == 20.0
    for attempt in range(50):
        place.factory.clientConnectionFailed(connector, Failure(ConnectionRefusedError()))
        place.clock.advance(19.9)
        assert connector.attempts == attempt
        place.clock.advance(0.2)
        assert connector.attempts == attempt + 1


def test_a_lost_session_is_retried_after_twenty_seconds_too(place):
    connector = Connector(place.factory)
    tws = place.connect()
    tws.welcome()
    tws.wire.end()
    place.factory.clientConnectionLost(connector, Failure(ConnectionRefusedError()))
    place.clock.advance(20.1)
    assert connector.attempts == 1


def test_a_refusal_is_logged_once_until_something_else_is_wrong(place, lines):
    connector = Connector(place.factory)
    for _ in range(5):
        place.factory.clientConnectionFailed(connector, Failure(ConnectionRefusedError()))
    assert len(lines) == 1 and lines[0].startswith("warn cannot connect to TWS")
    assert lines[0].endswith("; trying again every 20 s") and "TWS_API_PORT" in lines[0] and "4001" in lines[0]


@pytest.mark.parametrize(
    ("error", "setting"), [(DNSLookupError(), "TWS_API_ADDR"), (TimeoutError(), "TWS_API_ADDR"), (OSError(), "TWS_API_PORT")]
)
def test_what_keeps_tws_from_being_reached_names_a_setting(place, lines, error, setting):
    place.factory.clientConnectionFailed(Connector(place.factory), Failure(error))
    assert len(lines) == 1 and setting in lines[0]


def test_our_own_closing_is_told_as_ours(place, lines):
    tws = place.connect()
    tws.welcome()
    lines.clear()
    place.factory.stopTrying()
    tws.wire.end()
    assert lines == ["info the session with TWS at tws.example:4002 is closed: the gateway stops"]


def test_what_is_no_tws_names_the_port(place, lines):
    tws = place.connect()
    tws.session.dataReceived(b"HTTP/1.1 400 Bad Request\r\n")
    assert tws.wire.aborted and any("is TWS_API_PORT the port of its API?" in line for line in lines)


def test_after_a_session_was_ready_the_same_failure_is_news_again(place, lines):
    connector = Connector(place.factory)
    place.factory.clientConnectionFailed(connector, Failure(ConnectionRefusedError()))
    place.connect().welcome()
    place.factory.clientConnectionFailed(connector, Failure(ConnectionRefusedError()))
    assert sum("cannot connect" in line for line in lines) == 2


def test_after_stop_nothing_is_tried_and_nothing_warned(place, lines):
    connector = Connector(place.factory)
    place.factory.stopTrying()
    place.factory.clientConnectionFailed(connector, Failure(ConnectionRefusedError()))
    place.clock.advance(60)
    assert not connector.attempts and not [line for line in lines if line.startswith("warn")]


def test_each_connection_is_a_session_of_its_own(place):
    first = place.connect()
    first.welcome(order_id=99)
    first.wire.end()
    second = place.connect()
    assert second.session is not first.session and second.session.next_valid_id is None
    second.welcome(order_id=5)
    assert second.session.next_valid_id == 5 and place.listener.ready == [first.session, second.session]
