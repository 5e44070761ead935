"""Frames of today's servers, from other projects: our decoder calls back what the official client does, with the same values."""

import json
from enum import Enum
from pathlib import Path

import pytest
from ibapi.decoder import Decoder
from ibapi.wrapper import EWrapper

from ibgw_tx.history.bars import parse_bars
from ibgw_tx.tws.api.decoder import TWSDecoder
from ibgw_tx.tws.api.generation import MODERN
from tests.kit.ibapi_names import old_name

LINES = (Path(__file__).parents[2] / "data" / "frames-10x.jsonl").read_text(encoding="utf-8").splitlines()
FRAMES = [json.loads(line) for line in LINES]


class Names(EWrapper):
    """Notes which callbacks were made, by IB's old names, and with what."""

    def __init__(self):
        super().__init__()
        self.made, self.said = [], []

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name.startswith("_") or name in ("made", "said", "note", "logAnswer") or not callable(found):
            return found
        return lambda *args: self.note(old_name(name), args)

    def note(self, name, args):
        self.made.append(name)
        self.said.append((name, [plain(value) for value in args]))


def plain(value):
    """An argument with its members, so that two of them can be compared."""
    if isinstance(value, list | tuple | set):
        return [plain(each) for each in value]
    if isinstance(value, Enum) or not hasattr(value, "__dict__"):
        return value
    return {name: plain(each) for name, each in vars(value).items()}


def decoded(version, payload):
    names = Names()
    TWSDecoder(names, version).interpret(bytes.fromhex(payload).split(b"\0")[:-1])
    return names.made


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: f"{frame['server_version']}-{frame['calls'][0]}")
def test_a_frame_calls_back_as_the_official_client_says(frame):
    if MODERN:
        assert decoded(frame["server_version"], frame["hex"]) == [old_name(name) for name in frame["calls"]]
    if frame.get("hex_relaid_157") and hasattr(EWrapper, frame["calls"][0]):
        # At 157 the end of bars stands in their message.
        made = [name for name in decoded(157, frame["hex_relaid_157"]) if name != "historicalDataEnd"]
        assert made == [old_name(name) for name in frame["calls"]]


@pytest.mark.skipif(not MODERN, reason="9.81.1 reads none of them")
@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: f"{frame['server_version']}-{frame['calls'][0]}")
def test_a_frame_says_what_ibapis_own_decoder_reads_of_it(frame):
    fields = bytes.fromhex(frame["hex"]).split(b"\0")[:-1]
    official, our = Names(), Names()
    Decoder(official, frame["server_version"]).interpret(fields[1:], int(fields[0]))
    TWSDecoder(our, frame["server_version"]).interpret(fields)
    assert our.said == official.said and our.said
    if fields[0] == b"17":
        # On the hot path, without a decoder.
        req_id, bars = parse_bars([*fields, b""])
        rows = [args[1] for name, args in official.said if name == "historicalData"]
        assert req_id == 1001 and [bar[1:6] for bar in bars] == [
            [row["open"], row["high"], row["low"], row["close"], float(row["volume"])] for row in rows
        ]


def test_all_of_them_are_there():
    assert len(FRAMES) == 30
