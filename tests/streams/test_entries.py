"""What XREADGROUP gives, and entries as Redis commands."""

from ibgw_tx.streams.entries import entries, follows, place_of
from ibgw_tx.streams.events import EventStream


def test_entries_of_a_reply():
    found = [
        [b"5-0", [b"json", b"{}"]], [b"6-1", [b"other", b"x", b"json", b"1"]], [b"7-0", None], [b"8-0", [b"a", b"b"]],
        [b"9-0", [b"json", b"1", b"json", b"2"]],
    ]  # fmt: skip
    reply = [[b"k", found]]
    assert list(entries(reply)) == [
        ("5-0", b"{}"), ("6-1", b"1"), ("7-0", "the entry was deleted before it was read"),
        ("8-0", "the entry has no field json"),
        ("9-0", "the entry has 2 fields json; it takes one command"),
    ]  # fmt: skip
    assert list(entries(None)) == [] and list(entries([[b"k", []]])) == []


def test_an_id_tells_when_and_what_follows():
    assert place_of("1794030415434-7") == (1794030415434, 7)
    assert follows("1794030415434-7") == "1794030415434-8"


def test_an_event_is_one_command_or_none():
    words = EventStream("demo", 50).entry("order", 1794030415434, b"{}")
    assert words == [
        ("XADD", "IBGateway:demo:events", "MAXLEN", "~", "50", "*", "type", "order", "t", "1794030415434", "json", b"{}")
    ]
    assert EventStream("demo", 0).entry("order", 1, b"{}") == []
