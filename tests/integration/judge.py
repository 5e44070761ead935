"""ib_async beside the gateway, in a process of its own: what it sees at the same TWS has to be what bots are told."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from twisted.internet.utils import getProcessOutputAndValue

from .kit import SERVER

#: The oldest server version that ib_async speaks.
OLDEST = 157

_SCRIPT = """
import json, sys
from ib_async import *
util.logToConsole(50)
ib = IB()
ib.connect("127.0.0.1", {port}, clientId={client}, timeout=8)
def seen():
    {body}
print(json.dumps(seen()))
ib.disconnect()
"""


async def ib_async_sees(port: int, body: str, client: int = 77) -> Any:
    """What `body`, the statements of a function over the connected `ib`, returns (as JSON)."""
    if SERVER.get("server_version", OLDEST) < OLDEST:
        pytest.skip(f"ib_async speaks no server version below {OLDEST}")
    script = _SCRIPT.format(port=port, client=client, body=body.strip().replace("\n", "\n    "))
    out, err, code = await getProcessOutputAndValue(sys.executable, ["-c", script])
    assert code == 0, err.decode()
    return json.loads(out.decode().splitlines()[-1])
