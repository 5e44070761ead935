"""A client's payload as a Request, in the dialect that its server version and its id tell."""

from __future__ import annotations

from ibgw_tx.sim.wire import frames, protobuf_requests, requests
from ibgw_tx.sim.wire.ids import PROTOBUF_IDS, TEXT
from ibgw_tx.sim.wire.requests import Request


def read(payload: bytes, version: int) -> Request:
    """Raises BadRequest, and WireError for a payload too short for an id."""
    if version <= TEXT:
        return requests.parse(frames.split(payload), version)
    msg_id, rest = frames.take_id(payload)
    if msg_id > PROTOBUF_IDS:
        return protobuf_requests.parse(msg_id - PROTOBUF_IDS, rest, version)
    return requests.parse([str(msg_id), *frames.split(rest)], version)
