"""What the scripts of the official threaded client share: an app that connects and waits. Arguments: port, client id."""

import os
import sys
import threading
import time

from ibapi.client import EClient
from ibapi.wrapper import EWrapper


class Started(EWrapper, EClient):
    """`ready` is set by nextValidId, in whichever way a script notes it; `seen` is shown when a wait is in vain."""

    def __init__(self):
        EClient.__init__(self, self)
        self.ready = threading.Event()

    def start(self):
        self.connect("127.0.0.1", int(sys.argv[1]), int(sys.argv[2]))
        threading.Thread(target=self.run, daemon=True).start()
        if not self.ready.wait(20):
            raise SystemExit("no nextValidId")

    def wait(self, condition, seconds=20.0):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                # Not SystemExit: today's client reads in a thread that would keep the program alive.
                print(f"timed out: {self.state()}", file=sys.stderr, flush=True)
                os._exit(1)
            time.sleep(0.01)

    def state(self):
        raise NotImplementedError
