"""The service that keeps one session up."""

from functools import partial
from unittest.mock import Mock

import pytest
from twisted.internet.address import IPv4Address
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


WARNING = "warn TWS at {0}:4002 is on another host ({1}): its API has neither password nor encryption"


def made(host, allow_remote=False):
    reactor = MemoryReactorClock()
    factory = IBSessionFactory(Mock, reactor, f"{host}:4002", allow_remote)
    return TWSLink(host, 4002, factory, reactor)


def reached(link, address):
    link.factory.buildProtocol(IPv4Address("TCP", address, 4002))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_a_tws_on_this_host_is_not_worth_a_word(host, lines):
    link = made(host)
    link.startService()
    reached(link, "127.0.0.1")
    assert not lines and not link.factory.is_remote


@pytest.mark.parametrize("host", ["10.0.0.5", "2001:db8::1"])
def test_a_tws_on_another_host_is_one_line_at_the_start(host, lines):
    link = made(host)
    link.startService()
    reached(link, host)
    assert len(lines) == 1 and lines[0].startswith(WARNING.format(host, host)) and "--allow-remote" in lines[0]
    assert "tunnel" in lines[0] and link.factory.is_remote


def test_a_name_is_judged_by_where_it_leads(lines):
    link = made("tws.example")
    link.startService()
    reached(link, "127.0.1.1")
    assert not lines and not link.factory.is_remote
    for _ in range(3):
        reached(link, "10.0.0.5")
    assert len(lines) == 1 and lines[0].startswith(WARNING.format("tws.example", "10.0.0.5"))


def test_who_allows_it_hears_nothing(lines):
    link = made("10.0.0.5", allow_remote=True)
    link.startService()
    reached(link, "10.0.0.5")
    assert not lines and link.factory.is_remote


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
