"""JSON without NaN, Infinity or IB's sentinels."""

import json
import math
import tracemalloc

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


class Pairs(list):
    """Members of an object as they are written, perhaps one name twice."""


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('a:"{,'), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(st.tuples(st.sampled_from(["a", "b", ":"]), inner), max_size=3).map(Pairs)
    ),
    max_leaves=8,
)


def written(value):
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{json.dumps(name)}:{written(item)}" for name, item in value) + "}"
    return "[" + ",".join(map(written, value)) + "]" if isinstance(value, list) else json.dumps(value)


@given(NESTED)
def test_what_is_given_once_for_sure_has_no_member_twice(value):
    text = written(value)
    if jsontext.given_once(text, json.loads(text)):
        assert jsontext.given_twice(text) is None


def test_a_plain_command_is_given_once_for_sure():
    text = b'{"id":1,"cmd":"PLACE_ORDER","params":{"contract":{"conId":1},"order":{"T":"buy","s":[1,{"a":2}]}}}'
    assert jsontext.given_once(text, json.loads(text)) and jsontext.given_once(text.decode(), json.loads(text))
    twice = b'{"id":1,"cmd":"PLACE_ORDER","params":{"order":{"s":1,"s":2}}}'
    assert not jsontext.given_once(twice, json.loads(twice))
    deep = b"[" * 950 + b"]" * 950
    assert jsontext.given_once(b'{"a":' + deep + b"}", {"a": jsontext.loads(deep)}) in (True, False)


def test_what_is_kept_holds_no_more_than_its_own_length():
    """A thousand small texts of orjson's hold 16 MB."""
    tracemalloc.start(1)
    try:
        kept = [jsontext.dumps_to_keep({"a": number}) for number in range(1000)]
        assert tracemalloc.get_traced_memory()[0] < 200_000 and kept[7] == b'{"a":7}'
    finally:
        tracemalloc.stop()
