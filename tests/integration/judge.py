"""ib_async beside the gateway, in a process of its own: what it sees at the same TWS has to be what bots are told."""

from __future__ import annotations

import json
import sys
from typing import Any

from twisted.internet.utils import getProcessOutputAndValue

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
    script = _SCRIPT.format(port=port, client=client, body=body.strip().replace("\n", "\n    "))
    out, err, code = await getProcessOutputAndValue(sys.executable, ["-c", script])
    assert code == 0, err.decode()
    return json.loads(out.decode().splitlines()[-1])
