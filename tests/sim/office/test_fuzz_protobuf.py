"""Any request in protobuf with any members: an answer or an error, never a fault of the simulator, and the session goes on."""

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ibgw_tx.sim.wire.ids import In
from ibgw_tx.sim.wire.protobuf import encode
from ibgw_tx.sim.wire.protobuf_requests import MESSAGES
from ibgw_tx.sim.wire.schema import SCHEMA
from tests.sim.kit.bench import Bench
from tests.sim.kit.binary import Binary
from tests.sim.office.test_fuzz import known, word

NUMBER = st.sampled_from((0, 1, 2, 3, 5, 10, -1, 2**31 - 1, -(2**31)))
KINDS = {
    "s": word, "i": NUMBER, "l": NUMBER, "d": st.sampled_from((0.0, 1.0, -1.5, 99.5, 1e300, float("inf"), float("nan"))),
    "b": st.booleans(), "map": st.dictionaries(word, word, max_size=2),
}


@st.composite
def values(draw, name, depth=0):
    found = {}
    for field in SCHEMA[name]:
        if not draw(st.booleans()):
            continue
        if field.kind in KINDS:
            value = draw(st.lists(KINDS[field.kind], max_size=2) if field.many else KINDS[field.kind])
        elif field.kind == "Contract" and draw(st.booleans()):
            value = dict(zip(("conId", "exchange"), draw(known), strict=True))
        elif depth < 3:
            value = [draw(values(field.kind, depth + 1))] if field.many else draw(values(field.kind, depth + 1))
        else:
            continue
        found[field.name] = value
    return found


@st.composite
def requests(draw):
    number = draw(st.sampled_from(sorted(MESSAGES)))
    name = MESSAGES[number][0]
    return struct.pack(">I", 200 + number) + encode(name, draw(values(name)))


@pytest.mark.parametrize("number", sorted(MESSAGES))
def test_a_request_that_says_nothing_is_no_fault(number):
    bench = Bench()
    faults = []
    bench.simulator.tws._report = lambda client, request, error: faults.append((request, error))
    Binary(bench, 226).feed(struct.pack(">I", 200 + number))
    assert faults == []
    bench.simulator.stopService()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(requests(), min_size=1, max_size=20), st.sampled_from((201, 213, 226)))
def test_no_request_finds_a_fault(asked, version):
    bench = Bench(accounts=("DU1", "DU2"), depth_limit=0, history_pacing=False)
    faults = []
    bench.simulator.tws._report = lambda client, request, error: faults.append((request, error))
    client = Binary(bench, version)
    for payload in asked:
        client.feed(payload)
        bench.clock.advance(0.2)
    for _ in range(10):
        bench.clock.advance(0.1)
    client.heard()
    assert faults == []
    assert client.text(80)[0][0] == In.FAMILY_CODES, "the session goes on"
    bench.simulator.stopService()
