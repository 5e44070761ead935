"""A client above server version 200: four-byte ids, protobuf and text; and what IB's client wrote as requests."""

import json
import struct
from pathlib import Path

from ibgw_tx.sim.replies.protobuf import FLAT, SHAPED
from ibgw_tx.sim.wire.ids import In
from ibgw_tx.sim.wire.protobuf import decode
from tests.sim.kit.bench import Pipe, greeting

REQUESTS = Path(__file__).parents[1] / "wire" / "requests_protobuf.jsonl"
SENT = [json.loads(line) for line in REQUESTS.read_text().splitlines()]
NAMES = {number: name for number, (_, name, *_) in (FLAT | SHAPED).items()} | {
    In.OPEN_ORDER: "OpenOrder", In.COMPLETED_ORDER: "CompletedOrder", In.CONTRACT_DATA: "ContractData",
    In.BOND_CONTRACT_DATA: "ContractData", In.MARKET_DEPTH: "MarketDepth", In.MARKET_DEPTH_L2: "MarketDepthL2",
    In.CONFIG_RESPONSE: "ConfigResponse", In.UPDATE_CONFIG_RESPONSE: "UpdateConfigResponse",
}


class Binary:
    """A client above 200: messages are (id, values by name), or (id, list of texts) where they are text."""

    def __init__(self, bench, version, client_id=7):
        self.version = version
        self.line, self.pipe = bench.simulator.factory.buildProtocol(None), Pipe()
        self.line.makeConnection(self.pipe)
        self.line.dataReceived(greeting(f"v100..{version}"))
        payload = self.pipe.value()[4:]
        self.pipe.clear()
        assert payload == f"{version}\x0020261118 12:00:00 UTC\0".encode(), "the reply to the greeting has no id"
        start = b"\0\0\0\x47" + b"2\0" + str(client_id).encode() + b"\0\0"
        self.welcome = self.feed(start if version < 213 else bytes.fromhex("0000010f08") + bytes([client_id]))

    def feed(self, payload):
        self.line.dataReceived(struct.pack(">I", len(payload)) + payload)
        return self.heard()

    def heard(self):
        data, found = self.pipe.value(), []
        self.pipe.clear()
        while data:
            (size,) = struct.unpack(">I", data[:4])
            payload, data = data[4 : 4 + size], data[4 + size :]
            (number,) = struct.unpack(">I", payload[:4])
            if number > 200:
                found.append((number - 200, decode(NAMES[number - 200], payload[4:])))
            else:
                found.append((number, payload[4:].decode().split("\0")[:-1]))
        return found

    def text(self, number, *fields):
        return self.feed(struct.pack(">I", number) + "".join(f"{field}\0" for field in fields).encode())


def sent(name, number=""):
    return next(bytes.fromhex(row["protobuf"]) for row in SENT
                if row["name"] == name and (not number or row["text"][1] == number))


def of(messages, number):
    return [values for found, values in messages if found == number]
