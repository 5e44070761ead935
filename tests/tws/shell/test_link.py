"""The service that keeps one session up."""

from functools import partial

import pytest
from twisted.internet.testing import MemoryReactorClock

from ibgw_tx.tws.shell.link import CONNECT_LIMIT, IBSessionFactory, TWSLink
from ibgw_tx.tws.shell.session import IBSession


@pytest.fixture
def reactor():
    return MemoryReactorClock()


@pytest.fixture
def link(reactor):
    factory = IBSessionFactory(partial(IBSession, 0, None, {}, reactor), reactor, "tws.example:4002")
    return TWSLink("tws.example", 4002, factory, reactor)


def test_nothing_is_opened_before_the_start(link, reactor):
    assert not reactor.tcpClients


def test_it_connects_to_the_host_and_port_with_a_limit(link, reactor):
    link.startService()
    ((host, port, factory, timeout, _),) = reactor.tcpClients
    assert (host, port, timeout) == ("tws.example", 4002, CONNECT_LIMIT) and factory.continueTrying


def test_stop_ends_the_trying_and_the_connection(link, reactor):
    link.startService()
    stopped = link.stopService()
    assert stopped.called and reactor.connectors[0]._disconnected
    assert not reactor.tcpClients[0][2].continueTrying and not reactor.getDelayedCalls()


def test_stop_without_start_is_harmless(link):
    assert link.stopService().called


def test_it_can_be_started_again(link, reactor):
    link.startService()
    link.stopService()
    link.startService()
    assert len(reactor.tcpClients) == 2 and reactor.tcpClients[1][2].continueTrying
