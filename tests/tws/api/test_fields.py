"""One field is read as ibapi reads it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi import utils

from ibgw_tx.tws.api.generation import MODERN

fields = pytest.importorskip("ibgw_tx.tws.api.fields") if MODERN else None
pytestmark = pytest.mark.skipif(not MODERN, reason="9.81 reads its fields otherwise, and goes on doing so")

texts = st.binary(max_size=8) | st.sampled_from([
    b"", b"0", b"1", b"-1", b"7", b"1.5", b"1e-8", b"Infinity", b"nan", b"2147483647", b"9223372036854775807", b" 1", b"1_0",
    b"1.7976931348623157E308", b"1.7976931348623157e+308", b"-9223372036854775808", "é".encode(), b"\\u00e9", b"\xff", b"True",
])  # fmt: skip


def outcome(decode, *asked):
    the_type, told, *more = asked
    try:
        return repr(decode(the_type, iter(told), *more))
    except Exception:
        return "not to be read"


@given(
    st.sampled_from([str, int, float, Decimal, bool]),
    st.lists(texts | st.just("a text"), max_size=1),
    st.booleans(),
    st.booleans(),
)
def test_a_field_is_read_as_ibapi_reads_it(the_type, told, show_unset, use_unicode):
    asked = the_type, told, show_unset, use_unicode
    assert outcome(fields.decode, *asked) == outcome(utils.decode, *asked)
