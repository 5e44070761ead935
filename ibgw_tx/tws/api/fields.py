"""ibapi's reading of one field, without the two log calls and the five decodings that it makes of each.

An openOrder has 130 fields, and a start may bring thousands of openOrders. What comes out is what `ibapi.utils.decode` gives, for
the fields of bytes that this gateway hands to the decoder; whatever is not common is left to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ibapi import utils
from ibapi.const import UNSET_DECIMAL, UNSET_DOUBLE, UNSET_INTEGER

__all__ = ["decode"]

_UNSET_SIZES = frozenset((b"", b"2147483647", b"9223372036854775807", b"1.7976931348623157E308", b"-9223372036854775808"))


def decode(the_type: Any, fields: Iterator[Any], show_unset: bool = False, use_unicode: bool = False) -> Any:
    """The next field as a value of this type. Raises BadMessage when there is none, and whatever is wrong with it."""
    field = next(fields, None)
    if type(field) is not bytes:
        return utils.decode(the_type, iter(() if field is None else (field,)), show_unset, use_unicode)
    if the_type is str:
        return field.decode("unicode-escape" if use_unicode else "utf-8", "backslashreplace")
    if the_type is int:
        return int(field or 0) if field or not show_unset else UNSET_INTEGER
    if the_type is float and field != b"Infinity":
        return float(field or 0) if field or not show_unset else UNSET_DOUBLE
    if the_type is Decimal:
        return UNSET_DECIMAL if field in _UNSET_SIZES else Decimal(field.decode())
    if the_type is bool and not show_unset:
        return int(field or 0) != 0
    return utils.decode(the_type, iter((field,)), show_unset, use_unicode)
