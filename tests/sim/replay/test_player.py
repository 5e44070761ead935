"""Recordings read into sessions and played under the ids of a new client, without sockets; and the socket of it."""

import json

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.testing import MemoryReactorClock

from ibgw_tx.sim import tap
from ibgw_tx.sim.replay.player import PATIENCE, Player
from ibgw_tx.sim.replay.recording import RecordingError, read
from ibgw_tx.sim.replay.reply_ids import id_place
from ibgw_tx.sim.replay.service import Replayer
from ibgw_tx.sim.wire.requests import parse
from tests.sim.kit.bench import contract, depth, details, frame, greeting, unframe
from tests.sim.server.test_line import connect, wait_for
from tests.sim.test_tap import parsed

AAPL, MSFT = contract(265598, exchange="NASDAQ"), contract(272093, exchange="NASDAQ")


def line(when, direction, *fields):
    return json.dumps({"t": when, "d": direction, "fields": [str(field) for field in fields]})


def row(req_id, price):
    return (12, 1, req_id, 0, 0, 1, price, 5)


SESSION = [
    line(0.0, "out", "API"), line(0.1, "in", 157, "20261118 12:00:00 UTC"), line(0.1, "up", 157),
    line(0.1, "out", 71, 2, 0, ""), line(0.2, "in", 15, 1, "DU0000001"), line(0.2, "in", 9, 1, 1),
    line(1.0, "out", 61, 1), line(1.1, "in", 61, 3, "DU0000001", "a position"), line(1.2, "in", 62, 1),
    line(2.0, "out", *depth(7, *AAPL)), line(2.0, "out", *depth(8, *MSFT)), line(2.1, "in", *row(8, 400)),
    line(2.2, "in", *row(7, 200)), line(2.3, "in", 4, 2, 7, 317, "reset"), line(2.4, "in", 4, 2, -1, 1100, "lost"),
    line(2.5, "in", 3, 7, "Submitted", 0, 1), line(2.6, "in", 49, 1, 1), line(9.0, "in", *row(7, 201)),
]
DOWN = line(10.1, "down", "lost")


def asked(*fields):
    return parse([str(field) for field in fields], 157)


def kinds(sent):
    return [fields[0] for fields in sent]


@pytest.fixture
def player():
    (session,) = read(SESSION)
    return Player(session)


def test_a_recording_is_read_into_sessions_that_say_whether_they_broke_off():
    (one,) = read(SESSION)
    assert (one.version, one.broken) == (157, False)
    assert one.length == pytest.approx(8.9)
    two = read([*SESSION, DOWN, *SESSION])
    assert [(s.broken, len(s.sent), len(s.asked)) for s in two] == [(True, 11, 4), (False, 11, 4)]
    assert two[0].length == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("lines", "text"),
    [([], "it holds no session with TWS"), (["{"], "line 1 is not a line of a recording"),
     (["[]"], "line 1 is not a line of a recording"), ([line(0, "sideways")], "line 1 is not a line of a recording"),
     ([line(0, "up", 300)], "line 1: server version 300 is not one of 145 to 226"),
     (['{"t": 1, "d": "in", "fields": [1]}'], "line 1 is not a line of a recording")],
)
def test_what_is_no_recording_is_told_with_its_line(lines, text):
    with pytest.raises(RecordingError, match=text):
        read(lines)


def test_frames_come_when_they_came(player):
    assert kinds(player.due(0.05, 0)) == []
    assert kinds(player.due(0.15, 0)) == ["15", "9"]
    assert kinds(player.due(0.15, 0)) == []


def test_an_answer_without_an_id_waits_for_its_question(player):
    assert kinds(player.due(1.5, 0)) == ["15", "9"]
    player.hear(asked(61, 1))
    assert kinds(player.due(1.5, 0)) == ["61", "62"]


def test_but_not_for_ever(player):
    assert kinds(player.due(3, 0)) == ["15", "9"]
    assert kinds(player.due(3, PATIENCE - 0.1)) == []
    assert kinds(player.due(3, PATIENCE + 0.1)) == ["61", "62", "4", "3"]


def test_a_reply_comes_under_the_clients_id_whatever_the_order_it_asks_in(player):
    player.hear(asked(61, 1))
    player.hear(asked(*depth(1008, *MSFT)))
    player.hear(asked(*depth(1007, *AAPL)))
    found = [fields[:4] for fields in player.due(3, 0) if fields[0] in ("12", "4")]
    assert found == [("12", "1", "1008", "0"), ("12", "1", "1007", "0"), ("4", "2", "1007", "317"), ("4", "2", "-1", "1100")]
    assert player.left == 1
    player.hear(asked(11, 1, 1007, 0))
    assert player.left == 0
    assert player.due(99, 0) == []


def test_a_stream_that_nobody_asks_for_is_kept_back_and_a_question_that_was_not_recorded_is_noted(player):
    player.hear(asked(61, 1))
    player.hear(asked(*details(3, *AAPL)))
    player.hear(asked(*depth(4, *contract(8314, exchange="NYSE"))))
    assert [request.name for request in player.unmatched] == ["reqContractDetails", "reqMktDepth"]
    assert "12" not in kinds(player.due(99, 0))


def test_the_same_contract_will_do_when_the_rest_differs(player):
    player.hear(asked(*depth(5, *AAPL, rows=3)))
    assert ("12", "1", "5") in [fields[:3] for fields in player.due(99, 0)]


def test_the_players_own_time_is_told_instead_of_the_recorded_one(player):
    player.hear(asked(61, 1))
    assert "49" not in kinds(player.due(99, 0))


def test_flags(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text("\n".join(SESSION))
    made = tap.makeService(parsed(f"--replay={path}", "--speed=5", "--port=4999"), MemoryReactorClock())
    assert isinstance(made, Replayer)
    assert (made.speed, len(made.sessions)) == (5.0, 1)
    path.write_text("what\n")
    with pytest.raises(SystemExit) as caught:
        parsed(f"--replay={path}")
    assert str(caught.value) == f"ibsim: --replay {path}: line 1 is not a line of a recording"


@pytest.mark.integration
@pytest_twisted.ensureDeferred
async def test_over_a_socket_sessions_follow_each_other_and_a_client_too_old_is_closed():
    made = Replayer(read([*SESSION, DOWN, *SESSION]), reactor, speed=100.0)
    made.startService()
    port = made.listen()
    ear = await connect(port)
    ear.transport.write(greeting("v100..151"))
    await ear.ended
    assert ear.data == b""
    made._heard = 0
    for last in (False, True):
        ear = await connect(port)
        ear.transport.write(greeting() + frame(71, 2, 0, "") + frame(61, 1) + frame(49, 1) + frame(*depth(42, *AAPL)))
        await wait_for(lambda ear=ear: b"201\0" in ear.data)
        heard = unframe(ear.data)
        assert heard[0][0] == "157"
        assert [m[6] for m in heard if m[0] == "12"] == ["200", "201"]
        assert len([m for m in heard if m[0] == "49"]) == 1
        if last:
            ear.transport.loseConnection()
        await ear.ended
    await made.stopService()


@pytest.mark.parametrize(
    ("fields", "version", "place"),
    [(("4", "2", "7", "200", "no", ""), 193, 2), (("4", "7", "200", "no", "", "1"), 194, 1), (("108", "7", "", ""), 196, 1),
     (("17", "7", "0"), 196, 1), (("10", "8", "7"), 163, 2), (("10", "7"), 164, 1)],
)
def test_a_requests_id_stands_where_its_server_version_puts_it(fields, version, place):
    assert id_place(fields, version) == place
