"""Everything the installed official client can ask, at each server version where a dialect changes: its decoder is the judge."""

import pytest
import pytest_twisted
from ibapi.server_versions import MAX_CLIENT_VER

from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.server.simulator import Simulator
from tests.sim.kit.bench import AAPL
from tests.sim.server.test_line import run

pytestmark = pytest.mark.integration

#: Where a dialect changes, from the oldest that ibsim speaks to the newest.
VERSIONS = [
    version for version in (145, 151, 157, 163, 176, 178, 200, 203, 213, 226) if version <= MAX_CLIENT_VER or version == 226
]
#: Messages whose form in protobuf comes with a server version of its own; what of them is heard of a session of 203 is that.
IN_203 = ["CommissionAndFeesReport", "ErrorMessage", "ExecutionDetails", "ExecutionDetailsEnd", "OpenOrder", "OrderStatus"]
RESTING = ["STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT", "REL", "LOC", *["LMT"] * 5]


async def tour(version):
    made = Simulator(Settings(seed=4, server_version=version, message_rate=0, clock_speed=5.0))
    made.startService()
    made.trouble.set_book(AAPL, [(99.5, 100)], [(100.0, 60), (100.5, 500)])
    made.trouble.bulletin("NYSE is not available", 2, "NYSE")
    try:
        seen = await run("official_tour.py", made.listen(), 5)
        return seen, [entry.name for entry in made.journal.entries if entry.name.startswith("bad ")]
    finally:
        await made.stopService()


@pytest.mark.parametrize("offered", VERSIONS)
@pytest_twisted.ensureDeferred
async def test_the_official_client_is_answered_whatever_it_asks_and_has_nothing_to_find_fault_with(offered):
    seen, bad = await tour(offered)
    version = min(offered, MAX_CLIENT_VER)
    modern = MAX_CLIENT_VER > 157
    assert (seen["version"], seen["managed"], seen["alive"]) == (version, "DU1000001", True)
    # Its judgement: nothing left over, unknown, logged or raised; and nothing that ibsim could not read.
    assert (seen["odd"], seen["logged"], seen["raised"], bad) == ([], [], [], [])
    assert set(seen["codes"]) - {2152} == {110, 162, 200, 202, 321, 322, 327, 2104, 2106, 2158, 10167, 10276}

    about = seen["about_contracts"]
    assert about["details"]["1"] == [AAPL, "APPLE INC", "0.01"] and about["details"]["3"][2] == "0.25"
    assert about["sizes"] == (["0.0001", "0.01", "1E-8"] if version >= 164 else None)
    assert about["bond"] == ["IBCID760001", "CORP", "FIXED"] and about["chain"] == [3, 121]
    assert about["precision"] == (["0.01", "0.0001"] if version >= 224 else None)

    market = seen["market"]
    assert market["rows"] == [[0, 0], [0, 1], [1, 0]] and market["quotes"] == [99.5, 100.0] and market["types"] == [1, 3]
    assert market["best"] == [[99.5, "100"], [100.0, "60"]] if version >= 159 else [[99.5, "1"], [100.0, "0"]]
    assert market["odd_lots"] == ([105, 106, 107, 108, 109, 110] if version >= 225 else [])

    history = seen["history"]
    label, head = history["label"], history["head"]
    if version >= 214:
        assert label.endswith("Z") and label[8] == "-" and head == "20040123-14:30:00Z"
    elif version >= 174:
        assert label.endswith(" UTC") and head == "20040123 14:30:00 UTC"
    else:
        assert label[8:10] == "  " and head == "20040123  14:30:00"
    assert history["bars"] > 3

    assert seen["accounts"]["held"] == "100" and seen["accounts"]["portfolio"] == 4
    orders = seen["orders"]
    assert orders["first"] == ["Filled", "100", "0"] and orders["margin"] and orders["outside"]
    assert orders["fills"] == [["10", 100.5], ["10", 100.5], ["40", 100.5], ["60", 100.0]]
    assert [each[0] for each in orders["echo"]] == RESTING and orders["echo"][8][1] == "GTD"
    assert (orders["legs"], orders["conditions"]) == (2, 1)
    assert orders["fractions"] == (["12345.67", "0.00012345", "0.5"] if version >= 163 else None)
    assert seen["small_things"] == {"bulletin": [1, 2, "NYSE is not available", "NYSE"]}

    # Which dialect each message came in.
    if not modern or version < 201:
        assert seen["protobuf"] == []
    elif version == 203:
        assert seen["protobuf"] == IN_203 and len(seen["text"]) > 50
    else:
        assert seen["text"] == [] and len(seen["protobuf"]) >= 58
