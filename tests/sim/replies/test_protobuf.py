"""Server versions 201 to 226: raw ids, and answers in protobuf that say what the text of 200 says.

IB's decoder 10.50.2 has read every message of a long session at each of these versions and called back as often, and with the
same values, as at 200.
"""

import struct

import pytest

from ibgw_tx.sim.replies.protobuf import FLAT, dialect
from ibgw_tx.sim.wire.ids import In
from tests.sim.kit.bench import AAPL, BTC, NOON, Bench
from tests.sim.kit.binary import Binary, of, sent


@pytest.fixture
def client():
    made = Bench(accounts=("DU1", "DU2"))
    made.simulator.trouble.set_book(AAPL, [(99.5, 100)], [(100.0, 60), (100.5, 500)])
    yield Binary(made, 226)
    made.simulator.stopService()


def test_the_welcome_is_protobuf_from_213_on_and_text_behind_raw_ids_at_201(bench):
    told = Binary(bench, 226).welcome
    assert of(told, In.MANAGED_ACCTS) == [{"accountsList": "DU1000001"}]
    assert of(told, In.NEXT_VALID_ID) == [{"orderId": 1}]
    assert of(told, In.ERR_MSG)[0]["errorCode"] in (2104, 2106)
    assert of(told, In.ERR_MSG)[0]["id"] == -1 and of(told, In.ERR_MSG)[0]["errorTime"] == int(NOON * 1000)
    told = Binary(bench, 201, 8).welcome
    assert of(told, In.NEXT_VALID_ID) == [["1", "1"]]
    assert of(told, In.ERR_MSG)[0][0] == "-1"


def test_an_order_is_told_with_its_status_its_fills_and_their_commissions(client):
    heard = client.feed(sent("placeOrder", "1"))
    opened, status = of(heard, In.OPEN_ORDER), of(heard, In.ORDER_STATUS)
    assert opened[0]["contract"]["conId"] == AAPL and "strike" not in opened[0]["contract"]
    order = opened[0]["order"]
    assert (order["action"], order["totalQuantity"], order["orderType"], order["tif"], order["account"], order["clientId"]) == (
        "BUY", "100", "MKT", "DAY", "DU1", 7)
    assert status[-1]["status"] == "Filled" and (status[-1]["filled"], status[-1]["remaining"]) == ("100", "0")
    assert status[-1]["avgFillPrice"] == pytest.approx(100.2)
    fills = of(heard, In.EXECUTION_DATA)
    assert [(fill["execution"]["shares"], fill["execution"]["price"]) for fill in fills] == [("60", 100.0), ("40", 100.5)]
    assert fills[0]["reqId"] == -1 and fills[0]["execution"]["orderId"] == 1 and fills[0]["execution"]["side"] == "BOT"
    client.line._simulator.clock.advance(0.1)
    fees = of(client.heard(), In.COMMISSION_REPORT)
    assert [fee["execId"] for fee in fees] == [fill["execution"]["execId"] for fill in fills]
    assert "realizedPNL" not in fees[0]


def test_every_attribute_of_an_order_comes_back(client):
    order = of(client.feed(sent("placeOrder", "9")), In.OPEN_ORDER)[0]["order"]
    wanted = {"duration": 60, "postToAts": 3, "autoCancelParent": True, "customerAccount": "C1", "professionalCustomer": True,
              "includeOvernight": True, "extOperator": "op", "manualOrderIndicator": 1, "imbalanceOnly": True}
    assert {name: order.get(name) for name in wanted} == wanted
    order = of(client.feed(sent("placeOrder", "3")), In.OPEN_ORDER)
    assert order == [], "its number is lower than the last"


def test_conditions_algos_and_legs_come_back(client):
    opened = of(client.feed(sent("placeOrder", "3")), In.OPEN_ORDER)[0]
    (condition,) = opened["order"]["conditions"]
    assert (condition["type"], condition["conId"], condition["price"], condition["isMore"]) == (1, AAPL, 1.0, True)
    assert opened["order"]["algoParams"] == {"adaptivePriority": "Normal"}
    opened = of(client.feed(sent("placeOrder", "4")), In.OPEN_ORDER)[0]
    assert [(leg["conId"], leg["action"]) for leg in opened["contract"]["comboLegs"]] == [(AAPL, "BUY"), (272093, "SELL")]


def test_a_preview_has_its_margins_and_the_completed_order_its_end(client):
    (preview,) = of(client.feed(sent("placeOrder", "8")), In.OPEN_ORDER)
    state = preview["orderState"]
    assert state["initMarginChange"] > 0 and state["marginCurrency"] == "USD" == state["commissionAndFeesCurrency"]
    assert state["initMarginChangeOutsideRTH"] == state["initMarginChange"]
    client.feed(sent("placeOrder", "9"))
    heard = client.feed(struct.pack(">I", 204) + b"\x08\x09")
    assert of(heard, In.ORDER_STATUS)[-1]["status"] == "Cancelled" and of(heard, In.ERR_MSG)[-1]["errorCode"] == 202
    (done,) = of(client.feed(sent("reqCompletedOrders")), In.COMPLETED_ORDER)
    assert done["orderState"]["completedStatus"] == "Cancelled by Trader"
    assert "orderId" not in done["order"] and done["order"]["filledQuantity"] == "0"


def test_attached_orders_are_refused_with_their_names(client):
    data = sent("placeOrder", "9") + b"\x22\x02\x08\x05"
    (error,) = of(client.feed(data), In.ERR_MSG)
    assert (error["id"], error["errorCode"]) == (9, 320) and "slOrderId" in error["errorMsg"]


def rows(messages):
    return [(m["marketDepthData"].get("position"), m["marketDepthData"].get("operation"), m["marketDepthData"].get("side"),
             m["marketDepthData"]["price"], m["marketDepthData"]["size"]) for m in messages]


def test_two_clients_see_the_same_rows_in_two_dialects(bench):
    binary, old = Binary(bench, 226, 1), bench.peer(2, "v100..200")
    heard = of(binary.feed(sent("reqMktDepth")), In.MARKET_DEPTH)
    text = old.ask(10, 5, 10, AAPL, *[""] * 6, "NASDAQ", *[""] * 4, 5, 0, "")
    assert rows(heard) == [tuple([*map(int, m[3:6]), float(m[6]), m[7]]) for m in text if m[0] == "12"]
    bench.simulator.step(40)
    moved, told = rows(of(binary.heard(), In.MARKET_DEPTH)), [m for m in old.heard() if m[0] == "12"]
    assert len(moved) > 10 and moved == [tuple([*map(int, m[3:6]), float(m[6]), m[7]]) for m in told]


def test_details_quotes_history_and_config(client):
    (about,) = of(client.feed(sent("reqContractDetails")), In.CONTRACT_DATA)
    assert about["contractDetails"]["longName"] == "APPLE INC" and about["contractDetails"]["minSize"] == "0.0001"
    assert about["contractDetails"]["minTick"] == "0.01" and about["contract"]["primaryExch"] == "NASDAQ"
    client.feed(sent("reqMktData"))
    client.line._simulator.clock.advance(0.3)
    ticks = {tick["tickType"]: tick for tick in of(client.heard(), In.TICK_PRICE)}
    assert (ticks[1]["price"], ticks[1]["size"], ticks[2]["price"], ticks[2]["size"]) == (99.5, "100", 100.0, "60")
    heard = client.feed(sent("reqHistoricalData"))
    (bars,), (end,) = of(heard, In.HISTORICAL_DATA), of(heard, In.HISTORICAL_DATA_END)
    assert len(bars["historicalDataBars"]) > 3 and bars["historicalDataBars"][0]["high"] >= bars["historicalDataBars"][0]["low"]
    assert end["reqId"] == bars["reqId"]
    (config,) = of(client.feed(sent("reqConfigProtoBuf")), In.CONFIG_RESPONSE)
    assert config["api"]["settings"]["sendInstrumentTimezone"] == "UTC"
    assert "readOnlyApi" not in config["api"]["settings"]


def test_small_coins_are_exact(bench):
    bench.simulator.trouble.set_book(BTC, [(60000.0, 2000)], [(60100.0, 250)])
    client = Binary(bench, 226)
    about = b"\x08" + _varint(BTC) + b"\x42\x05PAXOS"
    order = b"\x2a\x03BUY\x32\x0a0.00012345\x42\x03MKT\x5a\x03DAY\x90\x04\x01"
    heard = client.feed(struct.pack(">I", 203) + b"\x08\x01" + b"\x12" + bytes([len(about)]) + about
                        + b"\x1a" + bytes([len(order)]) + order)
    assert of(heard, In.EXECUTION_DATA)[0]["execution"]["shares"] == "0.00012345"
    assert of(heard, In.ORDER_STATUS)[-1]["status"] == "Filled"


def _varint(value):
    out = []
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


@pytest.mark.parametrize("version", range(201, 227))
def test_text_and_protobuf_stand_side_by_side(bench, version):
    client = Binary(bench, version)
    assert client.text(80)[0][0] == In.FAMILY_CODES
    number, told = client.text(49, 1)[0]
    assert number == In.CURRENT_TIME and (told == ["1", str(int(NOON))] if version < 213 else told == {"currentTime": int(NOON)})
    assert of(client.text(777), In.ERR_MSG), "an unknown id is told, and the session lives"
    assert client.feed(struct.pack(">I", 203) + b"\x08")[0][0] == In.ERR_MSG
    assert client.text(80)[0][0] == In.FAMILY_CODES


def test_a_frame_too_short_for_an_id_ends_the_session(bench):
    client = Binary(bench, 226)
    client.feed(b"\0\0")
    assert client.pipe.disconnecting


def test_what_trouble_sends_goes_out_whatever_it_is(client):
    client.line._simulator.trouble.send(3, 7, "Submitted")
    assert client.heard() == [(3, ["7", "Submitted"])]


def test_each_message_changes_its_dialect_at_its_version_and_not_before():
    for number, (since, *_) in FLAT.items():
        count = 1 + FLAT[number][2] + len(FLAT[number][3].split())
        fields = (number, *["1"] * (count - 1))
        assert dialect(fields, since - 1) == fields
        assert isinstance(dialect(fields, since)[1], bytes)
