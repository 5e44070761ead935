"""Frames of the TWS socket: bytes to payloads and values to bytes, without any I/O.

A frame is a 4-byte big-endian length and that many bytes; a payload is NUL-terminated texts, the first one the
message id. Before the first frame a client sends the four bytes `API\\0` (tws-facts 1.1).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from typing import Any

from ibgw_tx.sim.wire.ids import PROTOBUF_IDS, TEXT

GREETING = b"API\0"
MAX_GREETING = 4096  # bytes; a version range with options is far shorter
MAX_FRAME = 0xFFFFFF  # bytes; IB's own MAX_MSG_LEN
ASCII7 = 153  # server version since which texts are 7-bit with \u escapes
UNSET = 1.7976931348623157e308  # IB's "no value" among doubles

Fields = tuple[Any, ...]  # one message: its id, then values as text() takes them

_LENGTH = struct.Struct(">I")
_RANGE = re.compile(r"v(\d{1,6})(?:\.\.(\d{1,6}))?(?: (.*))?", re.DOTALL)


class WireError(Exception):
    """The peer does not speak this protocol; nothing later on the connection can be trusted."""


def text(value: Any) -> str:
    """One field as TWS writes it: booleans as 1/0, None as empty, doubles as Java prints large ones."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return repr(value).replace("e+", "E").replace("e", "E")
    return str(value)


def frame(fields: Iterable[Any], server_version: int = ASCII7) -> bytes:
    """Fields as one frame. A NUL inside a text would shift every later field, so it is dropped.

    Above TEXT the id, the first field, is four bytes, and behind it stand fields or the bytes of a message in protobuf.
    """
    if server_version > TEXT:
        msg_id, *rest = fields
        if rest and isinstance(rest[-1], bytes):
            return with_length(_LENGTH.pack(msg_id + PROTOBUF_IDS) + rest[-1])
        texts = "".join(text(field).replace("\0", "") + "\0" for field in rest)
        return with_length(_LENGTH.pack(msg_id) + ascii7(texts))
    joined = "".join(text(field).replace("\0", "") + "\0" for field in fields)
    payload = ascii7(joined) if server_version >= ASCII7 else joined.encode("utf-8", "replace")
    return _LENGTH.pack(len(payload)) + payload


def ascii7(texts: str) -> bytes:
    """What is not ASCII as Java writes it: four hexadecimal digits for each unit of UTF-16."""
    if texts.isascii():
        return texts.encode("ascii")
    return "".join(one if one.isascii() else _escaped(one) for one in texts).encode("ascii")


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))


def with_length(payload: bytes) -> bytes:
    """A ready-made payload as a frame: the path of depth rows, which are built as bytes."""
    return _LENGTH.pack(len(payload)) + payload


def take_id(payload: bytes) -> tuple[int, bytes]:
    """The four bytes of an id above TEXT, and what is behind them. Raises WireError."""
    if len(payload) < _LENGTH.size:
        raise WireError("a frame without an id")
    return _LENGTH.unpack_from(payload)[0], payload[_LENGTH.size :]


def split(payload: bytes) -> list[str]:
    """A payload as texts. The last NUL ends the last field; a missing one is forgiven."""
    fields = payload.decode("utf-8", "replace").split("\0")
    if fields and fields[-1] == "":
        fields.pop()
    return fields


def parse_range(payload: bytes) -> tuple[int, int, str]:
    """`v100..157 options` as (100, 157, "options"); a lone `v100` means exactly that version."""
    match = _RANGE.fullmatch(payload.decode("latin-1").rstrip("\0"))
    if match is None:
        raise WireError("no version range in the greeting")
    low = int(match[1])
    return low, int(match[2] or low), match[3] or ""


class Inbox:
    """Cuts a client's byte stream into payloads, the greeting's version range being the first.

    `feed` takes any slice of the stream, one byte or many frames. It raises WireError for a wrong greeting or an
    absurd length; the connection must then be dropped.
    """

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._buffer = bytearray()
        self._limit = limit
        self._greeted = False
        self._first = True

    def feed(self, data: bytes) -> list[bytes]:
        self._buffer += data
        if not self._greeted and not self._greet():
            return []
        return self._cut()

    def _greet(self) -> bool:
        head = bytes(self._buffer[:4])
        if not GREETING.startswith(head):
            raise WireError("the connection does not begin with API\\0")
        if len(head) < len(GREETING):
            return False
        del self._buffer[:4]
        self._greeted = True
        return True

    def _cut(self) -> list[bytes]:
        payloads: list[bytes] = []
        start, buffer = 0, self._buffer
        while len(buffer) - start >= 4:
            (size,) = _LENGTH.unpack_from(buffer, start)
            if size > (MAX_GREETING if self._first else self._limit):
                raise WireError(f"a frame of {size} bytes was announced")
            if len(buffer) - start - 4 < size:
                break
            payloads.append(bytes(buffer[start + 4 : start + 4 + size]))
            start += 4 + size
            self._first = False
        del buffer[:start]
        return payloads
