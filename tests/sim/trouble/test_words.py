"""The words of the control port."""

import json

import pytest

from ibgw_tx.sim.trouble import words
from tests.sim.kit.bench import AAPL, Peer, codes, contract, depth, greeting, of

SWITCHES = {"silence": "silent", "stall": "stall_handshake", "refuse": "refuse_connections", "split": "split_bytes"}


@pytest.fixture
def tell(bench):
    def tell(line):
        return words.run(line, bench.simulator.trouble, bench.simulator.office.catalogue)

    return tell


def test_help_lists_every_word_once_and_ends_with_ok(tell):
    answer = tell("help")
    assert answer[-1] == "ok"
    assert [line.split()[0] for line in answer[:-1]] == [word.name for word in words.WORDS]
    assert all(word.help for word in words.WORDS)


@pytest.mark.parametrize(
    ("line", "error"),
    [("", "a word is missing; help lists them"), ("dorp", "there is no word 'dorp'; help lists them"),
     ("drop now", "too many arguments: drop"), ("late", "SECONDS is missing: late SECONDS"),
     ("late soon", "'soon' will not do for SECONDS: late SECONDS"), ("late -1", "'-1' will not do for SECONDS: late SECONDS"),
     ("late nan", "'nan' will not do for SECONDS: late SECONDS"),
     ("317 NOPE", "'NOPE' will not do for INSTRUMENT: 317 INSTRUMENT"),
     ("lose 3 many", "'many' will not do for TIMES: lose MESSAGE [TIMES]"),
     ("split maybe", "'maybe' will not do for on|off|SECONDS: split [on|off|SECONDS]"),
     ("fail reqNothing 200", "no request is called reqNothing"),
     ("farm-down nofarm", "'nofarm' will not do for FARM: farm-down FARM"), ("drop 'x", "No closing quotation")],
)
def test_an_error_is_one_sentence(tell, line, error):
    assert tell(line) == [f"error: {error}"]


def test_the_link_and_farms(tell, peer):
    assert tell("1100") == ["ok"]
    assert tell("1102") == tell("1100") == tell("1101") == ["ok"]
    assert codes(peer.heard()) == [1100, 1102, 1100, 1101]
    tell("farm-down usfarm")
    tell("farm-up usfarm")
    tell("2105 ushmds")
    tell("2110")
    assert codes(peer.heard()) == [2103, 2119, 2104, 2105, 2110]


def test_depth_by_symbol_conid_or_local_symbol(tell, peer):
    peer.ask(*depth(1, *contract(AAPL, exchange="NASDAQ")))
    for name in ("AAPL", "aapl", str(AAPL)):
        assert tell(f"317 {name}") == ["ok"]
        assert codes(peer.heard()) == [317]
    assert tell("316 AAPL") == ["ok"]
    assert codes(peer.heard()) == [316]
    assert tell("317 BTC.USD") == ["ok"]


def test_requests_and_messages(tell, peer):
    tell("fail reqCurrentTime 321 not today")
    assert peer.ask(49, 1)[0][3:] == ["321", "not today"]
    tell("ignore reqCurrentTime 2")
    assert [peer.ask(49, 1) for _ in range(3)][:2] == [[], []]
    tell("lose CURRENT_TIME")
    tell("repeat currentTime")
    assert [len(peer.ask(49, 1)) for _ in range(3)] == [0, 2, 1]
    tell("delay 49 1.5")
    assert peer.ask(49, 1) == []
    peer.bench.advance(2)
    assert peer.heard()
    tell("error 2109 one two  three")
    assert peer.heard()[0][3:] == ["2109", "one two three"]
    tell("late 1")
    assert peer.ask(49, 1) == []
    tell("late 0")
    peer.bench.advance(1.5)
    assert peer.heard()


def test_switches_turn_back_by_themselves_after_seconds(tell, peer):
    faults = peer.bench.simulator.office.faults
    for word, name in SWITCHES.items():
        tell(word)
        assert getattr(faults, name), word
        tell(f"{word} off")
        assert not getattr(faults, name), word
        tell(f"{word} 2")
        assert getattr(faults, name), word
        peer.bench.advance(2.1)
        assert not getattr(faults, name), word


def test_drop_restart_and_ids_that_go_backwards(tell, bench):
    bench.simulator.office.next_ids[7] = 100
    peer = bench.peer(7)
    assert tell("drop") == ["ok: 1"]
    assert peer.pipe.aborted
    peer.lose()
    bench.peer(7)
    assert tell("restart 4") == ["ok: 1"]
    assert of(Peer(bench).start(8), 9)[0][2] == "1"
    assert bench.simulator.office.next_ids[7] == 96


def test_the_nightly_reset_is_1100_over_and_over_and_1102_at_last(tell, peer):
    tell("nightly 9")
    first = codes(peer.heard())
    farms = len(peer.bench.simulator.office.catalogue.farms())
    assert first == [1100, *[2103] * farms]
    peer.bench.advance(8)
    assert codes(peer.heard()) == [1100, 1100]
    peer.bench.advance(1.2)
    assert codes(peer.heard()) == [*[2119, 2104] * farms, 1102]
    assert all(account.ready for account in peer.bench.simulator.office.accounts.values())


def test_a_stalled_handshake_answers_no_greeting(tell, bench):
    tell("stall")
    assert Peer(bench).feed(greeting()) == []
    assert tell("state") == ["ok: clients none; live orders 0; trouble: stall_handshake"]


def test_freeze_thaw_and_the_day(tell, bench):
    tell("freeze")
    assert bench.simulator.frozen
    tell("thaw")
    assert not bench.simulator.frozen
    assert tell("close") == tell("midnight") == ["ok"]
    assert tell("click") == ["ok: 0"]
    assert tell("swallow 2") == ["ok"]


def test_the_ledger_has_requests_states_and_fills_in_order_and_goes_on_from_an_entry(bench, tell, peer):
    sim = bench.simulator
    perm_id = sim.trouble.orders.order_by(0, AAPL, "BUY", 10, limit=1.0, orderRef="mine")
    sim.trouble.orders.fill(perm_id, 4)
    entries = [json.loads(line) for line in tell("ledger")[:-1]]
    assert [entry["n"] for entry in entries] == list(range(1, len(entries) + 1))
    states = [(e["status"], e["filled"]) for e in entries if e["what"] == "order"]
    assert states == [("PreSubmitted", 0.0), ("Submitted", 0.0), ("Submitted", 4.0)]
    (fill,) = [e for e in entries if e["what"] == "fill"]
    assert (fill["perm"], fill["quantity"], fill["price"]) == (perm_id, 4.0, 1.0)
    sim.trouble.orders.cancel_order(perm_id)
    more = [json.loads(line) for line in tell(f"ledger {len(entries)}")[:-1]]
    assert [(e["status"], e["ended"]) for e in more] == [("Cancelled", False), ("Cancelled", True)]
    peer.ask(58, 1)
    assert [json.loads(line)["name"] for line in tell(f"ledger {more[-1]['n']}")[:-1] if "request" in line] == ["reqGlobalCancel"]


def test_a_book_is_told_with_its_prices_once_and_asking_is_no_line_of_the_log(bench, tell):
    bench.simulator.trouble.set_book(AAPL, [(10.0, 100), (9.5, 300)], [(10.5, 200)])
    (answer,) = tell("book AAPL")
    assert json.loads(answer.removeprefix("ok: ")) == {"bids": [[10.0, 100], [9.5, 300]], "asks": [[10.5, 200]]}
    assert words.only_asks("ledger 3") and words.only_asks("state") and not words.only_asks("drop") and not words.only_asks("")
