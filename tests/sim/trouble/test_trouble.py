"""Trouble on demand."""

import pytest

from tests.sim.kit.bench import AAPL, BRR5, Peer, codes, contract, depth, greeting, mkt_data, of

NASDAQ = contract(AAPL, exchange="NASDAQ")
FUTURE = contract(BRR5, exchange="CMECRYPTO")


@pytest.fixture
def trouble(bench):
    return bench.simulator.trouble


def test_a_lost_link_stops_the_data_and_comes_back_where_it_stood(peer, trouble):
    peer.ask(*depth(1, *NASDAQ))
    peer.ask(*mkt_data(2, *NASDAQ))
    peer.bench.advance(1)
    peer.heard()
    trouble.lose_link()
    assert codes(peer.heard()) == [1100]
    peer.bench.advance(5)
    assert peer.heard() == []
    assert peer.ask(49, 1)[0][0] == "49"
    assert of(peer.ask(*depth(3, *FUTURE)), 12) == []
    trouble.restore_link()
    peer.bench.advance(2)
    heard = peer.heard()
    assert codes(heard) == [1102]
    assert "usfarm" in heard[0][4]
    late = [m for m in of(heard, 12) if m[2] == "3"]
    assert [m[4] for m in late[:20]] == ["0"] * 20, "owed rows are inserts"
    assert [m for m in of(heard, 12) if m[2] == "1"]


def test_a_link_restored_without_data_has_lost_every_subscription(peer, trouble):
    peer.ask(*depth(1, *NASDAQ))
    peer.ask(*mkt_data(2, *NASDAQ))
    peer.ask(97, 3, *NASDAQ, "AllLast", 0, 0)
    trouble.lose_link()
    trouble.restore_link(data_kept=False)
    assert codes(peer.heard()) == [1100, 1101]
    peer.bench.advance(5)
    assert peer.heard() == []
    assert of(peer.ask(*depth(1, *NASDAQ)), 12)


def test_one_farm_can_be_down(peer, trouble):
    peer.ask(*depth(1, *NASDAQ))
    peer.ask(*depth(2, *FUTURE))
    trouble.farm_down("usfarm")
    assert codes(peer.heard()) == [2103]
    peer.bench.advance(3)
    assert {m[2] for m in of(peer.heard(), 12)} == {"2"}
    other = Peer(peer.bench)
    assert 2103 in codes(other.start(5))
    trouble.farm_up("usfarm")
    peer.bench.advance(3)
    heard = peer.heard()
    assert codes(heard)[:2] == [2119, 2104]
    assert {m[2] for m in of(heard, 12)} == {"1", "2"}


def test_depth_can_be_reset_and_halted(peer, trouble):
    peer.ask(*depth(1, *NASDAQ))
    trouble.reset_depth(AAPL)
    heard = peer.heard()
    assert heard[0][2:4] == ["1", "317"]
    assert len(of(heard, 12)) == 20
    assert all(m[4] == "0" for m in of(heard, 12))
    trouble.halt_depth(AAPL)
    assert codes(peer.heard()) == [316]
    peer.bench.advance(3)
    assert peer.heard() == []
    assert of(peer.ask(*depth(1, *NASDAQ)), 12)


def test_the_next_request_of_a_kind_can_fail_once(peer, trouble):
    trouble.fail_next("reqMktDepth", 354)
    trouble.fail_next("*", 10197, "other words")
    assert peer.ask(49, 1) == [["4", "2", "-1", "10197", "other words"]]
    assert codes(peer.ask(*depth(1, *NASDAQ))) == [354]
    assert of(peer.ask(*depth(1, *NASDAQ)), 12)
    with pytest.raises(ValueError, match="no request"):
        trouble.fail_next("reqMarketDepth", 354)


def test_requests_can_be_swallowed(peer, trouble):
    trouble.ignore_next("reqCurrentTime", 2)
    assert peer.ask(49, 1) == peer.ask(49, 1) == []
    assert peer.ask(49, 1)[0][0] == "49"


def test_anything_can_be_sent(peer, trouble):
    trouble.send(4, 2, -1, 1300, "x")
    trouble.error(2110)
    trouble.error(202, "Order Canceled - reason:", req_id=7)
    assert next(m[2:] for m in peer.heard()) == ["-1", "1300", "x"]
    trouble.send_raw(b"\0\0\0\2x\0")
    assert peer.heard() == [["x"]]


def test_silence_reads_and_logs_but_says_nothing(peer, trouble):
    peer.ask(*depth(1, *NASDAQ))
    trouble.silence()
    assert peer.ask(49, 1) == []
    assert Peer(peer.bench).feed(greeting()) == []
    peer.bench.advance(5)
    assert peer.heard() == []
    assert len(peer.bench.simulator.journal.named("reqCurrentTime")) == 1
    assert not peer.pipe.disconnecting
    trouble.silence(False)
    assert peer.ask(49, 1)[0][0] == "49"


def test_a_handshake_can_stall(bench, trouble):
    trouble.stall_handshake()
    peer = Peer(bench)
    assert peer.feed(greeting()) == []
    assert not peer.pipe.disconnecting
    trouble.stall_handshake(False)
    assert Peer(bench).feed(greeting())


def test_new_connections_can_be_refused(peer, trouble):
    trouble.refuse()
    assert Peer(peer.bench).pipe.disconnecting
    assert peer.ask(49, 1)[0][0] == "49"
    trouble.refuse(False)
    assert not Peer(peer.bench).pipe.disconnecting


def test_frames_can_be_split_into_bytes_one_a_turn(peer, trouble):
    sizes, write = [], peer.pipe.write
    peer.pipe.write = lambda data: (sizes.append(len(data)), write(data))
    trouble.split()
    peer.line.dataReceived(b"\0\0\0\x0549\x001\0")
    assert sizes == [1]
    peer.bench.clock.advance(0)
    assert sizes == [1] * 20
    peer.line.dataReceived(b"\0\0\0\x0549\x001\0")
    trouble.split(False)
    peer.line.dataReceived(b"\0\0\0\x0549\x001\0")
    peer.bench.clock.advance(0)
    assert [m[0] for m in peer.heard()] == ["49", "49", "49"]
    assert sizes[21:] == [39]


def test_every_connection_can_be_cut_and_ids_go_back(bench, trouble):
    peers = [bench.peer(1), bench.peer(2)]
    bench.simulator.office.next_ids.update({1: 100, 2: 3})
    assert trouble.day.restart(next_ids_back=4) == 2
    assert all(peer.pipe.aborted for peer in peers)
    assert Peer(bench).start(1)[1] == ["9", "1", "96"]
    assert Peer(bench).start(2)[1] == ["9", "1", "1"]


def test_the_journal_has_every_request_with_time_and_fields(peer):
    peer.bench.clock.advance(2)
    peer.ask(*depth(1, *NASDAQ))
    (entry,) = peer.bench.simulator.journal.named("reqMktDepth")
    assert (entry.when, entry.client_id, entry.fields[:3]) == (1795003202.0, 0, ("10", "5", "1"))
    peer.ask(10, "x")
    assert peer.bench.simulator.journal.entries[-1].name == "bad reqMktDepth"
    peer.bench.simulator.journal.clear()
    assert not peer.bench.simulator.journal.entries


def test_a_message_can_be_lost_or_repeated(peer, trouble):
    trouble.lose_next(54)
    heard = peer.ask(6, 2, 1, "")
    assert of(heard, 6) and not of(heard, 54)
    assert of(peer.ask(6, 2, 1, ""), 54)
    trouble.repeat_next(49)
    assert [m[0] for m in peer.ask(49, 1)] == ["49", "49"]
    assert [m[0] for m in peer.ask(49, 1)] == ["49"]


def test_answers_can_be_late_and_keep_their_order(peer, trouble):
    trouble.lag(5.0)
    assert peer.ask(49, 1) == []
    peer.bench.clock.advance(2)
    assert peer.ask(8, 1, 1) == []
    trouble.lag(0)
    assert peer.ask(17, 1) == []
    peer.bench.clock.advance(3)
    assert [m[0] for m in peer.heard()] == ["49"]
    peer.bench.clock.advance(2)
    assert [m[0] for m in peer.heard()] == ["9", "15"]
    assert [m[0] for m in peer.ask(49, 1)] == ["49"]


def test_an_account_can_be_not_ready(peer, trouble):
    peer.ask(6, 2, 1, "")
    trouble.account_ready("DU1000001", False)
    assert ["6", "2", "AccountReady", "false", "", "DU1000001"] in peer.heard()


def test_a_test_can_wait_for_a_request(peer):
    found = []
    peer.bench.simulator.seen("reqCurrentTime", 2).addCallback(found.append)
    peer.ask(49, 1)
    peer.ask(49, 1)
    assert found == []
    peer.bench.clock.advance(0)
    assert found[0].name == "reqCurrentTime"
    peer.bench.simulator.seen("reqCurrentTime").addCallback(found.append)
    peer.bench.clock.advance(0)
    assert len(found) == 2
    assert peer.bench.simulator.journal.listeners == []


def test_the_start_of_a_session_can_fail_once(bench, trouble):
    trouble.fail_next("startApi", 326)
    first = Peer(bench)
    assert codes(first.start(3)) == [326]
    assert first.pipe.disconnecting
    assert Peer(bench).start(3)[0][0] == "15"
