"""A gateway does not load Twisted's TLS; who wants it gets it all the same."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import sys
import ibgw_tx.tap
from twisted.internet import reactor
import ibgw_tx.gateway
found = {name.partition(".")[0] for name in sys.modules}
assert "txredisapi" in found
assert not found & {"OpenSSL", "cryptography", "service_identity", "idna"}, found
assert "twisted.internet.ssl" not in sys.modules
try:
    import OpenSSL
except ImportError:
    print("not installed")
else:
    from twisted.internet import ssl
    print(ssl.ClientContextFactory.__module__, len(ssl.CertificateOptions.__mro__) > 1)
"""


def test_a_gateway_does_not_load_it_and_who_asks_gets_it() -> None:
    """It was 7 MB of each gateway of a host, shared with none."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("not installed", "twisted.internet.ssl True")


def test_where_it_is_loaded_already_it_stays() -> None:
    program = """
import sys, types
there = sys.modules["OpenSSL"] = types.ModuleType("OpenSSL")
import ibgw_tx.runtime.without_openssl
assert sys.modules["OpenSSL"] is there
assert "twisted.internet.tcp" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
