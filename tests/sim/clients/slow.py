"""Run as a program: ib_async's start-up against a simulator that sends single bytes. Argument: port."""

import asyncio
import json
import logging
import sys

from ib_async import IB, StartupFetch

logging.disable(logging.CRITICAL)


async def main():
    ib = IB()
    await ib.connectAsync(
        "127.0.0.1", int(sys.argv[1]), clientId=9, timeout=8, raiseSyncErrors=True, fetchFields=StartupFetch.POSITIONS
    )
    print(json.dumps({"accounts": ib.managedAccounts()}))
    ib.disconnect()


asyncio.run(main())
