"""Handshake, client ids, pace and nonsense, over a transport in memory."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sim.kit.bench import Bench, Peer, codes, contract, depth, frame, greeting, of, unframe


def test_the_version_is_the_lower_of_both_ends(bench):
    peer = Peer(bench)
    assert peer.feed(greeting("v100..151"))[0][0] == "151"
    assert Peer(bench).feed(greeting("v100..178"))[0] == ["178", "20261118 12:00:00 UTC"]


def test_a_client_that_wants_newer_is_closed(bench):
    peer = Peer(bench)
    assert peer.feed(greeting("v227..230")) == []
    assert peer.pipe.disconnecting


def test_a_client_too_old_for_our_layouts_is_closed(bench):
    peer = Peer(bench)
    assert peer.feed(greeting("v100..144")) == []
    assert peer.pipe.disconnecting


def test_a_lower_server_version_can_be_asked_for():
    bench = Bench(server_version=151)
    assert Peer(bench).feed(greeting())[0][0] == "151"


def test_the_welcome_is_accounts_id_and_farms(peer):
    other = Peer(peer.bench)
    heard = other.start(client_id=4)
    assert heard[:2] == [["15", "1", "DU1000001"], ["9", "1", "1"]]
    assert set(codes(heard)) == {2104, 2106, 2158}


def test_several_accounts_end_with_a_comma():
    heard = Peer(Bench(accounts=("DU1", "DU2"))).start()
    assert heard[0] == ["15", "1", "DU1,DU2,"]


def test_greeting_and_start_may_come_byte_by_byte(bench):
    peer, heard = Peer(bench), []
    for byte in greeting() + frame(71, 2, 0, ""):
        heard += peer.feed(bytes([byte]))
    assert [m[0] for m in heard[:3]] == ["157", "15", "9"]


def test_greeting_and_start_may_come_in_one_piece(bench):
    heard = Peer(bench).feed(greeting() + frame(71, 2, 0, "") + frame(49, 1))
    assert heard[-1] == ["49", "1", "1795003200"]


def test_nothing_is_answered_before_start_api(bench):
    peer = Peer(bench)
    peer.feed(greeting())
    assert peer.ask(49, 1) == []
    assert bench.simulator.journal.named("reqCurrentTime")[0].client_id == -1


def test_a_client_id_in_use_is_told_and_closed(peer):
    second = Peer(peer.bench)
    assert codes(second.start(client_id=0)) == [326]
    assert second.pipe.disconnecting
    peer.lose()
    third = Peer(peer.bench)
    assert third.start(client_id=0)[0][0] == "15"


def test_33_clients_are_one_too_many(bench):
    for client_id in range(32):
        bench.peer(client_id)
    assert codes(Peer(bench).start(99)) == [326]


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n", b"API\0\xff\xff\xff\xff", greeting("nonsense")])
def test_a_stranger_is_closed(bench, data):
    peer = Peer(bench)
    assert peer.feed(data) == []
    assert peer.pipe.disconnecting


def test_an_absurd_length_ends_the_session(peer):
    peer.feed(b"\x7f\xff\xff\xff")
    assert peer.pipe.disconnecting
    assert peer.bench.simulator.clients == []


def test_a_malformed_request_is_320_and_the_session_goes_on(peer):
    (error,) = peer.ask(10, 5, 9, "abc")
    assert error[:4] == ["4", "2", "9", "320"]
    assert 'For input string: "abc"' in error[4]
    assert codes(peer.ask("hello")) == [320]
    assert peer.ask(49, 1)[0][0] == "49"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_bytes_make_it_raise(chunks):
    bench = Bench()
    peer = bench.peer()
    for chunk in chunks:
        peer.line.dataReceived(frame() [:0] + len(chunk).to_bytes(4, "big") + chunk)
    unframe(peer.pipe.value())


def test_ids_are_kept_for_each_client_id(peer):
    peer.bench.simulator.office.next_ids[0] = 41
    assert peer.ask(8, 1, 1) == [["9", "1", "41"]]
    assert Peer(peer.bench).start(client_id=5)[1] == ["9", "1", "1"]


def test_what_is_dropped_for_the_rate_stands_in_the_ledger_and_nowhere_else():
    bench = Bench(message_rate=50)
    peer = bench.peer()
    for _ in range(50):
        peer.ask(49, 1)
    assert peer.ask(58, 1)[0][3] == "100"  # reqGlobalCancel
    (entry,) = bench.simulator.tws.orders.mail.daybook.since(0, 9)
    assert (entry["what"], entry["name"]) == ("request", "reqGlobalCancel")


def test_the_51st_message_in_a_second_is_error_100_and_the_third_breach_ends_it():
    bench = Bench(message_rate=50)
    peer = bench.peer()
    heard = [peer.ask(49, 1) for _ in range(51)]
    assert [m[0][0] for m in heard[:50]] == ["49"] * 50
    assert heard[50][0][3:] == ["100", "Max rate of messages per second has been exceeded:max=50 rec=51 (1)"]
    bench.clock.advance(1.01)
    assert peer.ask(49, 1)[0][0] == "49"
    for _ in range(102):
        peer.ask(49, 1)
    assert peer.pipe.disconnecting


def test_the_pace_counts_any_one_second():
    bench = Bench(message_rate=50)
    peer = bench.peer()
    for _ in range(200):
        assert peer.ask(49, 1)[0][0] == "49"
        bench.clock.advance(0.021)


def test_the_pace_can_be_switched_off(peer):
    assert all(peer.ask(49, 1)[0][0] == "49" for _ in range(500))


def test_a_client_that_asks_tws_to_pace_it_is_not_refused():
    peer = Peer(Bench(message_rate=50))
    peer.start(versions="v100..157 +PACEAPI")
    assert all(peer.ask(49, 1)[0][0] == "49" for _ in range(200))


def test_an_error_inside_the_simulator_is_322_and_the_session_goes_on(peer, monkeypatch):
    monkeypatch.setattr(peer.bench.simulator.office, "next_id", lambda client_id: 1 // 0)
    assert codes(peer.ask(8, 1, 1)) == [322]
    assert peer.ask(49, 1)[0][0] == "49"


def test_an_unanswerable_request_is_refused(peer):
    assert codes(peer.ask(88, 5, *contract(265598, exchange="SMART"), 0, 1, "1 day")) == [321]


def test_a_client_that_does_not_read_is_dropped():
    bench = Bench(output_limit=50_000, rate=1000)
    peer = bench.peer()
    peer.ask(*depth(1, *contract(265598, exchange="NASDAQ")))
    peer.line.pauseProducing()
    bench.advance(20)
    assert peer.pipe.aborted
    assert bench.simulator.clients == []


def test_a_client_that_reads_again_gets_everything_in_order(peer):
    peer.line.pauseProducing()
    assert peer.ask(49, 1) == []
    peer.bench.clock.advance(5)
    assert peer.ask(49, 1) == []
    peer.line.resumeProducing()
    assert [m[2] for m in of(peer.heard(), 49)] == ["1795003200", "1795003205"]


def test_everything_a_client_held_is_given_back_when_it_goes(bench):
    peer = bench.peer()
    for i in range(3):
        peer.ask(*depth(i, *contract(265598, exchange="NASDAQ")))
    peer.lose()
    assert bench.simulator.tws.depth.walks == []
    other = bench.peer()
    assert of(other.ask(*depth(1, *contract(265598, exchange="NASDAQ"))), 12)
