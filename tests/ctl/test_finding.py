"""What ibgwctl says of a Redis that it cannot use."""

import socket

import pytest

from ibgw_tx.ctl.shell import finding
from ibgw_tx.model.redis_access import Access, Tls


@pytest.mark.parametrize(("tls", "words"), [(Tls(), "is not trusted: it speaks no TLS there"), (None, "Timeout")])
def test_one_that_takes_connections_and_says_nothing(monkeypatch, tls, words):
    monkeypatch.setattr(finding, "CONNECT_LIMIT", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(finding.NotFound, match=words):
            finding.find(Access("127.0.0.1", silent.getsockname()[1], tls=tls))
