"""Where gateways for kills come from: one process has imported all that a gateway needs and forks one for each start.

A thousand starts would spend most of a machine on importing. What is forked is `twistd -n ibgateway` as ever, in a process of its
own, with its own reactor; it runs until somebody kills it.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import subprocess
import sys
import types
from functools import partial
from typing import Any


class Nursery:
    """The harness' end."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def born(self, words: list[str], env: dict[str, str], folder: str, log: str) -> int:
        """A new process; its id."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"words": words, "env": env, "folder": folder, "log": log}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def main() -> None:
    # Importing the real one would open its descriptors, for all children together.
    placeholder = types.ModuleType("twisted.internet.reactor")
    placeholder.callLater = partial(_call_later)  # type: ignore[attr-defined]
    import twisted.internet  # noqa: PLC0415

    sys.modules["twisted.internet.reactor"] = twisted.internet.reactor = placeholder  # type: ignore[attr-defined]
    import twisted.scripts._twistd_unix  # noqa: PLC0415
    import twisted.scripts.twistd  # noqa: PLC0415
    from twisted.application.service import IServiceMaker  # noqa: PLC0415
    from twisted.plugin import getPlugins  # noqa: PLC0415

    import ibgw_tx.facts  # noqa: PLC0415
    import ibgw_tx.tap  # noqa: PLC0415
    import ibgw_tx.tenure  # noqa: F401, PLC0415

    list(getPlugins(IServiceMaker))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _live(placeholder, **json.loads(line))
        print(pid, flush=True)


def _call_later(*words: Any, **more: Any) -> Any:
    """txredisapi keeps the reactor's method in a class."""
    return sys.modules["twisted.internet.reactor"].callLater(*words, **more)  # type: ignore[attr-defined]


def _live(placeholder: Any, words: list[str], env: dict[str, str], folder: str, log: str) -> None:
    """The child: it does not come back."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for here, there in ((nothing, 0), (told, 1), (told, 2)):
        os.dup2(here, there)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    random.seed()
    sys.modules.pop("twisted.internet.reactor")
    import twisted.internet  # noqa: PLC0415
    from twisted.internet import epollreactor  # noqa: PLC0415

    del twisted.internet.reactor  # type: ignore[attr-defined]
    epollreactor.install()
    real = sys.modules["twisted.internet.reactor"]
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()):
            if value is placeholder:
                setattr(module, name, real)
    sys.argv = words
    status = 1
    try:
        from twisted.scripts.twistd import run  # noqa: PLC0415

        run()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code)
    finally:
        sys.stdout.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
