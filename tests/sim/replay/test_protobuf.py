"""Recordings of sessions above 200: both dialects in one, replies under the new client's ids, books as a market."""

import json
from base64 import b64encode

import pytest
from twisted.internet.testing import MemoryReactorClock

from ibgw_tx.sim.replay.player import Player
from ibgw_tx.sim.replay.recording import RecordingError, read
from ibgw_tx.sim.replay.service import Replayer
from ibgw_tx.sim.replay.tape import Tape
from ibgw_tx.sim.wire import protobuf_requests
from ibgw_tx.sim.wire.ids import In, Out
from ibgw_tx.sim.wire.protobuf import ProtobufError, decode, encode, first_number, with_first_number
from tests.sim.kit.bench import AAPL, Pipe, greeting
from tests.sim.replay.test_player import line
from tests.sim.replay.test_tape import bench, rows

ABOUT = {"conId": AAPL, "exchange": "NASDAQ"}


def framed(when, direction, number, name, **values):
    data = b64encode(encode(name, values)).decode()
    return json.dumps({"t": when, "d": direction, "id": number + 200, "protobuf": data})


def depth(when, place, operation, side, price, size, req_id=7):
    data = {"position": place, "operation": operation, "side": side, "price": price, "size": str(size)}
    return framed(when, "in", In.MARKET_DEPTH, "MarketDepth", reqId=req_id, marketDepthData=data)


SESSION = [
    line(0, "in", 226, "20261118 12:00:00 UTC"),
    json.dumps({"t": 0.1, "d": "up", "fields": ["226"], "format": 2}),
    framed(0.1, "out", Out.START_API, "StartApiRequest", clientId=0),
    framed(0.2, "in", In.MANAGED_ACCTS, "ManagedAccounts", accountsList="DU0000001"),
    framed(1.0, "out", Out.REQ_MKT_DEPTH, "MarketDepthRequest", reqId=7, contract=ABOUT, numRows=5),
    framed(1.0, "out", Out.REQ_CONFIG, "ConfigRequest", reqId=8),
    depth(1.1, 0, 0, 1, 200.0, 300), depth(1.2, 0, 0, 0, 200.5, 200), line(1.3, "in", 47, 1, 7, 38, 1.0),
    framed(1.4, "in", In.CONFIG_RESPONSE, "ConfigResponse", reqId=8, api={"settings": {"socketPort": 4002}}),
    framed(1.5, "in", In.ERR_MSG, "ErrorMessage", id=7, errorCode=317, errorMsg="reset"),
    framed(1.6, "in", In.ERR_MSG, "ErrorMessage", id=-1, errorCode=1100, errorMsg="lost"),
    framed(1.7, "in", In.CURRENT_TIME, "CurrentTime", currentTime=1), depth(1.8, 0, 0, 1, 210.0, 400),
]


def asked(number, name, **values):
    return protobuf_requests.parse(number, encode(name, values), 226)


def test_both_dialects_of_one_session_are_read():
    (session,) = read(SESSION)
    assert (session.version, len(session.sent), [request.name for request in session.asked]) == (
        226, 9, ["startApi", "reqMktDepth", "reqConfig"])
    assert [sent.kind for sent in session.sent][:4] == [In.MANAGED_ACCTS, In.MARKET_DEPTH, In.MARKET_DEPTH, 47]
    assert session.sent[3].data is None and session.sent[3].fields[0] == "47"


@pytest.mark.parametrize("text", [
    json.dumps({"t": 0, "d": "up", "fields": ["226"], "format": 3}),
    json.dumps({"t": 0, "d": "in", "id": 212, "protobuf": "no base64!"}),
    json.dumps({"t": 0, "d": "in", "id": 12, "protobuf": ""}), json.dumps({"t": 0, "d": "in", "protobuf": ""}),
])
def test_what_is_no_line_of_this_format_is_told(text):
    with pytest.raises(RecordingError, match="line 1 is not a line of a recording"):
        read([text])


def test_replies_in_protobuf_come_under_the_ids_of_the_new_client():
    (session,) = read(SESSION)
    player = Player(session)
    first = player.due(9.0, 0)
    assert [fields[0] for fields in first] == [In.MANAGED_ACCTS, In.ERR_MSG]
    player.hear(asked(Out.REQ_MKT_DEPTH, "MarketDepthRequest", reqId=70, contract=ABOUT, numRows=5))
    player.hear(asked(Out.REQ_CONFIG, "ConfigRequest", reqId=80))
    due = player.due(9.0, 0)
    depth = In.MARKET_DEPTH
    assert [fields[0] for fields in due] == [depth, depth, "47", In.CONFIG_RESPONSE, In.ERR_MSG, depth]
    texts = next(fields for fields in due if fields[0] == "47")
    assert texts == ("47", "1", "70", "38", "1.0")
    ids = [first_number(fields[1]) for fields in due if fields[0] != "47"]
    assert ids == [70, 70, 80, 70, 70] and not player.left and not player.unmatched
    assert decode("ConfigResponse", due[3][1])["api"] == {"settings": {"socketPort": 4002}}


def test_the_ids_of_messages_change_and_nothing_else():
    said = {"reqId": 7, "tickType": 1, "price": 99.5, "size": "300", "attrMask": 1}
    data = with_first_number(encode("TickPrice", said), 2**31 - 1)
    assert decode("TickPrice", data) == {**said, "reqId": 2**31 - 1}
    # An unknown member of any kind stays, in whichever order they came.
    before, after = b"\x9a\x06\x02hi" + b"\x10\x01", b"\x99\x06" + bytes(8)
    odd = before + b"\x08\x07" + after
    assert with_first_number(odd, -1) == b"\x08" + b"\xff" * 9 + b"\x01" + before + after
    assert first_number(odd) == 7 and first_number(b"\x0a\x01x") is None and first_number(b"") is None
    with pytest.raises(ProtobufError):
        with_first_number(b"\x0a\x05x", 1)


def test_the_books_of_such_a_recording_are_a_market():
    tape = Tape(read(SESSION))
    assert len(tape) == 4
    made = bench(tape)
    made.advance(1.2)
    assert sorted(rows(made)) == [[(200.0, 300)], [(200.5, 200)]]
    made.advance(0.3)
    assert rows(made) == [[], []]
    made.advance(0.5)
    assert sorted(rows(made)) == [[], [(210.0, 400)]]


def test_a_replay_greets_in_text_and_answers_the_time_as_its_version_does():
    clock = MemoryReactorClock()
    replayer = Replayer(read(SESSION), clock, speed=0.0)
    replayer.listen()
    heard, pipe = clock.tcpServers[0][1].buildProtocol(None), Pipe()
    heard.makeConnection(pipe)
    heard.dataReceived(greeting("v100..226"))
    assert pipe.value()[4:].startswith(b"226\0")
    pipe.clear()
    for payload in (b"\0\0\x01\x0f\x08\x00", b"\0\0\0\xf9"):
        heard.dataReceived(len(payload).to_bytes(4) + payload)
    told = pipe.value()
    assert told[4:8] == (200 + In.MANAGED_ACCTS).to_bytes(4)
    assert (200 + In.CURRENT_TIME).to_bytes(4) in told
    heard.connectionLost()
