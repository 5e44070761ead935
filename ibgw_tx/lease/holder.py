"""Who holds a lease, as it stands in Redis for gateways and operators to read. Pure.

`{"number":7,"id":"…","host":"trader1","pid":4711,"t":1794030415434,"boot":"…","space":…,"born":…}`: `number` counts the holders
of this name, `id` is of this one alone (a Redis that comes back empty counts from the beginning), `t` is when it took the lease.
`boot`, `space` and `born` (boot id of the host, namespace of its process ids, start of the process in clock ticks) tell another
process of the same host for sure that this one is dead, so that a restart need not wait until the lease ends by itself.
"""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.model import json_text as jsontext


@attrs.frozen
class Process:
    """One process, told apart from every other, earlier and later ones of the same pid too. Empty texts: not known."""

    host: str
    pid: int
    boot: str = ""
    space: str = ""
    born: str = ""

    def has_ended(self, here: Process, born_now: str) -> bool:
        """Whether it is dead for sure, seen from `here`; `born_now`: when the process of its pid began, "" if there is none."""
        if not (self.boot and self.space and self.born):
            return False
        return (self.boot, self.space) == (here.boot, here.space) and born_now != self.born


@attrs.frozen
class Holder:
    """One term of a lease."""

    number: int
    id: str
    process: Process
    t: int

    @property
    def text(self) -> str:
        """Its value in Redis; two are never equal."""
        one = self.process
        document = {"number": self.number, "id": self.id, "host": one.host, "pid": one.pid, "t": self.t}
        return jsontext.dumps({**document, "boot": one.boot, "space": one.space, "born": one.born}).decode()

    @property
    def words(self) -> str:
        """For a log line."""
        return f"host {self.process.host}, pid {self.process.pid}"


def holder_of(text: str) -> Holder | None:
    """Read a value; None: it was not written by a gateway."""
    try:
        document: Any = jsontext.loads(text.encode())
        process = Process(*(document[word] for word in ("host", "pid", "boot", "space", "born")))
        return Holder(int(document["number"]), str(document["id"]), process, int(document["t"]))
    except (ValueError, TypeError, KeyError):
        return None
