"""Quantities and sizes are exact, whatever way TWS or a bot writes them."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model import figures
from ibgw_tx.model import json_text as jsontext

UNSET = ["2147483647", "9223372036854775807", str(2**127 - 1), "1.7976931348623157E308", 2**31 - 1, 2.0**127, Decimal(2**127 - 1)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("100", "100"),
        (b"100", "100"),
        ("100.0", "100"),
        ("0.10", "0.1"),
        (b"0.1", "0.1"),
        (0.1, "0.1"),
        ("12345678.00000001", "12345678.00000001"),
        ("98765432.12345678", "98765432.12345678"),
        ("123456789012.12345678", "123456789012.12345678"),
        ("1E-8", "0.00000001"),
        (b"1E-8", "0.00000001"),
        (Decimal("1E-8"), "0.00000001"),
        ("1E+3", "1000"),
        ("-3", "-3"),
        (2147483646, "2147483646"),
        # Sums of doubles, as an older TWS may write them: Filled must not wait for the rest of such a one.
        ("0.30000000000000004", "0.3"),
        ("0.29999999999999999", "0.3"),
        (0.1 + 0.2, "0.3"),
        ("0.123456789012345", "0.123456789012345"),
        # What a sender makes that writes a double out in full (tws-facts-10x, T12).
        ("0.1000000000000000055511151231257827021181583404541015625", "0.1"),
    ],
)
def test_a_quantity_goes_out_with_the_digits_it_came_with(value, text):
    for read in (figures.quantity, figures.quantity_or_none, figures.size_or_none, figures.row_size):
        found = read(value)
        assert jsontext.text(found) == text
        assert type(found) is (Decimal if "." in text else int)


@pytest.mark.parametrize("value", [*UNSET, b"1.7976931348623157E308", "Infinity", "1E+999999", Decimal("1E+300")])
def test_no_way_of_saying_unset_is_a_size(value):
    assert figures.size_or_none(value) is None
    assert figures.quantity_or_none(value) is None
    assert figures.row_size(value) == figures.NO_SIZE


@pytest.mark.parametrize("value", ["", b"", "NaN", "abc", None, b"\xff", "1,000", Decimal("NaN"), [1]])
def test_what_is_no_number_is_no_quantity(value):
    assert figures.quantity_or_none(value) is None
    with pytest.raises(ValueError):
        figures.size_or_none(value)


@pytest.mark.parametrize("value", [Decimal(2**127 - 1), Decimal("NaN"), Decimal("Infinity"), 2**127 - 1])
def test_a_decimal_sentinel_is_not_known(value):
    assert figures.known(value) is None


def test_a_decimal_is_known():
    assert figures.known(Decimal("0.00000001")) == Decimal("0.00000001")


@given(st.decimals(min_value=0, max_value=10**12, places=8))
def test_eight_decimals_of_any_size_come_back(value):
    found = figures.quantity(str(value))
    assert found == value
    assert json.loads(jsontext.dumps(found), parse_float=Decimal, parse_int=Decimal) == value
    assert figures.on_wire(found) in (int(value), figures.written(value))


def test_what_ibapi_writes_has_no_exponent():
    assert str(figures.on_wire(Decimal("1E-8"))) == "0.00000001"


@given(st.text(max_size=12) | st.floats() | st.decimals())
def test_anything_is_a_quantity_or_none(value):
    found = figures.quantity_or_none(value)
    assert found is None or abs(found) < figures.LARGEST_SIZE


@pytest.mark.parametrize("text", ["98765432.12345678", "0.1", "12345678901234567890.5", "1.10"])
def test_numbers_of_commands_keep_their_digits(text):
    found = jsontext.loads_exact(f'{{"s":{text},"n":7}}')
    assert found["n"] == 7
    assert figures.normal(Decimal(getattr(found["s"], "text", repr(found["s"])))) == Decimal(text)


@pytest.mark.parametrize("text", [b"NaN", b'{"s":12345678901234567890.5,}', b"", b'{"s":1e999,"t":123456789.123456789}'])
def test_exact_reading_is_as_strict_as_any(text):
    with pytest.raises(ValueError):
        jsontext.loads_exact(text)
