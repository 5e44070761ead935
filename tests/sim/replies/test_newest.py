"""What came last: times with a Z (214), settings to change (221), steps of prices and sizes (224), odd lots (225), bulletins."""

import struct

import pytest

from ibgw_tx.sim.wire.ids import In
from ibgw_tx.sim.wire.protobuf import encode
from tests.sim.kit.bench import AAPL, BTC, Bench, codes, contract, mkt_data
from tests.sim.kit.binary import Binary, of, sent

ABOUT = {"conId": AAPL, "exchange": "SMART"}


def ask(client, number, name, **values):
    return client.feed(struct.pack(">I", 200 + number) + encode(name, values))


def quoted(bench, client, generics):
    heard = ask(client, 1, "MarketDataRequest", reqId=1, contract=ABOUT, genericTickList=generics)
    bench.clock.advance(0.3)
    return [*heard, *client.heard()]


def kinds(heard):
    ticks = In.TICK_PRICE, In.TICK_SIZE, In.TICK_STRING
    return {values["tickType"]: values for number in ticks for values in of(heard, number)}


def test_odd_lots_are_a_tick_better_than_the_quote_where_there_is_room(bench):
    bench.simulator.trouble.set_book(AAPL, [(99.5, 300)], [(100.0, 250)])
    ticks = kinds(quoted(bench, Binary(bench, 225), "787"))
    assert (ticks[105]["price"], ticks[106]["price"]) == (99.51, 99.99)
    assert (ticks[107]["size"], ticks[108]["size"]) == ("4", "53")
    assert ticks[109]["value"] == ticks[32]["value"] and ticks[110]["value"] == ticks[33]["value"] != ""


def test_odd_lots_stand_at_the_quote_where_there_is_none_and_come_only_when_asked_for(bench):
    bench.simulator.trouble.set_book(AAPL, [(99.99, 300)], [(100.0, 250)])
    client = Binary(bench, 226)
    ticks = kinds(quoted(bench, client, "787,233"))
    assert (ticks[105]["price"], ticks[106]["price"]) == (99.99, 100.0)
    assert not {105, 110} & kinds(quoted(bench, Binary(bench, 226, 8), "")).keys()


def test_a_server_below_225_knows_no_odd_lots(bench):
    (error,) = of(quoted(bench, Binary(bench, 224), "787"), In.ERR_MSG)
    assert error["errorCode"] == 321 and "Incorrect generic tick list of 787" in error["errorMsg"]
    assert codes(bench.peer(2).ask(*mkt_data(1, *contract(AAPL, exchange="SMART"), generic="787"))) == [321]


@pytest.mark.parametrize("version", [206, 223, 224, 226])
def test_steps_of_prices_and_sizes_come_from_224_on(bench, version):
    client = Binary(bench, version)
    (about,) = of(ask(client, 9, "ContractDataRequest", reqId=2, contract={"conId": BTC}), In.CONTRACT_DATA)
    (told,) = of(quoted(bench, client, ""), In.TICK_REQ_PARAMS)
    assert told["minTick"] == "0.01"
    if version < 224:
        assert "lastPricePrecision" not in told and "lastSizePrecision" not in about["contractDetails"]
    else:
        assert (told["lastPricePrecision"], told["lastSizePrecision"]) == ("0.01", "0.0001")
        assert about["contractDetails"]["lastPricePrecision"] == "0.25"
        assert about["contractDetails"]["lastSizePrecision"] == "0.00000001"


@pytest.mark.parametrize(("version", "time"), [(213, "20261118 12:00:00 UTC"), (214, "20261118-12:00:00Z")])
def test_times_have_a_z_from_214_on(version, time):
    bench = Bench(accounts=("DU1",))
    bench.simulator.trouble.set_book(AAPL, [(99.5, 100)], [(100.0, 600)])
    client = Binary(bench, version)
    heard = client.feed(sent("placeOrder", "1"))
    assert of(heard, In.EXECUTION_DATA)[0]["execution"]["time"] == time
    (done,) = of(client.feed(sent("reqCompletedOrders")), In.COMPLETED_ORDER)
    assert done["orderState"]["completedTime"] == time
    end = of(client.feed(sent("reqHistoricalData")), In.HISTORICAL_DATA_END)[0]
    assert end["endDateStr"].endswith("Z") is (version == 214)
    bench.simulator.stopService()


def test_a_time_that_ends_with_z_can_be_asked_for(bench):
    client = Binary(bench, 226)
    asked = {"contract": ABOUT, "barSizeSetting": "1 hour", "duration": "1 D", "whatToShow": "TRADES", "useRTH": True}
    ends = [of(ask(client, 20, "HistoricalDataRequest", reqId=number, endDateTime=f"20261117-20:00:00{z}", **asked),
               In.HISTORICAL_DATA_END)[0]["endDateStr"] for number, z in enumerate(("", "Z"), 1)]
    assert ends == ["20261117-20:00:00Z"] * 2


def test_settings_are_not_changed_and_the_answer_says_so(bench):
    client = Binary(bench, 226)
    (answer,) = of(client.feed(sent("updateConfigProtoBuf")), In.UPDATE_CONFIG_RESPONSE)
    assert answer["status"] == "Rejected" and "where it is started" in answer["errors"][0]
    entry = bench.simulator.journal.named("updateConfig")[0]
    assert entry.args["changes"] == {"api.settings.readOnlyApi": True, "api.settings.socketPort": 4010}
    (error,) = of(Binary(bench, 220, 8).feed(sent("updateConfigProtoBuf")), In.ERR_MSG)
    assert error["errorCode"] == 320


def test_bulletins_reach_who_asked_in_either_dialect(bench):
    tell = bench.simulator.trouble.bulletin
    assert tell("Early close today") == 1
    newer, older, deaf = Binary(bench, 226), bench.peer(2), bench.peer(3)
    (first,) = of(ask(newer, 12, "NewsBulletinsRequest", allMessages=True), In.NEWS_BULLETINS)
    assert first == {"newsMsgId": 1, "newsMsgType": 1, "newsMessage": "Early close today"}
    assert older.ask(12, 1, 0) == [], "only those to come were asked for"
    tell("NYSE is not available", 2, "NYSE")
    (second,) = of(newer.heard(), In.NEWS_BULLETINS)
    assert (second["newsMsgType"], second["originatingExch"]) == (2, "NYSE")
    assert older.heard() == [["14", "1", "2", "2", "NYSE is not available", "NYSE"]] and deaf.heard() == []
    ask(newer, 13, "CancelNewsBulletins")
    older.lose()
    tell("NYSE is back", 3, "NYSE")
    assert newer.heard() == [] and older.heard() == []
    with pytest.raises(ValueError, match="kind 1, 2, 3"):
        tell("?", 4)
