"""Level 1, tick-by-tick and history."""

import pytest

from ibgw_tx.sim.market.book import BID, Row
from tests.sim.kit.bench import AAPL, BTC, EURUSD, SPX, Judge, codes, contract, mkt_data, of

SMART = contract(AAPL, exchange="SMART")
OPTION = contract(700000101, exchange="SMART")
FRANKFURT = contract(14121, exchange="IBIS")


def prices(messages, kind):
    return [float(m[4]) for m in of(messages, 1) if m[3] == str(kind)]


def test_a_line_begins_with_parameters_type_and_no_quote_then_quotes(peer):
    heard = peer.ask(*mkt_data(1, *SMART))
    assert heard[0] == ["81", "1", "0.01", "10001", "3"]
    assert heard[1] == ["58", "1", "1", "1"]
    assert [(m[3], m[4], m[5]) for m in heard[2:]] == [("1", "-1.0", "0"), ("2", "-1.0", "0")]
    peer.bench.advance(0.3)
    heard = peer.heard()
    assert prices(heard, 1)[0] < prices(heard, 2)[0]
    assert {m[3] for m in of(heard, 1)} == {"1", "2", "4", "6", "7", "9", "14"}
    assert {m[3] for m in of(heard, 2)} >= {"0", "3", "5", "8"}
    assert of(heard, 46)[0][3] == "45"


def test_only_what_changed_is_sent_again(peer):
    peer.bench.simulator.freeze()
    peer.ask(*mkt_data(1, *SMART))
    peer.bench.advance(1)
    peer.heard()
    peer.bench.advance(5)
    assert peer.heard() == []
    peer.bench.simulator.thaw()
    peer.bench.advance(20)
    heard = peer.heard()
    assert prices(heard, 1)
    assert len(of(heard, 2)) > 5


def test_a_snapshot_ends(peer):
    heard = peer.ask(*mkt_data(1, *SMART, snapshot=1))
    assert heard[-1] == ["57", "1", "1"]
    assert len(prices(heard, 1)) == 2
    peer.bench.advance(3)
    assert peer.heard() == []


def test_the_tape_comes_as_rt_volume_when_asked_for(peer):
    peer.ask(*mkt_data(1, *SMART, generic="233"))
    peer.bench.simulator.freeze()
    peer.bench.simulator.trouble.trade(AAPL, 230.11, 300)
    peer.bench.advance(0.5)
    (tape,) = [m[4] for m in of(peer.heard(), 46) if m[3] == "48"]
    price, size, when, _, vwap, single = tape.split(";")
    assert (price, size, single) == ("230.11", "3", "true")
    assert int(when) == 1795003200000
    assert float(vwap) > 0


def test_an_option_has_four_computations(peer):
    peer.ask(*mkt_data(1, *OPTION))
    peer.bench.advance(0.3)
    judge = Judge(157)
    found = {m[2]: judge.decode(m)[0] for m in of(peer.heard(), 21)}
    assert set(found) == {"10", "11", "12", "13"}
    _, _, kind, _, vol, delta, price, dividend, gamma, vega, theta, under = found["13"]
    assert kind == 13
    assert 0.1 < vol < 1
    assert 0 < delta < 1
    assert price > 0 and dividend == 0 and gamma > 0 and vega > 0 and theta < 0
    assert 100 < under < 500


def test_an_index_has_a_last_price_without_a_size(peer):
    peer.ask(*mkt_data(1, *contract(SPX, exchange="CBOE")))
    peer.bench.advance(0.3)
    last = next(m for m in of(peer.heard(), 1) if m[3] == "4")
    assert last[5] == ""


def test_delayed_data_must_be_asked_for(peer):
    assert codes(peer.ask(*mkt_data(1, *FRANKFURT))) == [10168]
    assert peer.ask(59, 1, 3) == []
    heard = peer.ask(*mkt_data(1, *FRANKFURT))
    assert codes(heard) == [10167]
    assert of(heard, 58) == [["58", "1", "1", "3"]]
    peer.bench.advance(0.3)
    heard = peer.heard()
    assert {m[3] for m in of(heard, 1)} == {"66", "67", "68", "72", "73", "75", "76"}
    assert {m[3] for m in of(heard, 2)} >= {"69", "70", "71", "74"}


@pytest.mark.parametrize(
    ("request_", "code"),
    [(mkt_data(1, *SMART, generic="233", snapshot=1), 414), (mkt_data(1, *SMART, generic="999"), 321),
     (mkt_data(1, *contract(BTC, exchange="PAXOS")), 10285), ((2, 2, 5), 300),
     (mkt_data(1, *contract(symbol="ZZ", sec_type="STK", exchange="SMART")), 200)],
)
def test_what_tws_refuses_is_refused(peer, request_, code):
    assert codes(peer.ask(*request_)) == [code]


def test_cancelled_means_silent(peer):
    peer.ask(*mkt_data(1, *SMART))
    peer.ask(2, 2, 1)
    peer.bench.advance(3)
    assert peer.heard() == []


def test_tick_by_tick_gives_every_trade_and_five_streams_are_all(peer):
    assert peer.ask(97, 1, *SMART, "AllLast", 0, 0) == []
    peer.bench.simulator.freeze()
    peer.bench.simulator.trouble.trade(AAPL, 230.0, 100)
    peer.bench.simulator.trouble.trade(AAPL, 230.01, 200)
    peer.bench.advance(0.2)
    assert [(m[4], m[5]) for m in of(peer.heard(), 99)] == [("230", "1"), ("230.01", "2")]
    for i in range(2, 6):
        peer.ask(97, i, *SMART, "BidAsk", 0, 0)
    assert codes(peer.ask(97, 9, *SMART, "BidAsk", 0, 0)) == [10190]
    assert codes(peer.ask(97, 9, *SMART, "bidask", 0, 0)) == [321]


# --- history --------------------------------------------------------------------------------------------------------


def history(req_id, about, size="1 hour", span="2 D", what="TRADES", end="", rth=1, form=1, keep=0):
    return (20, req_id, *about, 0, end, size, span, rth, what, form, keep, "")


def bars(messages):
    (found,) = of(messages, 17)
    count, rest = int(found[4]), found[5:]
    assert len(rest) == count * 8
    return [tuple(rest[i * 8 : i * 8 + 8]) for i in range(count)]


def test_bars_are_the_same_whenever_they_are_asked_for(peer):
    first = bars(peer.ask(*history(1, SMART, end="20261117 21:00:00 UTC")))
    peer.bench.advance(3600, step=600)
    peer.heard()
    assert bars(peer.ask(*history(2, SMART, end="20261117 21:00:00 UTC"))) == first
    assert len(first) > 5


def test_bars_are_sound_and_of_every_size(peer):
    for size, span in (("1 min", "1800 S"), ("5 mins", "1 D"), ("1 hour", "1 W"), ("1 day", "1 M"), ("1 week", "1 Y")):
        rows = bars(peer.ask(*history(1, contract(EURUSD, exchange="IDEALPRO"), size, span, "MIDPOINT", rth=0)))
        assert rows, size
        for date, opened, high, low, close, volume, _, _ in rows:
            assert float(low) <= float(opened) <= float(high)
            assert float(low) <= float(close) <= float(high)
            assert volume == "-1"
            assert len(date) == (8 if "day" in size or "week" in size else 18)


def test_the_last_bar_meets_the_live_market(peer):
    rows = bars(peer.ask(*history(1, contract(EURUSD, exchange="IDEALPRO"), "1 min", "600 S", "MIDPOINT", rth=0)))
    walk = peer.bench.simulator.office.market.walk(
        peer.bench.simulator.office.catalogue.instruments[EURUSD], peer.bench.clock.seconds())
    assert float(rows[-1][4]) == pytest.approx(walk.middle(), rel=0.001)


def test_dates_come_as_text_or_seconds_and_days_as_dates(peer):
    assert bars(peer.ask(*history(1, SMART, form=2)))[0][0].isdigit()
    assert "  " in bars(peer.ask(*history(1, SMART, form=1)))[0][0]
    assert len(bars(peer.ask(*history(1, SMART, "1 day", "1 W", form=2)))[0][0]) == 8


def test_weekends_and_nights_have_no_bars(peer):
    days = [row[0] for row in bars(peer.ask(*history(1, SMART, "1 day", "10 D")))]
    assert "20261114" not in days and "20261115" not in days
    hours = [row[0][10:12] for row in bars(peer.ask(*history(1, SMART, "1 hour", "3 D")))]
    assert set(hours) <= {f"{h}" for h in range(14, 22)}


@pytest.mark.parametrize(
    ("change", "code"),
    [({"size": "7 hours"}, 321), ({"span": "soon"}, 321), ({"what": "NONSENSE"}, 321), ({"end": "yesterday"}, 10314),
     ({"end": "20261117 21:00:00 Moon/Base"}, 10314), ({"end": "20261115 20:00:00 UTC", "span": "3600 S"}, 162),
     ({"size": "1 secs", "span": "1 Y"}, 162)],
)
def test_bad_questions_get_tws_codes(peer, change, code):
    assert codes(peer.ask(*history(1, SMART, **change))) == [code]


def test_no_trades_are_reported_for_a_currency_pair(peer):
    heard = peer.ask(*history(1, contract(EURUSD, exchange="IDEALPRO")))
    assert codes(heard) == [162]
    assert "EUR/CASH@IDEALPRO" in heard[0][4]


def test_a_bar_that_keeps_up_grows_until_it_is_cancelled(peer):
    peer.ask(*history(1, SMART, "1 min", "3600 S", rth=0, keep=1))
    peer.bench.advance(20)
    assert 3 <= len(of(peer.heard(), 90)) <= 5
    assert codes(peer.ask(25, 1, 1)) == [162]
    assert codes(peer.ask(25, 1, 1)) == [366]
    peer.bench.advance(20)
    assert peer.heard() == []


def test_the_head_of_the_data_is_told(peer):
    assert peer.ask(87, 3, *SMART, 0, 1, "TRADES", 1) == [["88", "3", "20040123  14:30:00"]]


def test_small_bars_are_paced_as_at_ib(peer):
    small = {"size": "5 secs", "span": "60 S", "rth": 0}
    assert of(peer.ask(*history(1, SMART, **small)), 17)
    assert codes(peer.ask(*history(2, SMART, **small))) == [162]
    peer.bench.clock.advance(16)
    peer.heard()
    assert of(peer.ask(*history(3, SMART, **small)), 17)
    heard = []
    for i in range(60):
        heard += peer.ask(*history(4, SMART, **{**small, "span": f"{60 + i} S"}))
    assert codes(heard) == [162, 162]
    assert "pacing violation" in heard[-1][4]
    peer.bench.clock.advance(601)
    peer.heard()
    assert of(peer.ask(*history(5, SMART, **small)), 17)


def exchanges(messages):
    """The latest texts of ticks 32, 33 and 84."""
    return {int(m[3]): m[4] for m in of(messages, 46) if m[3] in ("32", "33", "84")}


def letters(peer, bbo):
    """A SMART quote's exchanges by letter, as TWS tells them."""
    ((_, _, count, *rows),) = of(peer.ask(83, 9, bbo), 82)
    assert len(rows) == int(count) * 3
    return dict(zip(rows[2::3], rows[1::3], strict=True))


def test_a_smart_stock_says_which_exchanges_quote_and_trade(peer):
    bench = peer.bench
    bench.simulator.freeze()
    bbo = peer.ask(*mkt_data(1, *SMART))[0][3]
    bench.simulator.trouble.set_book(AAPL, [(99.5, 100)], [(100.0, 60), (100.5, 500)])
    bench.simulator.trouble.trade(AAPL, 100.0, 40)
    bench.advance(0.3)
    found, names = exchanges(peer.heard()), letters(peer, bbo)
    walk = bench.simulator.office.market.walk(bench.simulator.office.catalogue.instruments[AAPL], 0.0)
    assert {kind: names[letter] for kind, letter in found.items()} == {
        32: walk.book.rows[1][0].maker, 33: walk.book.rows[0][0].maker, 84: walk.trades[-1].maker,
    }
    bench.advance(1)
    assert exchanges(peer.heard()) == {}, "told again though nothing changed"
    bench.simulator.trouble.set_book(AAPL, [], [(100.0, 60)])
    bench.advance(0.3)
    assert exchanges(peer.heard()) == {32: ""}


def test_several_exchanges_at_the_best_price_are_all_named(peer):
    bbo = peer.ask(*mkt_data(1, *SMART))[0][3]
    office = peer.bench.simulator.office
    walk = office.market.walk(office.catalogue.instruments[AAPL], office.now())
    makers = walk.instrument.books[:2]
    walk.set_rows(BID, [*(Row(100, 10, maker) for maker in makers), Row(95, 10, walk.instrument.books[-1])])
    peer.bench.advance(0.3)
    found = exchanges(peer.heard())
    names = letters(peer, bbo)
    assert len(makers) == 2 and {names[letter] for letter in found[32]} == set(makers)


@pytest.mark.parametrize("about", [contract(AAPL, exchange="NASDAQ"), contract(EURUSD, exchange="IDEALPRO")])
def test_a_line_of_one_exchange_names_none(peer, about):
    peer.ask(*mkt_data(1, *about))
    peer.bench.advance(0.3)
    heard = peer.heard()
    assert of(heard, 1) and exchanges(heard) == {}
