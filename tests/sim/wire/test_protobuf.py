"""Protobuf by hand: bytes and back, and the requests of IB's client 10.50.2 at 226 beside what the same client wrote at 200."""

import importlib
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.sim.wire import protobuf, protobuf_requests, requests
from ibgw_tx.sim.wire.layout import BadRequest
from ibgw_tx.sim.wire.protobuf import ProtobufError, decode, encode
from ibgw_tx.sim.wire.schema import SCHEMA
from tests.kit.ibapi_names import MODERN

SENT = [json.loads(line) for line in Path(__file__).with_name("requests_protobuf.jsonl").read_text().splitlines()]
TWINS = [row for row in SENT if row["text"]]
# Arguments that only one of the dialects has: fields long dead in text, options nobody reads, and what is of newer servers.
ONE_SIDED = {
    "options", "version", "sharesAllocation", "rfq1", "rfq2", "eTradeOnly", "firmQuoteOnly", "nbboPriceCap", "neutral", "legs",
    "orderMiscOptions", "capabilities", "regulatory", "rest", "parentPermId", "filledQuantity", "refFuturesConId",
    "autoCancelDate", "shareholder", "submitter", "bondAccruedInterest", "routeMarketableToBbo",
}


def read(row):
    """The request in both dialects."""
    data = bytes.fromhex(row["protobuf"])
    twin = protobuf_requests.parse(int.from_bytes(data[:4]) - 200, data[4:], 226)
    return requests.parse(row["text"], 200), twin


@pytest.mark.parametrize("row", TWINS, ids=lambda row: f"{row['name']} {row['text'][1] if len(row['text']) > 1 else ''}")
def test_a_request_means_the_same_in_both_dialects(row):
    text, twin = read(row)
    assert (twin.msg_id, twin.name, twin.req_id, twin.contract) == (text.msg_id, text.name, text.req_id, text.contract)
    names = (text.args.keys() | twin.args.keys()) - ONE_SIDED
    # What is 0, empty or false in one is absent in the other.
    assert {name: twin.args.get(name) or None for name in names} == {name: text.args.get(name) or None for name in names}


def test_every_request_with_a_message_was_sent_by_the_official_client():
    seen = {int.from_bytes(bytes.fromhex(row["protobuf"])[:4]) - 200 for row in SENT}
    assert protobuf_requests.MESSAGES.keys() - seen == {71}  # startApi begins every session


def test_what_has_no_form_in_text_is_read_and_needs_its_server_version():
    for row in SENT:
        if not row["text"]:
            data = bytes.fromhex(row["protobuf"])
            number = int.from_bytes(data[:4]) - 200
            since = protobuf_requests.SINCE[number]
            assert protobuf_requests.parse(number, data[4:], since).name == protobuf_requests.ONLY[number]
            with pytest.raises(BadRequest):
                protobuf_requests.parse(number, data[4:], since - 1)


KINDS = {
    "s": st.text(min_size=1, max_size=9), "i": st.integers(-(2**31), 2**31 - 1), "l": st.integers(-(2**63), 2**63 - 1),
    "d": st.floats(allow_nan=False).filter(lambda value: abs(value) < 1.79e308 or math.isinf(value)), "b": st.just(True),
}


def values_of(name):
    """Values for any message of the schema, without recursion beyond its parts."""
    fields = {}
    for field in SCHEMA[name]:
        if field.kind == "map":
            fields[field.name] = st.dictionaries(st.text(max_size=4), st.text(max_size=4), min_size=1, max_size=3)
        else:
            kind = KINDS[field.kind] if field.kind in KINDS else st.deferred(lambda kind=field.kind: values_of(kind))
            fields[field.name] = st.lists(kind, min_size=1, max_size=3) if field.many else kind
    return st.fixed_dictionaries({}, optional=fields)


@pytest.mark.parametrize(
    "name", ["PlaceOrderRequest", "OpenOrder", "ContractData", "SecDefOptParameter", "ErrorMessage", "MarketDepthL2"],
)
def test_what_is_written_is_read_again(name):
    @given(values_of(name))
    def check(values):
        assert decode(name, encode(name, values)) == values

    check()


@given(st.sampled_from(sorted(protobuf_requests.MESSAGES)), st.binary(max_size=60))
def test_any_bytes_are_a_request_or_a_bad_one(number, data):
    try:
        protobuf_requests.parse(number, data, 226)
    except BadRequest:
        pass


@pytest.mark.parametrize("data", [b"\x08", b"\x08" + b"\xff" * 11, b"\x12\x05ab", b"\x0b", b"\x09\x00"])
def test_what_is_cut_short_or_of_a_wrong_type_is_told(data):
    with pytest.raises(ProtobufError):
        decode("OrderStatus", data)


def test_unknown_fields_are_passed_over_and_absent_ones_are_not_there():
    more = protobuf.varint(99 << 3 | 2) + b"\x03abc" + protobuf.varint(98 << 3 | 5) + b"\0\0\0\0"
    assert decode("OrderStatus", encode("OrderStatus", {"orderId": 0, "status": "", "permId": None}) + more) == {"orderId": 0}


def test_negative_numbers_take_ten_bytes_and_the_unset_double_none():
    assert encode("ErrorMessage", {"id": -1}) == b"\x08" + b"\xff" * 9 + b"\x01"
    assert encode("PnL", {"dailyPnL": 1.7976931348623157e308, "realizedPnL": 0.0}) == b"\x21" + bytes(8)


#: Of these fewer members are written down than there are: nobody here asks what they say.
CUT = {"ScannerSubscription"}
LETTERS = {9: "s", 5: "i", 3: "l", 1: "d", 8: "b"}


@pytest.mark.skipif(not MODERN, reason="9.81.1 has no classes to compare with")
@pytest.mark.parametrize("name", SCHEMA)
def test_the_facts_of_a_message_are_those_of_ibapis_own_classes(name):
    """The one look at IB's classes: written by hand as the schema is, it may not differ from them."""
    described = getattr(importlib.import_module(f"ibapi.protobuf.{name}_pb2"), name).DESCRIPTOR
    found = []
    for field in described.fields:
        entries = field.message_type is not None and field.message_type.GetOptions().map_entry
        kind = "map" if entries else LETTERS.get(field.type) or field.message_type.name
        many = field.is_repeated if hasattr(field, "is_repeated") else field.label == field.LABEL_REPEATED
        found.append((field.number, field.name, kind, many and not entries))
    known = [(field.number, field.name, field.kind, field.many) for field in SCHEMA[name]]
    assert known == (found[: len(known)] if name in CUT else found)
