"""JSON without NaN, Infinity or IB's sentinels."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model import figures
from ibgw_tx.model import json_text as jsontext


def test_json_is_compact_utf8():
    assert jsontext.dumps({"a": [1, "é"]}) == '{"a":[1,"é"]}'.encode()
    assert jsontext.text([True, None]) == "[true,null]"


def test_nan_and_infinity_are_written_as_null():
    assert json.loads(jsontext.dumps([math.nan, math.inf, -math.inf])) == [None, None, None]


@pytest.mark.parametrize("text", [b"", b"{", b"NaN", b"[1,]", b"\xff", b"1e999", b"[" * 5000, b'"\\ud800"', "\ud800", "'a'"])
def test_what_is_no_strict_json_is_a_value_error(text):
    with pytest.raises(ValueError):
        jsontext.loads(text)


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_a_value_error(data):
    try:
        jsontext.loads(data)
    except ValueError:
        pass


@pytest.mark.parametrize(
    ("value", "known"),
    [
        (1.5, 1.5),
        (0, 0),
        (-1, -1),
        ("text", "text"),
        (True, True),
        (None, None),
        (1.7976931348623157e308, None),
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        (2147483647, None),
        (9223372036854775807, None),
        (2147483646, 2147483646),
    ],
)
def test_sentinels_are_not_known(value, known):
    assert figures.known(value) is known or figures.known(value) == known


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("484333.21", 484333.21),
        ("100.0", 100),
        ("-3", -3),
        (2.5, 2.5),
        (None, None),
        ("", None),
        ("1,234", None),
        ("N/A", None),
        ("nan", None),
        ("inf", None),
        ("1.7976931348623157E308", None),
        (-1.7976931348623157e308, None),
    ],
)
def test_a_number_is_finite_and_an_int_when_whole(value, number):
    found = figures.number_or_none(value)
    assert found == number and type(found) is type(number)


@given(st.text(max_size=12) | st.floats())
def test_any_text_is_a_finite_number_or_none(value):
    found = figures.number_or_none(value)
    assert found is None or math.isfinite(found)
