"""The three ways in which TWS writes a time, and its own clock."""

import pytest

from ibgw_tx.model.tws_time import offset_of, told_ms

NOON = 1_712_059_200_000  # 2024-04-02 12:00:00 UTC
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("text", "offset", "ms"),
    [
        ("20240402-12:00:00", None, NOON),
        ("20240402-12:00:00", 8 * HOUR, NOON),
        ("20240402-12:00:00Z", 8 * HOUR, NOON),
        ("20240402 12:00:00Z", 8 * HOUR, NOON),
        ("20240402-12:00:00 UTC", 8 * HOUR, NOON),
        ("20240402-08:00:00 US/Eastern", None, NOON),
        ("20240402 08:00:00 US/Eastern", None, NOON),
        ("20240402 12:00:00 UTC", 8 * HOUR, NOON),
        ("20240402  20:00:00", 8 * HOUR, NOON),
        ("20240402 20:00:00 China Standard Time", 8 * HOUR, NOON),
        ("20240402  20:00:00", None, None),
        ("20240402 20:00:00 Nowhere/Land", None, None),
        ("20241402 20:00:00", 0, None),
        ("", 0, None),
        ("noon", 0, None),
    ],
)
def test_a_time_of_tws(text, offset, ms):
    assert told_ms(text, offset) == ms


@pytest.mark.parametrize(
    ("greeting", "ahead"),
    [
        ("20240402 20:00:07 CST", 8 * HOUR),
        ("20240402 07:00:00 CST", -5 * HOUR),
        ("20240402 17:29:55 IST", 5 * HOUR + HOUR // 2),
        ("20240402 12:00:00 UTC", 0),
        ("20240404 12:00:00 UTC", None),
        ("", None),
        ("hello", None),
    ],
)
def test_the_clock_of_tws_is_measured_against_ours(greeting, ahead):
    assert offset_of(greeting, NOON) == ahead
