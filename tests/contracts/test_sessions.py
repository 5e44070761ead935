"""IB's texts of trading hours as times."""

from ibgw_tx.contracts.sessions import with_sessions

HOUR = 3_600_000
MIDNIGHT = 1_767_330_000_000  # 2026-01-02 00:00 US/Eastern


def test_sessions_are_times_in_ms():
    found = with_sessions(
        {
            "timeZoneId": "US/Eastern",
            "tradingHours": "20260102:0400-20260102:2000;20260103:CLOSED;20260104:1800-20260105:1700",
            "liquidHours": "20260102:0930-1600",
        }
    )
    assert found["sessions"] == [
        [MIDNIGHT + 4 * HOUR, MIDNIGHT + 20 * HOUR],
        [MIDNIGHT + 66 * HOUR, MIDNIGHT + 89 * HOUR],
    ]
    assert found["liquidSessions"] == [[MIDNIGHT + 9 * HOUR + HOUR // 2, MIDNIGHT + 16 * HOUR]]


def test_old_texts_have_several_spans_a_day():
    found = with_sessions({"timeZoneId": "JST (Japan Standard Time)", "tradingHours": "20260102:0900-1130,1230-1500"})
    assert "sessions" not in found, "a zone that nobody knows"
    found = with_sessions({"timeZoneId": "Japan", "tradingHours": "20260102:0900-1130,1230-1500"})
    assert [(end - begin) // 60_000 for begin, end in found["sessions"]] == [150, 150]


def test_what_cannot_be_read_is_left_out():
    for text in ("nonsense", "20260102:0400", "20269902:0400-2000", ""):
        assert "sessions" not in with_sessions({"timeZoneId": "US/Eastern", "tradingHours": text, "sessions": "of before"})
    assert "sessions" not in with_sessions({"tradingHours": "20260102:0400-2000"})
    assert with_sessions({"timeZoneId": "UTC", "tradingHours": "20260103:CLOSED"})["sessions"] == []
