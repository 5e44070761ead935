"""The wire's framing: a 4-byte big-endian length, then NUL-terminated texts (tws-facts 1.1). No I/O.

One buffer and `unpack_from` instead of a callback per frame: depth arrives by the tens of thousands a second.
"""

from __future__ import annotations

import struct

#: ibapi's own limit (`MAX_MSG_LEN`); a longer frame is a corrupt length.
MAX_LENGTH = 0xFFFFFF

_unpack_length = struct.Struct("!I").unpack_from
_pack_length = struct.Struct("!I").pack


class FrameTooLong(Exception):
    """A frame announces more than MAX_LENGTH bytes: the stream cannot be read on. `frames` stood whole before it."""

    def __init__(self, length: int, frames: list[bytes]) -> None:
        super().__init__(f"a frame of {length} bytes was announced; the limit is {MAX_LENGTH}")
        self.length = length
        self.frames = frames


class FrameSplitter:
    """Cuts the byte stream of one connection into frames; keeps at most one incomplete frame."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Give the payloads that `data` completes, in order. Raises FrameTooLong; the splitter is useless after."""
        buffer = self._rest + data if self._rest else data
        frames: list[bytes] = []
        end = len(buffer)
        start, last = 0, end - 4
        while start <= last:
            (length,) = _unpack_length(buffer, start)
            if length > MAX_LENGTH:
                raise FrameTooLong(length, frames)
            start += 4
            stop = start + length
            if stop > end:
                start -= 4
                break
            frames.append(buffer[start:stop])
            start = stop
        self._rest = buffer[start:]
        return frames


def frame(payload: bytes) -> bytes:
    """One payload with its length in front."""
    return _pack_length(len(payload)) + payload


def fields_of(payload: bytes) -> list[bytes]:
    """The texts of a payload; each is NUL-terminated, so what follows the last NUL is no field."""
    return payload.split(b"\0")[:-1]
