"""Server versions 157 to 178: every message decoded to its last field by ib_async's Decoder, its requests read likewise."""

import math

import pytest
from ib_async import (
    Contract,
    ExecutionFilter,
    LimitOrder,
    Order,
    OrderComboLeg,
    PriceCondition,
    ScannerSubscription,
    Stock,
    TagValue,
)
from ib_async.contract import ComboLeg, DeltaNeutralContract
from ib_async.objects import WshEventData

from ibgw_tx.sim.wire.ids import In
from ibgw_tx.sim.wire.requests import NAMES, parse
from tests.sim.kit.async_judge import AsyncJudge, sent_by_ib_async
from tests.sim.kit.bench import AAPL, BOND, BRR01, BTC, Bench, codes, contract, frame, mkt_data, of
from tests.sim.replies.test_market import ASKED, EXPECTED, depth_requests

VERSIONS = tuple(range(157, 179))
SCHEDULE = (20, 90, *contract(AAPL, exchange="SMART"), 0, "", "1 day", "1 W", 1, "SCHEDULE", 1, 0, "")


def fitted(request, version):
    """A request of the old list as a newer client sends it."""
    if request[0] == 9 and version >= 176:
        return (*request, "")
    if request[0] == 4 and version >= 169:
        return (*request, "")
    return request


def to(version):
    return f"v157..{version}"


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_sent_is_decoded_by_ib_async_to_the_last_field(version):
    bench = Bench(accounts=("DU1", "DU2"))
    peer = bench.peer(versions=to(version))
    assert peer.version == version
    more = [(104, 85)] if version >= 167 else []
    more += [SCHEDULE] if version >= 165 else []
    more += [(100, 86), (102, 87, 265598)] if version >= 161 else []
    heard = []
    for request in [*ASKED, *depth_requests(version), mkt_data(88, *contract(BTC, exchange="PAXOS")), *more]:
        heard += peer.ask(*fitted(request, version))
    for _ in range(120):
        bench.clock.advance(0.1)
        heard += peer.heard()
    judge = AsyncJudge(version)
    for fields in heard:
        judge.decode(fields)
    new = {In.USER_INFO: 167, In.HISTORICAL_SCHEDULE: 165, In.MARKET_DEPTH_L2: 149}
    assert {int(fields[0]) for fields in heard} == EXPECTED | {kind for kind, since in new.items() if version >= since}


def orders(version):
    """Requests that make every kind of order message."""
    leg = ComboLeg(conId=AAPL, ratio=1, action="BUY", exchange="SMART")
    legs = [leg, ComboLeg(conId=272093, ratio=1, action="SELL", exchange="SMART")]
    bag = Contract(secType="BAG", symbol="AAPL", exchange="SMART", currency="USD", comboLegs=legs)
    aapl, ats = Contract(conId=AAPL, exchange="SMART"), Contract(conId=AAPL, exchange="SMART")
    ats.deltaNeutralContract = DeltaNeutralContract(8314, 0.5, 120.25)
    condition = PriceCondition(conId=AAPL, exch="SMART", price=1.0)
    algo = {"algoStrategy": "Adaptive", "algoParams": [TagValue("adaptivePriority", "Normal")]}
    yield aapl, Order(action="BUY", totalQuantity=100, orderType="MKT", tif="DAY")
    yield aapl, LimitOrder("BUY", 10, 1.0, tif="GTC", conditions=[condition], hedgeType="B", hedgeParam="1", **algo)
    yield bag, LimitOrder("BUY", 1, 1.0, tif="DAY", orderComboLegs=[OrderComboLeg(1.0), OrderComboLeg(2.0)])
    yield ats, LimitOrder("BUY", 10, 1.0, tif="DAY", duration=60, postToAts=3, autoCancelParent=True)
    yield aapl, Order(action="BUY", totalQuantity=10, lmtPrice=1.0, tif="DAY", orderType="PEG BENCH", scalePriceIncrement=0.5)
    yield aapl, Order(action="BUY", totalQuantity=10, lmtPrice=1.0, tif="DAY", orderType="PEG BEST",
                      minCompeteSize=5, competeAgainstBestOffset=math.inf, midOffsetAtWhole=0.01, midOffsetAtHalf=0.02)
    yield aapl, Order(action="BUY", totalQuantity=10, lmtPrice=1.0, tif="DAY", orderType="PEG MID",
                      midOffsetAtWhole=0.01, midOffsetAtHalf=0.02)
    yield aapl, LimitOrder("BUY", 10, 1.0, tif="DAY", whatIf=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_order_message_is_decoded_by_ib_async_to_the_last_field(version):
    bench = Bench()
    bench.simulator.trouble.set_book(AAPL, [(99.5, 100)], [(100.0, 60), (100.5, 500)])
    peer, judge, heard = bench.peer(1, to(version)), AsyncJudge(version), []
    for number, (about, order) in enumerate(orders(version), 1):
        heard += peer.feed(frame(*sent_by_ib_async("placeOrder", (number, about, order), version)))
    bench.advance(0.3)
    heard += peer.feed(frame(*sent_by_ib_async("cancelOrder", (2,), version)))
    heard += peer.ask(7, 3, 60, 0, "", "", "", "", "", "") + peer.ask(16, 1) + peer.ask(99, 0)
    seen = {}
    for fields in heard:
        # ib_async reads the duration from 159 on; IB's own decoders, and TWS, have it at 158.
        left = 1 if version == 158 and fields[0] == "5" else 0
        for call in judge.decode(fields, left):
            seen.setdefault(call[0], []).append(call)
    assert {"openOrder", "orderStatus", "execDetails", "commissionReport", "completedOrder", "openOrderEnd"} <= set(seen)
    assert {int(f[3]) for f in of(heard, 4)} == {202}
    told = {order.orderId: order for _, _, _, order, _ in seen["openOrder"]}
    assert set(told) == set(range(1, 9))
    if version >= 162:
        assert (told[4].duration, told[4].postToAts, told[4].autoCancelParent) == (60, 3, True)
    if version >= 170:
        assert (told[6].minCompeteSize, told[6].competeAgainstBestOffset, told[6].midOffsetAtHalf) == (5, math.inf, 0.02)
        assert (told[7].midOffsetAtWhole, told[7].midOffsetAtHalf) == (0.01, 0.02)


REQUESTS = [
    ("reqContractDetails", (1, Stock("AAPL", "SMART", "USD"))), ("reqMktData", (1, Stock("AAPL"), "", False, False, "")),
    ("reqMktDepth", (1, Stock("AAPL"), 5, True, "")), ("cancelMktDepth", (1, True)), ("cancelOrder", (1, "")),
    ("reqExecutions", (1, ExecutionFilter())),
    ("reqHistoricalData", (1, Stock("A"), "", "1 D", "1 min", "TRADES", 1, 1, True, "")),
    ("reqAccountUpdatesMulti", (1, "DU1", "", True)), ("reqPnLSingle", (1, "DU1", "", AAPL)), ("reqUserInfo", (1,)),
    ("reqWshMetaData", (1,)), ("cancelWshMetaData", (1,)), ("reqWshEventData", (1, WshEventData())), ("startApi", ()),
    ("cancelWshEventData", (1,)), ("reqSmartComponents", (1, "a6")), ("replaceFA", (1, 1, "<x/>")), ("reqIds", (1,)),
    ("reqTickByTickData", (1, Stock("AAPL"), "Last", 0, False)), ("reqCompletedOrders", (False,)), ("reqPositions", ()),
    ("reqScannerSubscription", (1, ScannerSubscription(), [], [])), ("reqHeadTimeStamp", (1, Stock("A"), "TRADES", True, 1)),
    ("reqRealTimeBars", (1, Stock("AAPL"), 5, "TRADES", True, "")), ("reqSecDefOptParams", (1, "A", "", "STK", AAPL)),
]
SINCE = {"reqUserInfo": 167, "reqWshMetaData": 161, "cancelWshMetaData": 161, "reqWshEventData": 161, "cancelWshEventData": 161}


@pytest.mark.parametrize("version", VERSIONS)
def test_ib_asyncs_requests_are_read_to_the_last_field(version):
    for name, args in REQUESTS:
        if version >= SINCE.get(name, 0):
            request = parse(sent_by_ib_async(name, args, version), version)
            assert (request.name, request.unread) == (name, 0)
            assert name in NAMES
    for number, (about, order) in enumerate(orders(version), 1):
        request = parse(sent_by_ib_async("placeOrder", (number, about, order), version), version)
        assert (request.req_id, request.unread, request.args["orderType"]) == (number, 0, order.orderType)


@pytest.mark.parametrize(
    ("own", "client", "spoken"), [(178, "v157..178", 178), (178, "v100..157", 157), (151, "v100..157", 151),
                                  (165, "v157..178", 165), (178, "v157..225", 178), (157, "v157..178", 157)],
)
def test_the_lower_of_both_highest_versions_is_spoken(own, client, spoken):
    assert Bench(server_version=own).peer(versions=client).version == spoken


def test_sizes_are_lots_below_159_shares_above_and_fractions_from_163():
    bench = Bench()
    bench.simulator.trouble.set_book(AAPL, [(99.5, 300)], [(100.0, 200)])
    sizes = {}
    for number, version in enumerate((157, 159, 163)):
        peer = bench.peer(number, to(version))
        peer.ask(*mkt_data(1, *contract(AAPL, exchange="SMART")))
        bench.advance(0.5)
        sizes[version] = [m[4] for m in of(peer.heard(), 2) if m[3] == "0"]
        refused = codes(peer.ask(*mkt_data(2, *contract(BTC, exchange="PAXOS"))))
        assert refused == ([10285] if version < 163 else [])
    assert sizes == {157: ["3"], 159: ["300"], 163: ["300"]}
    bench.advance(0.5)
    assert any("." in m[4] for m in of(peer.heard(), 2))


def test_bitcoins_trade_in_fractions():
    bench = Bench()
    bench.simulator.trouble.set_book(BTC, [(60000.0, 2000)], [(60100.0, 250), (60200.0, 1000)])
    peer, judge = bench.peer(1, to(178)), AsyncJudge(178)
    btc = Contract(conId=BTC, exchange="PAXOS")
    heard = peer.feed(frame(*sent_by_ib_async("placeOrder", (1, btc, LimitOrder("BUY", 0.3, 60200.0, tif="DAY")), 178)))
    calls = [call for fields in heard for call in judge.decode(fields)]
    assert [(c[3].shares, c[3].price, c[3].cumQty) for c in calls if c[0] == "execDetails"] == [
        (0.25, 60100.0, 0.25), (0.05, 60200.0, 0.3)]
    assert calls[-1][2:5] == ("Filled", 0.3, 0.0)
    heard = peer.ask(61, 1)
    (held,) = [call for fields in of(heard, 61) for call in judge.decode(fields) if call[2].conId == BTC]
    assert held[3] == 0.3
    assert held[4] == pytest.approx(60117 * 1.001, rel=1e-3)
    heard = peer.feed(frame(*sent_by_ib_async("placeOrder", (2, btc, LimitOrder("BUY", 0.000000003, 1.0, tif="DAY")), 178)))
    assert codes(heard) == [10243]


def test_times_say_their_zone_from_174_on():
    bench = Bench()
    for number, version, want in ((1, 173, "20261118  12:00:00"), (2, 174, "20261118 12:00:00 UTC")):
        peer = bench.peer(number, to(version))
        order = Order(action="BUY", totalQuantity=1, orderType="MKT", tif="DAY")
        heard = peer.feed(frame(*sent_by_ib_async("placeOrder", (1, Contract(conId=AAPL, exchange="SMART"), order), version)))
        assert of(heard, 11)[0][15] == want


def test_an_open_order_ends_as_recorded_at_173():
    peer = Bench().peer(1, to(173))
    order = Order(action="BUY", totalQuantity=1, orderType="MKT", tif="DAY")
    heard = peer.feed(frame(*sent_by_ib_async("placeOrder", (1, Contract(conId=AAPL, exchange="SMART"), order), 173)))
    assert of(heard, 5)[0][-11:] == ["0", "0", "0", "", "", "0", "", "100", "0.02", "", ""]


def test_contract_details_have_size_rules_from_164_on_and_one_size_at_163():
    bench = Bench()
    ends = {}
    for number, version in enumerate((162, 163, 164)):
        peer = bench.peer(number, to(version))
        row = peer.ask(9, 8, 1, *contract(BRR01, exchange="CMECRYPTO"), 0, "", "")[0]
        ends[version] = (row[1] == "8", row[row.index("20351228") + 1:])
        assert of(peer.ask(9, 8, 1, *contract(BOND, exchange="SMART"), 0, "", ""), 18)
    assert ends == {162: (True, [""]), 163: (True, ["", "1"]), 164: (False, ["", "1", "1", "1"])}


def test_an_order_of_an_old_client_is_told_to_a_new_one_and_the_other_way_round():
    bench = Bench()
    old, new = bench.peer(1, "v100..145"), bench.peer(2, to(178))
    aapl, order = Contract(conId=AAPL, exchange="SMART"), LimitOrder("BUY", 1, 1.0, tif="DAY", duration=9)
    new.feed(frame(*sent_by_ib_async("placeOrder", (1, aapl, order), 178)))
    fields = sent_by_ib_async("placeOrder", (1, aapl, LimitOrder("BUY", 2, 1.0, tif="DAY")), 157)
    old.feed(frame(*fields[:-2]))  # 145 has neither of the last two
    judge = AsyncJudge(178)
    told = [call[3] for fields in of(new.ask(16, 1), 5) for call in judge.decode(fields)]
    assert sorted((o.clientId, o.totalQuantity, o.duration) for o in told) == [(1, 2.0, 2147483647), (2, 1.0, 9)]
    assert len(of(old.ask(16, 1), 5)) == 2


def test_a_refusal_has_its_json_from_166_on():
    bench = Bench()
    for number, (version, want) in enumerate(((165, []), (166, ['{"8229=": "IBDBUYTX"}']))):
        peer = bench.peer(number, to(version))
        bench.simulator.trouble.orders.reject_next_order(201, "no", advanced='{"8229=": "IBDBUYTX"}')
        fields = sent_by_ib_async("placeOrder", (1, Contract(conId=AAPL, exchange="SMART"), LimitOrder("BUY", 1, 1.0)), version)
        (error,) = of(peer.feed(frame(*fields)), 4)
        assert error[3:5] == ["201", "no"]
        assert error[5:] == want
