"""Server versions 179 to 200: requests as IB's client 10.50.2 wrote them, and what each version changes in the answers.

That client cannot stand beside ibapi 9.81.1 in one environment; its decoder has read every message of a long session to the
last field at each of these versions. Here the difference of each version to the one before it is held.
"""

import difflib
import json
from pathlib import Path

import pytest

from ibgw_tx.sim.wire.ids import In
from ibgw_tx.sim.wire.requests import parse
from tests.sim.kit.bench import AAPL, BOND, ES, NOON, Bench, contract, of

VERSIONS = range(178, 201)
SENT = [json.loads(line) for line in Path(__file__).parents[1].joinpath("wire/requests_10x.jsonl").read_text().splitlines()]
KINDS = (In.ERR_MSG, In.OPEN_ORDER, In.CONTRACT_DATA, In.EXECUTION_DATA, In.HISTORICAL_DATA, In.BOND_CONTRACT_DATA,
         In.COMPLETED_ORDER, In.HISTORICAL_DATA_END, In.CURRENT_TIME_IN_MILLIS)
UNSET = "1.7976931348623157E308"
MS = str(int(NOON * 1000))
# (version, message): fields that went, fields that came
CHANGES = {
    (182, In.CONTRACT_DATA): ([], ["20350316"]),
    (183, In.OPEN_ORDER): ([], ["C1"]), (183, In.COMPLETED_ORDER): ([], ["C1"]),
    (184, In.OPEN_ORDER): ([], ["1"]), (184, In.COMPLETED_ORDER): ([], ["1"]),
    (185, In.OPEN_ORDER): ([], [""]),
    (186, In.CONTRACT_DATA): ([], ["0"]),
    (188, In.BOND_CONTRACT_DATA): ([], ["zone", "trading hours", "liquid hours"]),
    (189, In.OPEN_ORDER): ([], ["1"]),
    (193, In.OPEN_ORDER): ([], ["op", "1"]),
    (194, In.ERR_MSG): (["2"], [MS]),
    (195, In.OPEN_ORDER): ([], [*[UNSET] * 9, "", "", "0", ""]),
    (196, In.HISTORICAL_DATA): (["20261117 12:00:00 UTC", "20261118 12:00:00 UTC"], []),
    (196, In.HISTORICAL_DATA_END): ([], ["108", "3", "20261117 12:00:00 UTC", "20261118 12:00:00 UTC"]),
    (197, In.CURRENT_TIME_IN_MILLIS): ([], ["109", MS]),
    (198, In.OPEN_ORDER): ([], [""]), (198, In.COMPLETED_ORDER): ([], [""]), (198, In.EXECUTION_DATA): ([], [""]),
    (199, In.OPEN_ORDER): ([], ["1"]),
}


def sent(version, name, order_id=""):
    """A request as the official client writes it for a server of this version; the layouts stand from version to version."""
    return [list(row["fields"]) for row in SENT
            if row["name"] == name and row["version"] <= version and (not order_id or row["fields"][1] == order_id)][-1]


def session(version):
    """The last message of each kind in a short session."""
    bench = Bench(accounts=("DU1", "DU2"), server_version=version)
    bench.simulator.trouble.set_book(AAPL, [(99.5, 100)], [(100.0, 60), (100.5, 500)])
    peer = bench.peer(7, f"v100..{version}")
    assert peer.version == version
    asked = [sent(version, "placeOrder", "1"), sent(version, "placeOrder", "9"),
             (9, 8, 1, *contract(ES, exchange="CME"), 0, "", "", ""),
             (9, 8, 2, *contract(BOND, exchange="SMART"), 0, "", "", ""),
             (20, 3, *contract(AAPL, exchange="SMART"), 0, "", "1 day", "1 D", 1, "TRADES", 1, 0, ""),
             sent(version, "reqExecutions")]
    asked += [sent(version, "reqCurrentTimeInMillis")] if version >= 197 else []
    heard = [message for request in asked for message in peer.ask(*request)]
    cancel = sent(version, "cancelOrder")
    cancel[cancel.index("2")] = "9"
    heard += peer.ask(*cancel) + peer.ask(99, 0)
    bench.simulator.stopService()
    return {kind: of(heard, kind)[-1] if of(heard, kind) else [] for kind in KINDS}


def difference(old, new):
    """Fields that went and fields that came."""
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    gone = [field for step, a, b, _, _ in steps if step in ("delete", "replace") for field in old[a:b]]
    come = [field for step, _, _, a, b in steps if step in ("insert", "replace") for field in new[a:b]]
    return gone, come


def test_each_version_changes_what_it_is_known_to_change():
    before, found = session(178), {}
    for version in VERSIONS[1:]:
        after = session(version)
        for kind in KINDS:
            if before[kind] != after[kind]:
                found[version, kind] = difference(before[kind], after[kind])
        before = after
    hours = found[188, In.BOND_CONTRACT_DATA]
    assert hours[0] == [] and [bool(field) for field in hours[1]] == [True] * 3
    assert hours[1][1].startswith("20261118:")
    found[188, In.BOND_CONTRACT_DATA] = CHANGES[188, In.BOND_CONTRACT_DATA]
    assert found == CHANGES


@pytest.mark.parametrize("version", VERSIONS)
def test_the_official_clients_requests_are_read_to_the_last_field(version):
    names = {row["name"] for row in SENT if row["version"] <= version}
    assert {"placeOrder", "cancelOrder", "reqGlobalCancel", "reqExecutions"} <= names
    for name in names:
        for order_id in ("1", "6", "9") if name == "placeOrder" else ("",):
            request = parse(sent(version, name, order_id), version)
            assert (request.name, request.unread) == (name, 0)


def test_what_an_order_says_of_itself_is_read_under_its_name():
    said = parse(sent(200, "placeOrder", "9"), 200).args
    names = ("customerAccount", "professionalCustomer", "includeOvernight", "manualOrderIndicator", "imbalanceOnly")
    assert [said[name] for name in names] == ["C1", True, True, 1, True]
    cancel = parse(sent(200, "cancelOrder"), 200)
    assert (cancel.req_id, cancel.args["manual_time"], cancel.args["ext_operator"]) == (2, "20261118-12:00:00", "op")
    assert parse(sent(200, "reqGlobalCancel"), 200).args == {"ext_operator": "op", "manual_indicator": None}
    found = parse(sent(200, "reqExecutions"), 200).args
    assert (found["last_days"], found["dates"]) == (3, ("20261117", "20261116"))


def executed(peer, req_id, days="2147483647", dates=()):
    heard = peer.ask(7, 3, req_id, 0, "", "", "", "", "", "", days, len(dates), *dates)
    return [message[15][:8] for message in of(heard, 11)]


def test_executions_of_earlier_days_come_when_they_are_asked_for():
    bench = Bench()
    bench.simulator.trouble.set_book(AAPL, [(99.5, 10**6)], [(100.0, 10**6)])
    peer = bench.peer(7, "v100..200")
    days = []
    for day in range(9):
        bench.simulator.trouble.orders.manual_order(AAPL, "BUY", 1, "MKT")
        days.append(f"202611{18 + day}")
        bench.clock.advance(86400.0)
    bench.simulator.trouble.orders.manual_order(AAPL, "BUY", 1, "MKT")
    today = "20261127"
    peer.heard()
    assert executed(peer, 1) == [today]
    assert executed(peer, 2, "1") == [today]
    assert executed(peer, 3, "3") == [days[-2], days[-1], today]
    assert executed(peer, 4, dates=(days[-1], days[-4])) == [days[-4], days[-1]]
    assert executed(peer, 5, "100") == [*days[-7:], today], "a TWS keeps seven days of them"
    bench.simulator.stopService()


def test_an_error_has_its_time_and_its_reject_behind_the_text():
    peer = Bench(accounts=("DU1",)).peer(7, "v100..200")
    peer.bench.simulator.trouble.orders.reject_next_order(201, "no", advanced='{"a":1}')
    heard = peer.ask(*sent(200, "placeOrder", "1"))
    assert of(heard, 4)[0] == ["4", "1", "201", "no", '{"a":1}', MS]
