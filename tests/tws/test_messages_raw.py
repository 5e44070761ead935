"""What a framed message says of itself is the same in text, behind a raw id, and in protobuf."""

import pytest
from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.wrapper import EWrapper

from ibgw_tx.tws.api.generation import MODERN
from ibgw_tx.tws.messages import is_end, lane_of, request_id_of
from tests.kit.ibapi_names import CANCEL

VERSIONS = (157, 200, 201, 213, 226) if MODERN else (157,)
#: Request -> its arguments.
ASKED = {
    "reqMktDepth": (7, Contract(), 10, True, []), "cancelMktDepth": (7, True),
    "reqMktData": (7, Contract(), "", False, False, []),
    "cancelMktData": (7,), "reqContractDetails": (7, Contract()), "reqHistoricalData": (
        7, Contract(), "", "1 D", "1 min", "TRADES", 1, 2, False, []),
    "cancelHistoricalData": (7,), "reqPnL": (7, "DU1", ""), "cancelPnL": (7,), "reqAccountSummary": (7, "All", "x"),
    "cancelAccountSummary": (7,), "reqTickByTickData": (7, Contract(), "AllLast", 0, False), "cancelTickByTickData": (7,),
    "reqAccountUpdates": (False, "DU1"), "reqCurrentTime": (), "reqAllOpenOrders": (), "cancelOrder": (7, *CANCEL),
    "reqGlobalCancel": CANCEL, "reqMarketRule": (7,), "reqAccountUpdatesMulti": (7, "DU1", "", True),
}  # fmt: skip


class Line:
    def __init__(self):
        self.sent = []
        self.sendMsg = self.sent.append

    def isConnected(self):
        return True

    def disconnect(self):
        """Nothing to end."""


def framed(version, name, args):
    client = EClient(EWrapper())
    client.conn, client.serverVersion_, client.clientId = Line(), version, 1
    client.setConnState(EClient.CONNECTED)
    getattr(client, name)(*args)
    (message,) = client.conn.sent
    return message


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ASKED)
def test_lane_end_and_request_id_are_those_of_the_oldest_text(name, version):
    old, new = framed(157, name, ASKED[name]), framed(version, name, ASKED[name])
    assert (lane_of(new), is_end(new), request_id_of(new)) == (lane_of(old), is_end(old), request_id_of(old))
    assert name != "reqMktDepth" or request_id_of(new) == 7


@pytest.mark.parametrize("version", VERSIONS)
def test_asking_for_an_account_is_no_end(version):
    assert not is_end(framed(version, "reqAccountUpdates", (True, "DU1")))


@pytest.mark.parametrize("message", [b"\0\0\0\4\0\0\0\xd2", b"\0\0\0\2\0\0", b"\0\0\0\5\0\0\0\xd2\x08"])
def test_a_message_cut_short_has_no_request(message):
    assert request_id_of(message) is None
