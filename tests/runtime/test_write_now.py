"""Bytes handed to the socket at once: only by a transport that is open and has a socket."""

import pytest
from twisted.internet.testing import StringTransport

from ibgw_tx.runtime.write_now import write_now


class Socket:
    """A TCP transport, as far as it matters."""

    connected, disconnecting = True, False
    written = 0

    def doWrite(self):
        self.written += 1


def test_an_open_transport_writes_now():
    transport = Socket()
    write_now(transport)
    assert transport.written == 1


@pytest.mark.parametrize(("connected", "disconnecting"), [(False, False), (True, True)])
def test_one_that_closes_is_left_to_the_reactor(connected, disconnecting):
    transport = Socket()
    transport.connected, transport.disconnecting = connected, disconnecting
    write_now(transport)
    assert not transport.written


def test_an_abort_that_replaces_the_method_is_seen():
    transport = Socket()
    write_now(transport)
    transport.doWrite = lambda: None
    write_now(transport)
    assert transport.written == 1


def test_one_without_a_socket_writes_by_itself():
    transport = StringTransport()
    transport.write(b"x")
    write_now(transport)
    assert transport.value() == b"x"
