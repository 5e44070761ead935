"""Under which names the page may be asked for."""

import pytest

from ibgw_tx.sight.hosts import Hosts


@pytest.mark.parametrize("listened", ["127.0.0.1", "0.0.0.0", "::", "10.0.0.5", "gw.example"])
@pytest.mark.parametrize(
    "header", [None, "127.0.0.1:9101", "localhost:9101", "[::1]:9101", "LOCALHOST", "desk.example", "Desk:9101"]
)
def test_this_host_is_always_meant(listened, header):
    assert Hosts(listened, "desk.example").admits(header)


@pytest.mark.parametrize("listened", ["127.0.0.1", "0.0.0.0", "10.0.0.5"])
@pytest.mark.parametrize(
    "header",
    ["evil.example", "evil.example:9101", "127.0.0.1.evil.example", "localhost.evil.example", "", "evil.", "a b", "[evil"],
)
def test_somebody_elses_name_is_refused(listened, header):
    assert not Hosts(listened, "desk").admits(header)


def test_the_listened_address_or_name_is_meant():
    assert Hosts("10.0.0.5", "desk").admits("10.0.0.5:9101") and not Hosts("10.0.0.5", "desk").admits("10.0.0.6:9101")
    assert Hosts("gw.example", "desk").admits("GW.example:9101")
    assert not Hosts("127.0.0.1", "desk").admits("10.0.0.5:9101")


def test_who_listens_everywhere_is_meant_by_every_address():
    assert Hosts("0.0.0.0", "desk").admits("10.0.0.5:9101") and Hosts("::", "desk").admits("[2001:db8::1]:9101")


def test_further_names_are_told():
    assert Hosts("0.0.0.0", "desk", ("page.example",)).admits("page.example")
    assert not Hosts("0.0.0.0", "desk", ("page.example",)).admits("other.example")
    assert Hosts("127.0.0.1", "desk", ("*",)).admits("evil.example")
