"""Commands of Redis as bytes (RESP), made once for the books' hot path."""

from __future__ import annotations


def publish_command(channel: str, message: bytes) -> bytes:
    """PUBLISH in Redis' wire format."""
    name = channel.encode()
    return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, len(message), message)


def publish_head(channel: str) -> bytes:
    """What is the same in every PUBLISH on one channel: for `publish_with`."""
    name = channel.encode()
    return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$" % (len(name), name)


def publish_with(head: bytes, message: bytes) -> bytes:
    """`publish_command`, when the channel's head is at hand."""
    return b"%b%d\r\n%b\r\n" % (head, len(message), message)


def set_command(key: str, value: bytes) -> bytes:
    """SET in Redis' wire format."""
    name = key.encode()
    return b"*3\r\n$3\r\nSET\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, len(value), value)


def delete_command(key: str) -> bytes:
    """DEL in Redis' wire format."""
    name = key.encode()
    return b"*2\r\n$3\r\nDEL\r\n$%d\r\n%b\r\n" % (len(name), name)
