"""Framing: any slicing of the stream gives the same payloads, and nonsense ends it."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.sim.wire import frames as wire
from tests.sim.kit.bench import frame, greeting


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.randoms())
def test_any_slicing_gives_the_same_payloads(payloads, rng):
    stream = greeting() + b"".join(struct.pack(">I", len(p)) + p for p in payloads)
    inbox, found = wire.Inbox(), []
    while stream:
        cut = rng.randint(1, len(stream))
        found += inbox.feed(stream[:cut])
        stream = stream[cut:]
    assert found == [b"v100..157", *payloads]


def test_a_wrong_greeting_is_refused_at_its_first_wrong_byte():
    inbox = wire.Inbox()
    assert inbox.feed(b"A") == []
    with pytest.raises(wire.WireError):
        inbox.feed(b"X")


def test_an_absurd_length_is_refused_before_its_bytes_come():
    inbox = wire.Inbox()
    inbox.feed(greeting())
    with pytest.raises(wire.WireError):
        inbox.feed(struct.pack(">I", 2**31))
    with pytest.raises(wire.WireError):
        wire.Inbox().feed(b"API\0" + struct.pack(">I", 100_000))


@pytest.mark.parametrize(
    ("payload", "result"),
    [(b"v100..157", (100, 157, "")), (b"v100..157 +PACEAPI", (100, 157, "+PACEAPI")), (b"v151", (151, 151, ""))],
)
def test_a_version_range_is_read(payload, result):
    assert wire.parse_range(payload) == result


def test_a_range_that_is_none_is_refused():
    with pytest.raises(wire.WireError):
        wire.parse_range(b"hello")


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "1"), (False, "0"), (None, ""), (1.5, "1.5"), (wire.UNSET, "1.7976931348623157E308"), (7, "7"), ("a", "a")],
)
def test_values_are_written_as_tws_writes_them(value, text):
    assert wire.text(value) == text


def test_a_frame_is_seven_bit_from_153_on_and_utf8_before():
    assert wire.frame(["ü", "\u4e2d"], 157)[4:] == b"\\u00fc\0\\u4e2d\0"
    assert wire.frame(["\U0001f680"], 157)[4:] == b"\\ud83d\\ude80\0", "as Java writes it: a unit of UTF-16 at a time"
    assert wire.frame([4, "ü"], 226)[4:] == b"\0\0\0\x04" + b"\\u00fc\0"
    assert wire.frame(["ü"], 152)[4:] == "ü\0".encode()


def test_a_nul_in_a_text_cannot_shift_fields():
    assert wire.split(wire.frame(["a\0b", "c"])[4:]) == ["ab", "c"]


def test_a_frame_is_what_the_official_client_would_make():
    assert wire.frame([4, 2, -1, 2104, "ok"]) == frame(4, 2, -1, 2104, "ok")
