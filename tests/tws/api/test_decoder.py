"""The decoder: what breaks ibapi's own breaks one message here, or nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ibgw_tx.model import events
from ibgw_tx.tws.api.decoder import TWSDecoder
from ibgw_tx.tws.api.wrapper import TWSWrapper


@pytest.fixture
def told():
    return []


@pytest.fixture
def decode(told):
    decoder = TWSDecoder(TWSWrapper(told.append), 157)
    return lambda *fields: decoder.interpret([field if isinstance(field, bytes) else str(field).encode() for field in fields])


def test_a_field_too_many_is_left_alone(decode, told):
    decode(4, 2, 7, 399, "text", "{}", "more")
    assert told == [events.Notice(7, 399, "text")]


@pytest.mark.parametrize("fields", [(4, 2, 7), (4, 2, "x", 399, "text"), (9, 1, "x"), ("x",)])
def test_a_broken_message_is_an_error(decode, told, fields):
    with pytest.raises(ValueError):
        decode(*fields)
    assert not told


def test_a_message_nobody_knows_is_left_alone(decode, told):
    decode(999, 1, 2, 3)
    assert not told


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (rb"caf\u00e9", "café"),
        ("café".encode(), "café"),
        (b"caf\xe9", "café"),
        (rb"C:\temp\new", r"C:\temp\new"),
        (rb"\ud83d\ude80", "🚀"),
        (rb"\u12", r"\u12"),
    ],
)
def test_texts_come_through_as_they_are_meant(decode, told, raw, text):
    decode(4, 2, 7, 399, raw)
    assert told[0].text == text


@pytest.mark.parametrize("name", [rb"A\B", "É".encode(), b"\xc9", rb"\u00c9"])
def test_a_long_name_of_any_kind_costs_no_contract(decode, told, name):
    fields = [10, 8, 7, "A", "STK", "", 0, "", "SMART", "USD", "A", "m", "A", 5, 0.01, 1, "", "LMT", "SMART", 1, 0, name]
    decode(*fields, "NYSE", *[""] * 4, "US/Eastern", "", "", "", 0, 0, 1, "", "", "", "", "COMMON")
    assert told[0].contract.conId == 5 and "\\u" not in told[0].details["longName"]


STATUS = st.tuples(
    st.sampled_from([b"51", b"", b"-3", b"x"]),
    st.sampled_from([b"Submitted", b"Filled", b"", "é".encode(), b"a\\u00e9", b"\xff"]),
    st.sampled_from([b"0", b"100", b"0.5", b"", b"1E-8", b"nan", b"x", b"2147483647"])
    | st.just(b"170141183460469231731687303715884105727"),
    st.sampled_from([b"0", b"100", b"12.25", b""]),
    st.sampled_from([b"0.0", b"150.25", b"1.7976931348623157E308", b"", b"Infinity", b"x"]),
    st.sampled_from([b"700", b"2147483647", b"9223372036854775807", b""]),
    st.sampled_from([b"0", b""]),
    st.sampled_from([b"70", b""]),
    st.sampled_from([b"0", b"7", b""]),
    st.sampled_from([b"", b"locate", "é".encode()]),
)


@settings(max_examples=400)
@given(st.sampled_from([124, 157, 176, 200]), STATUS, st.integers(0, 2))
def test_a_status_is_read_as_ibapi_reads_it(version, texts, lacking):
    """What ibapi's own decoder tells of it, or that it cannot be read."""
    fields = [b"3", *([b"1"] if version < 131 else []), *texts, *([b"0"] if version >= 131 else [])]
    fields = fields[: len(fields) - lacking]

    def outcome(take):
        told = []
        decoder = TWSDecoder(TWSWrapper(told.append), version)
        if take == "ibapi":
            decoder._status = lambda fields: False
        try:
            decoder.interpret(fields)
        except Exception:
            return None
        return told

    assert outcome("ours") == outcome("ibapi")
