"""Exactly one acknowledgement for each message, whatever is in it and whatever happens."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from ibgw_tx.commands.shell import dispatcher as commanddesk
from ibgw_tx.commands.shell.ack_channel import AckChannel
from ibgw_tx.commands.shell.dispatcher import Dispatcher, Entry
from ibgw_tx.model import errors
from ibgw_tx.model.contract import BadName
from ibgw_tx.model.errors import CommandError, PacingFull, RedisDown, RequestTimeout, SessionLost

NOW = 1_700_000_000_000


class Place:
    """A desk with a few handlers; `waiting` is what WAIT waits for."""

    def __init__(self):
        self.said, self.raises, self.waiting = [], None, []
        handlers = {"OK": self.ok, "FAIL": self.fail, "WAIT": self.wait}
        acks = AckChannel(lambda kind, message: self.said.append(json.loads(message)), lambda: NOW)
        self.desk = Dispatcher(handlers, acks, lambda: NOW, 5000)

    async def ok(self, command):
        return {"channel": "c"}

    async def fail(self, command):
        raise self.raises

    async def wait(self, command):
        self.waiting.append(Deferred())
        return await self.waiting[-1]

    def send(self, cmd, id=1, **more):
        self.desk.message(json.dumps({"id": id, "cmd": cmd, **more}).encode())


@pytest.fixture
def place():
    return Place()


def test_ok_is_acknowledged_with_what_the_handler_gives(place):
    place.send("OK", id="a")
    assert place.said == [{"type": "ack", "id": "a", "cmd": "OK", "ok": True, "channel": "c", "t": NOW}]


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        *(
            (CommandError(code, "why"), code)
            for code in (
                errors.BAD_PARAMS,
                errors.NOT_CONNECTED,
                errors.UNKNOWN_CONTRACT,
                errors.AMBIGUOUS_CONTRACT,
                errors.UNKNOWN_ORDER,
                errors.DUPLICATE,
                errors.LIMIT,
                errors.UNAVAILABLE,
            )
        ),
        (SessionLost("lost"), errors.NOT_CONNECTED),
        (RequestTimeout("late"), errors.UNAVAILABLE),
        (RedisDown("away"), errors.UNAVAILABLE),
        (PacingFull("full"), errors.LIMIT),
        (BadName("a:b"), errors.BAD_PARAMS),
    ],
)
def test_each_failure_is_one_refusal_with_its_code(place, raised, code):
    place.raises = raised
    place.send("FAIL")
    ((ack,),) = (place.said,)
    assert (ack["type"], ack["id"], ack["cmd"], ack["ok"], ack["code"], ack["err"]) == (
        "ack",
        1,
        "FAIL",
        False,
        code,
        str(raised),
    )


def test_a_bug_in_a_handler_is_acknowledged_and_logged(place, failures):
    place.raises = ZeroDivisionError("bug")
    place.send("FAIL")
    assert len(place.said) == 1 and place.said[0]["code"] == errors.UNAVAILABLE and "bug" not in place.said[0]["err"]
    assert len(failures) == 1
    failures.clear()


@pytest.mark.parametrize(
    ("message", "id", "code"),
    [
        (b"{", None, errors.BAD_JSON),
        (b"\xff", None, errors.BAD_JSON),
        (b"[]", None, errors.BAD_JSON),
        (b"{}", None, errors.BAD_COMMAND),
        (b'{"id":7,"cmd":"NO"}', 7, errors.BAD_COMMAND),
        (b'{"id":7,"cmd":"OK","params":1}', 7, errors.BAD_PARAMS),
        (b'{"id":7,"cmd":"OK","t":1}', 7, errors.EXPIRED),
    ],
)
def test_what_is_no_command_is_acknowledged_too(place, message, id, code):
    place.desk.message(message)
    assert [(ack["id"], ack["code"], ack["ok"]) for ack in place.said] == [(id, code, False)]


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_as_many_acknowledgements_as_messages(messages):
    place = Place()
    for message in messages:
        place.desk.message(message)
    assert len(place.said) == len(messages)


def test_the_acknowledgement_comes_when_the_handler_is_done(place):
    place.send("WAIT", id=1)
    place.send("OK", id=2)
    assert [ack["id"] for ack in place.said] == [2]
    place.waiting[0].callback({})
    assert [ack["id"] for ack in place.said] == [2, 1]


def test_one_command_too_many_at_once_is_refused_and_room_comes_back(place, monkeypatch):
    monkeypatch.setattr(commanddesk, "MAX_OPEN", 2)
    for id in (1, 2, 3):
        place.send("WAIT", id=id)
    assert [(ack["id"], ack["code"]) for ack in place.said] == [(3, errors.LIMIT)]
    for waiting in place.waiting:
        waiting.errback(SessionLost("lost"))
    place.send("OK", id=4)
    assert [ack["id"] for ack in place.said] == [3, 1, 2, 4]


def test_a_refusal_may_carry_more(place):
    place.raises = CommandError(errors.DUPLICATE, "used")
    place.raises.more = {"order": {"i": "1"}}
    place.send("FAIL")
    assert place.said[0]["order"] == {"i": "1"}


def test_the_log_line_of_a_refusal_is_one_line(place, lines):
    place.send("evil\nwarn forged")
    assert len(lines) == 1 and "\n" not in lines[0]


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("sent", "t", "code"),
    [
        (NOW, None, None),
        (NOW - 5001, None, "expired"),
        (None, None, "expired"),
        (None, NOW, None),
        (None, NOW - 5001, "expired"),
        (NOW, NOW - 5001, "expired"),
        (NOW - 5001, NOW, None),
    ],
)
def test_the_age_of_an_entry_is_that_of_its_t_else_of_its_id_else_nobody_knows_it(place, again, sent, t, code):
    said = []
    message = {"id": 1, "cmd": "OK", **({} if t is None else {"t": t})}
    place.desk.message(json.dumps(message).encode(), Entry("1-1", sent, lambda ack: said.append(json.loads(ack)), again))
    assert [ack.get("code") for ack in said] == [code]
    if sent is t is None:
        assert said[0]["err"].startswith("how old this entry is cannot be told: ")


def test_without_a_limit_of_age_nobody_has_to_know_it():
    said = []
    acks = AckChannel(lambda kind, message: None, lambda: NOW)
    desk = Dispatcher({"OK": Place().ok}, acks, lambda: NOW, 0)
    for again in (False, True):
        desk.message(b'{"id": 1, "cmd": "OK"}', Entry("1-1", None, lambda ack: said.append(json.loads(ack)["ok"]), again))
    assert said == [True, True]
