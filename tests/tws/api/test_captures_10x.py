"""Frames of today's servers, from other projects: our decoder calls back what the official client does."""

import json
from pathlib import Path

import pytest
from ibapi.wrapper import EWrapper

from ibgw_tx.tws.api.decoder import TWSDecoder
from ibgw_tx.tws.api.generation import MODERN
from tests.kit.ibapi_names import old_name

LINES = (Path(__file__).parents[2] / "data" / "frames-10x.jsonl").read_text(encoding="utf-8").splitlines()
FRAMES = [json.loads(line) for line in LINES]


class Names(EWrapper):
    """Notes which callbacks were made, by IB's old names."""

    def __init__(self):
        super().__init__()
        self.made = []

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name.startswith("_") or name in ("made", "logAnswer") or not callable(found):
            return found
        return lambda *args, **more: self.made.append(old_name(name))


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


def test_all_of_them_are_there():
    assert len(FRAMES) == 30
