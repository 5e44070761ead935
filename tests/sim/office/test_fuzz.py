"""Any request with any fields, in any order: an answer or an error, never a fault of the simulator."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibgw_tx.sim.wire.requests import LAYOUTS
from tests.sim.kit.bench import AAPL, BOND, BRR5, BTC, ES, EURUSD, SPX, TENCENT, Bench, Judge

WORDS = (
    "", "0", "1", "-1", "2", "3", "5", "10", "0.0", "2147483647", "1.5", "nan", "inf", "-0.5", "x", "AAPL", "STK", "OPT",
    "BAG", "FUT", "BOND", "CASH", "SMART", "NASDAQ", "SEHK", "USD", "C", "203512", "20350119", "All", "DU1",
    "$LEDGER:ALL", "NetLiquidation", "TRADES", "MIDPOINT", "1 D", "1 min", "1 day", "20261118 10:00:00", "Last",
    "BidAsk", "233", "26", *map(str, (AAPL, BOND, BRR5, BTC, ES, EURUSD, SPX, TENCENT, 700000101, 14121)),
)
word = st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=4))
known = st.tuples(st.sampled_from((AAPL, BOND, BRR5, BTC, ES, EURUSD, SPX, TENCENT, 700000101, 14121, 0)),
                  st.sampled_from(("SMART", "NASDAQ", "SEHK", "CMECRYPTO", "CME", "IDEALPRO", "PAXOS", "CBOE", "")))


@st.composite
def requests(draw):
    """A request whose first fields are often right, so that it gets past the reading."""
    msg_id = draw(st.sampled_from(sorted(LAYOUTS)))
    fields = []
    about = draw(known) if draw(st.booleans()) else None
    for one in LAYOUTS[msg_id][1]:
        if one.name == "con_id" and about:
            fields.append(str(about[0]))
        elif one.name == "exchange" and about:
            fields.append(about[1])
        elif one.name in ("req_id", "version", "client_id"):
            fields.append(str(draw(st.integers(1, 4))))
        elif about and one.name in ("expiry", "strike", "symbol", "sec_type", "multiplier", "right", "local_symbol",
                                    "trading_class", "currency", "primary_exchange", "legs"):
            fields.append("0" if one.name == "strike" else "")
        else:
            fields.append(draw(word))
    return [str(msg_id), *fields, *draw(st.lists(word, max_size=2))]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(requests(), min_size=1, max_size=25), st.sampled_from(("v100..145", "v100..151", "v100..157")))
def test_no_request_finds_a_fault(asked, versions):
    bench = Bench(accounts=("DU1", "DU2"), depth_limit=0, history_pacing=False)
    faults = []
    bench.simulator.tws._report = lambda client, request, error: faults.append((request, error))
    peer = bench.peer(versions=versions)
    heard = []
    for fields in asked:
        heard += peer.ask(*fields)
        bench.clock.advance(0.2)
    bench.advance(1)
    heard += peer.heard()
    assert faults == []
    judge = Judge(peer.version)
    for fields in heard:
        judge.decode(fields)
    bench.simulator.stopService()
