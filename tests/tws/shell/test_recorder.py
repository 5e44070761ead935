"""The recording of a session: what is in it, what is masked, and how it ends."""

import json
from base64 import b64decode

import pytest
from twisted.internet.task import Clock

from ibgw_tx.tws.shell.recorder import Masker, Recorder


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("DU1234567", "DU0000001"),
        ("U7654321", "U0000001"),
        ("DU1234567,DU1234568,", "DU0000001,DU0000002,"),
        ("F123456A", "F000001A"),
        ("the account DU1234567 is", "the account DU0000001 is"),
        ("USD", "USD"),
        ("12345678", "12345678"),
        ("IBU1234567", "IBU1234567"),
        ("", ""),
    ],
)
def test_account_numbers_are_masked_and_nothing_else(text, masked):
    assert Masker()(text) == masked


def test_the_same_account_has_the_same_mask_throughout():
    mask = Masker()
    assert [mask("DU1234567"), mask("U99999"), mask("DU1234567")] == ["DU0000001", "U00002", "DU0000001"]


def test_frames_both_ways_with_their_time(tmp_path):
    clock = Clock()
    recorder = Recorder(str(tmp_path / "r"), True, clock)
    recorder.event("up", 157)
    clock.advance(1.5)
    recorder.frame("in", b"15\x001\x00DU1234567\x00")
    recorder.frame("out", b"49\x001\x00")
    recorder.event("down", "gone")
    recorder.close()
    lines = [json.loads(line) for line in (tmp_path / "r").read_text().splitlines()]
    assert lines == [
        {"t": 0.0, "d": "up", "fields": ["157"], "format": 2},
        {"t": 1.5, "d": "in", "fields": ["15", "1", "DU0000001"]},
        {"t": 1.5, "d": "out", "fields": ["49", "1"]},
        {"t": 1.5, "d": "down", "fields": ["gone"]},
    ]


def test_accounts_stay_when_asked(tmp_path):
    recorder = Recorder(str(tmp_path / "r"), False, Clock())
    recorder.frame("in", b"15\x001\x00DU1234567\x00")
    recorder.close()
    assert "DU1234567" in (tmp_path / "r").read_text()


def test_a_recording_that_is_full_ends_and_says_so(tmp_path, lines):
    recorder = Recorder(str(tmp_path / "r"), True, Clock(), limit=100)
    for _ in range(10):
        recorder.frame("in", b"4\x002\x00some text\x00")
    assert len((tmp_path / "r").read_text().splitlines()) < 10
    assert any("reached its limit" in line for line in lines)
    recorder.flush()
    recorder.close()


@pytest.mark.parametrize("act", ["frame", "event", "flush", "close"])
def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path, lines, act):
    recorder = Recorder(str(tmp_path / "r"), True, Clock())
    recorder._file.close()

    class File:
        write = flush = close = lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))

    recorder._file = File()
    {"frame": lambda: recorder.frame("in", b"1\0"), "event": lambda: recorder.event("down", "lost \udcff")}.get(
        act, getattr(recorder, act, None)
    )()
    assert sum("No space left" in line for line in lines) == 1
    recorder.frame("in", b"1\0")
    recorder.event("down", "again")
    recorder.close()


def test_accounts_of_an_unknown_pattern_are_masked_once_tws_has_named_them(tmp_path):
    recorder = Recorder(str(tmp_path / "r"), True, Clock())
    recorder.frame("in", b"15\x001\x00DUM123456,U7654321,PAPER\x00")
    recorder.frame("in", b"6\x002\x00CashBalance\x005\x00USD\x00DUM123456\x00")
    recorder.frame("out", b"6\x002\x001\x00PAPER\x00")
    recorder.close()
    text = (tmp_path / "r").read_text()
    assert not any(name in text for name in ("DUM123456", "U7654321", "PAPER"))
    assert text.count("DUM000001") == 2


@pytest.mark.parametrize("there", [False, True])
def test_nobody_else_may_read_a_recording(tmp_path, there):
    path = tmp_path / "r"
    if there:
        path.touch(0o644)
    Recorder(str(path), True, Clock()).close()
    assert path.stat().st_mode & 0o777 == 0o600


def field(number, value):
    return bytes([number << 3 | 2, len(value)]) + value


def test_accounts_are_masked_inside_protobuf_too_and_nothing_else_changes(tmp_path):
    recorder = Recorder(str(tmp_path / "r"), True, Clock())
    nested = field(1, b"\x08\x07") + field(6, b"DU1234567") + field(6, b"2") + b"\x21" + bytes(8)
    recorder.frame("in", b"\0\0\0\xd7" + field(1, b"DU1234567,XYZ77,"))
    recorder.frame("in", b"\0\0\0\xcd" + b"\x08\x07" + field(3, nested) + field(4, b"of XYZ77 and"))
    recorder.frame("in", b"\0\0\0\xcd" + b"\x0a\xff")
    recorder.frame("out", b"\0\0\0\x1515\x00DU1234567\x00")
    recorder.close()
    accounts, order, broken, text = map(json.loads, (tmp_path / "r").read_text().splitlines())
    assert (accounts["id"], b64decode(accounts["protobuf"])) == (215, field(1, b"DU0000002,XYZ01,"))
    masked = nested.replace(b"DU1234567", b"DU0000002")
    assert b64decode(order["protobuf"]) == b"\x08\x07" + field(3, masked) + field(4, b"of XYZ01 and")
    assert broken["protobuf"] == "" and text["fields"] == ["21", "15", "DU0000002"]
