"""Commands of Redis as bytes (RESP), made once for the books' hot path."""

from __future__ import annotations


def publish_command(channel: str, message: bytes) -> bytes:
    """PUBLISH in Redis' wire format."""
    name = channel.encode()
    return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, len(message), message)


def set_command(key: str, value: bytes) -> bytes:
    """SET in Redis' wire format."""
    name = key.encode()
    return b"*3\r\n$3\r\nSET\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, len(value), value)


def delete_command(key: str) -> bytes:
    """DEL in Redis' wire format."""
    name = key.encode()
    return b"*2\r\n$3\r\nDEL\r\n$%d\r\n%b\r\n" % (len(name), name)
