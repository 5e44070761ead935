"""Where a fuzzer starts: frames that TWS has said (recorded ones, and all that a day of ibsim says), every command, replies."""

from __future__ import annotations

import json
import re
import struct
from functools import cache
from pathlib import Path

from ibgw_tx.tws.frames import FrameSplitter
from tests.fuzz import frames, replies
from tests.fuzz.stage import CONTRACT, PROTOBUF, TEXT, Stage

DATA = Path(__file__).parents[1] / "data"
DOCUMENT = Path(__file__).parents[2] / "docs" / "redis-interface.md"


@cache
def payloads(version: int) -> tuple[bytes, ...]:
    """Messages of TWS at a version, each once."""
    found: list[bytes] = []
    feed = FrameSplitter.feed

    def noted(self: FrameSplitter, data: bytes) -> list[bytes]:
        cut = feed(self, data)
        found.extend(cut)
        return cut

    FrameSplitter.feed = noted  # type: ignore[method-assign]
    try:
        stage = Stage.made(version, fresh=True)
        stage.market.send("CANCEL_ORDER", client_oid="rests")
        stage.market.send("FIND_CHAIN", conId=265598)
        stage.market.send("FIND_HISTORY", contract={"conId": 265598, "exchange": "SMART"}, duration="1 D", barSize="1 hour",
                          whatToShow="TRADES", useRTH=True, endDateTime="")  # fmt: skip
        stage.market.send("SUB_BARS", **CONTRACT, barSize="5 secs")
        stage.market.send("ACCOUNT_SUMMARY")
        stage.market.simulator.frozen = False
        stage.market.passes(3)
    finally:
        FrameSplitter.feed = feed  # type: ignore[method-assign]
    Stage.made(version, fresh=True)
    for line in (DATA / "frames.jsonl").read_text(encoding="utf-8").splitlines():
        found.append(b"".join(field.encode() + b"\0" for field in json.loads(line)["fields"]))
    for line in (DATA / "frames-10x.jsonl").read_text(encoding="utf-8").splitlines():
        recorded = json.loads(line)
        found.append(bytes.fromhex(recorded.get("hex_relaid_157") or recorded["hex"]))
    if version == PROTOBUF:
        found = [each if each[:1] == b"\0" else _with_raw_id(each) for each in found]
    kinds: dict[bytes, int] = {}
    kept = []
    for payload in dict.fromkeys(found):
        kind = payload[:4] if version == PROTOBUF else payload.partition(b"\0")[0]
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= 8:
            kept.append(payload)
    return tuple(kept)


def _with_raw_id(payload: bytes) -> bytes:
    kind, _, rest = payload.partition(b"\0")
    return (int(kind) if kind.isdigit() else 4).to_bytes(4, "big") + rest


def of_frames() -> list[bytes]:
    """Each message alone, and some together."""
    found = []
    for flag, version in ((0, TEXT), (frames.IN_PROTOBUF, PROTOBUF)):
        said = [struct.pack("!I", len(each)) + each for each in payloads(version)]
        found += [bytes([flag]) + each for each in said]
        found += [bytes([flag]) + b"".join(said[at : at + 4]) for at in range(0, len(said), 4)]
        found += [bytes([flag | frames.HEAL]) + b"".join(said[at : at + 3]) for at in range(0, len(said), 30)]
        found.append(bytes([flag | frames.EARLY]) + b"".join(said[:12]))
        found.append(bytes([flag | frames.EARLY | frames.IN_PIECES]) + b"".join(said[:4]))
    return found


@cache
def messages() -> tuple[bytes, ...]:
    """Commands: the examples of the document, and the others."""
    text = DOCUMENT.read_text(encoding="utf-8")
    lines = re.findall(r"^(\{.*\"cmd\".*\})$", text, re.MULTILINE)
    found = [line.encode() for line in lines if '"ok"' not in line and '"type"' not in line]
    order = {"T": "buy", "s": 100, "p": 100.0, "client_oid": "new"}
    contract = {"symbol": "AAPL", "secType": "STK", "exchange": "SMART", "currency": "USD"}
    more = [
        ("PLACE_ORDER", {**CONTRACT, "order": order}),
        ("PLACE_ORDER", {"contract": contract, "order": {**order, "orderType": "STP LMT", "aux": 101.0, "tif": "GTC"}}),
        ("PLACE_ORDER", {"contract": {"conId": 265598}, "order": {"action": "SELL", "totalQuantity": 7, "orderType": "MKT"}}),
        ("PLACE_ORDER", {**CONTRACT, "order": {**order, "whatIf": True}}),
        ("PLACE_ORDER", {"order": {"client_oid": "rests", "p": 101.0}}),
        ("PLACE_ORDER", {"order": {"i": "1000640001", "s": 50}}),
        ("PLACE_ORDER", {"orders": [{**CONTRACT, "order": order}, {**CONTRACT, "order": {**order, "client_oid": "n2"}}]}),
        ("CANCEL_ORDER", {"client_oid": "rests"}), ("CANCEL_ORDER", {"apiOrderId": 2}), ("CANCEL_ORDER", {"i": "1000640002"}),
        ("CANCEL_ALL", {}), ("CANCEL_ORDERS", {"prefix": "re"}), ("CANCEL_ORDERS", {"T": "buy", **CONTRACT}),
        ("SUB_ODBK", {"exchange": "SMART", "showName": "USD-AAPL"}), ("UNSUB_ODBK", CONTRACT),
        ("SUB_TOP", {**CONTRACT, "tickByTick": True}),
        ("UNSUB_TOP", CONTRACT), ("RESET", {}), ("FIND_CONTRACTS", {"contract": contract}), ("FIND_CHAIN", {"conId": 265598}),
        ("FIND_HISTORY", {"contract": contract, "duration": "1 D", "barSize": "1 hour", "whatToShow": "TRADES", "useRTH": True}),
        ("SUB_BARS", {**CONTRACT, "barSize": "5 secs"}), ("UNSUB_BARS", {**CONTRACT, "barSize": "5 secs"}),
        ("EXERCISE", {"contract": {"conId": 700000101}, "quantity": 1, "action": "exercise"}), ("HALT", {"reason": "x"}),
        ("RESUME", {}),
        ("STATUS", {}), ("SNAPSHOT", {}), ("ACCOUNT_LIST", {}), ("ACCOUNT_SUMMARY", {"account": "DU1000001"}),
    ]  # fmt: skip
    found += [json.dumps({"id": f"m{at}", "cmd": cmd, "params": params}).encode() for at, (cmd, params) in enumerate(more)]
    return tuple(dict.fromkeys(found))


def of_commands() -> list[bytes]:
    """Each command alone, by the channel and by the stream, and what is none."""
    odd = [b"", b"{}", b"[]", b"null", b'{"id":1}', b'{"cmd":"X"}', b"\xff", b"[" * 500, b'{"id":1e999,"cmd":"STATUS"}',
           b'{"id":12345678901234567890123,"cmd":"STATUS"}', b'{"id":1,"id":2,"cmd":"STATUS"}',
           b'{"id":1,"cmd":"STATUS","t":1795003201000}', b'{"id":1,"cmd":"STATUS","t":1}']  # fmt: skip
    alone = [bytes([at % 8]) + message for at, message in enumerate((*messages(), *odd))]
    return [*alone, *(b"\0" + b"\0".join(messages()[at : at + 3]) for at in range(0, len(messages()), 3))]


def of_replies() -> list[bytes]:
    """What Redis says, on each connection."""
    said = [
        b"+OK\r\n", b"+PONG\r\n", b"+QUEUED\r\n", b":1\r\n", b":-1\r\n", b"$-1\r\n", b"*-1\r\n", b"$5\r\nhello\r\n",
        b"*0\r\n", b"-ERR no\r\n", b"-NOAUTH Authentication required.\r\n", b"-MOVED 1 h:1\r\n", b"-LOADING x\r\n",
        b"*2\r\n$1\r\na\r\n$1\r\nb\r\n", b"*3\r\n$7\r\nmessage\r\n$18\r\nIBGateway:demo:CMD\r\n$2\r\n{}\r\n",
        b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n", b"*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\na\r\n$1\r\nb\r\n",
        b"*1\r\n*2\r\n$1\r\nk\r\n*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$4\r\njson\r\n$2\r\n{}\r\n", b"%1\r\n+a\r\n:1\r\n",
        b"#t\r\n", b"_\r\n", b",1.5\r\n", b"(123\r\n", b">2\r\n+a\r\n+b\r\n", b"~1\r\n:1\r\n", b"*99999999\r\n",
        b"$99999999999999999999\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"$3\r\nab\r\n", b"*2\r\n:1\r\n",
        b"=7\r\ntxt:abc\r\n",
    ]  # fmt: skip
    ready = b"+PONG\r\n$9\r\nrun_id:1\n\r\n:11\r\n"
    found = [bytes([which | asked]) + each for which in range(3) for asked in (0, replies.ASKED) for each in said]
    early = [bytes([which | replies.EARLY]) + ready for which in range(3)]
    return [*found, *early, b"\x10+OK\r\n*0\r\n$-1\r\n", b"\x12:1\r\n:1\r\n:1\r\n"]
