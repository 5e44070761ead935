"""A helper process that answers requests over a pipe: (name, arguments) in, (ok, value or text) out."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any


class WorkerFailed(Exception):
    """The helper process could not do what it was asked; the text is its traceback."""


class Worker:
    """Our end. One request at a time: `ask`, then `answer`; `call` is both."""

    def __init__(self, target: Callable[..., None], *args: Any) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=target, args=(theirs, *args), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, name: str, *args: Any) -> None:
        """Send a request and do not wait."""
        self._pipe.send((name, args))

    def answer(self, limit: float = 120.0) -> Any:
        """The answer to the request sent; TimeoutError after `limit` seconds."""
        if not self._pipe.poll(limit):
            raise TimeoutError(f"{self._process.name} has not answered within {limit:.0f} s")
        ok, value = self._pipe.recv()
        if not ok:
            raise WorkerFailed(value)
        return value

    def call(self, name: str, *args: Any, limit: float = 120.0) -> Any:
        """Ask and wait."""
        self.ask(name, *args)
        return self.answer(limit)

    def stop(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.terminate()
        self._process.join(5)


def obey(pipe: Connection, handlers: Mapping[str, Callable[..., Any]]) -> None:
    """Their end: take one request and answer it. EOFError when nobody asks any more."""
    name, args = pipe.recv()
    try:
        reply = True, handlers[name](*args)
    except Exception:
        reply = False, traceback.format_exc()
    pipe.send(reply)
