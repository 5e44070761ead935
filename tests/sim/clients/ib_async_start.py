"""What the scripts of ib_async share: a connection that notes error codes, and a wait. Arguments: port, client id."""

import asyncio
import sys
import time

from ib_async import IB


async def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("timed out")
        await asyncio.sleep(0.02)


async def connected():
    """The connected IB, and the codes it is told."""
    ib, errors = IB(), []
    ib.errorEvent += lambda req_id, code, text, contract: errors.append(code)
    await ib.connectAsync("127.0.0.1", int(sys.argv[1]), clientId=int(sys.argv[2]), timeout=10, raiseSyncErrors=True)
    return ib, errors
