"""Which hosts are this one."""

import pytest

from ibgw_tx.model.loopback import is_address, is_loopback


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "::ffff:127.0.0.1", "localhost", "LOCALHOST", "localhost.", "a.localhost"],
)
def test_this_host(host):
    assert is_loopback(host) is True


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "192.168.1.5", "::", "fe80::1%eth0", "2001:db8::1", "::ffff:10.0.0.1"])
def test_another(host):
    assert is_loopback(host) is False and is_address(host)


@pytest.mark.parametrize("host", ["tws", "tws.example", "127.0.0.1.example", "localhost.example", "127.1", "", "1.2.3.4.5"])
def test_a_name_says_nothing_by_itself(host):
    assert is_loopback(host) is None and not is_address(host)


def test_localhost_is_no_address():
    assert not is_address("localhost") and is_address("[::1]") and is_address("127.0.0.1")
