"""Bytes that leave at once, in their sequence, whatever the kernel takes of them."""

import pytest

from ibgw_tx.runtime.write_now import write_through


class Socket:
    """A transport as Twisted's, of which the kernel takes `room` bytes."""

    connected, disconnecting = True, False

    def __init__(self, room=100, lost=None):
        self.room, self.lost = room, lost
        self.kernel = b""
        self.dataBuffer, self._tempDataBuffer = b"", []
        self.watched = 0

    def writeSomeData(self, data):
        if self.lost is not None:
            return self.lost
        taken, self.room = data[: self.room], max(self.room - len(data), 0)
        self.kernel += taken
        return len(taken)

    def write(self, data):
        self._tempDataBuffer.append(data)
        self.watched += 1

    def doWrite(self):
        self.dataBuffer, self._tempDataBuffer = self.dataBuffer + b"".join(self._tempDataBuffer), []
        written = self.writeSomeData(self.dataBuffer)
        if isinstance(written, int):
            self.dataBuffer = self.dataBuffer[written:]


def test_where_there_is_room_nothing_is_watched():
    socket = Socket()
    write_through(socket, b"abc")
    assert socket.kernel == b"abc" and not socket.watched


@pytest.mark.parametrize("room", [0, 2])
def test_the_rest_waits_for_room_in_its_place(room):
    socket = Socket(room)
    write_through(socket, b"abc")
    write_through(socket, b"def")
    assert socket.kernel == b"abc"[:room] and socket.watched
    socket.room = 100
    socket.doWrite()
    assert socket.kernel == b"abcdef"


def test_what_is_buffered_goes_first():
    socket = Socket()
    socket.write(b"abc")
    write_through(socket, b"def")
    assert socket.kernel == b"abcdef"


def test_a_lost_connection_is_left_to_the_reactor():
    socket = Socket(lost=ConnectionError())
    write_through(socket, b"abc")
    assert socket.watched == 1


@pytest.mark.parametrize("member", ["connected", "disconnecting"])
def test_one_that_is_closing_is_not_written_to_by_hand(member):
    socket = Socket()
    setattr(socket, member, not getattr(socket, member))
    write_through(socket, b"abc")
    assert socket.kernel == b"" and socket.watched == 1
