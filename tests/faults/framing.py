"""Frames of TWS on a cable: where one ends, and words of nobody's between two."""

from __future__ import annotations

import struct


def packed(body: bytes) -> bytes:
    """A message with its length before it."""
    return struct.pack(">I", len(body)) + body


class Between:
    """A hook of a Cable (`to_client`): puts `waiting` between two whole frames, one at each chance, and changes nothing else.

    It begins in the middle of a session, so it looks for an edge first: a chunk that is whole frames from first to last byte.
    """

    def __init__(self, waiting: list[bytes] | None = None) -> None:
        self.waiting = waiting or []
        self._left: int | None = None  # bytes of the frame under way; None: no edge seen yet

    def __call__(self, chunk: bytes) -> bytes:
        if self._left is None:
            self._left = 0 if _rest(chunk, 0) == 0 else None
            if self._left is None:
                return chunk
            return chunk + self._next()
        self._left = _rest(chunk, self._left)
        if self._left < 0:  # a length in two chunks: look for an edge anew
            self._left = None
            return chunk
        return chunk + (self._next() if self._left == 0 else b"")

    def _next(self) -> bytes:
        return self.waiting.pop(0) if self.waiting else b""


def _rest(chunk: bytes, at: int) -> int:
    """Bytes that the last frame of a chunk still lacks, the first beginning at `at`; below 0 when its length is cut in two."""
    while at < len(chunk):
        if len(chunk) - at < 4:
            return -1
        at += 4 + int(struct.unpack_from(">I", chunk, at)[0])
    return at - len(chunk)
