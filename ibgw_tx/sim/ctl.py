"""ibsimctl: tell a running ibsim what is to go wrong. `ibsimctl help` lists the words, with or without one.

Usage: ibsimctl [--port PORT] WORD [ARGUMENT...]

PORT is the simulator's --control-port; default 4003, or the environment's IBSIM_CONTROL_PORT.
Exit status: 0 ok, 1 the simulator says what is wrong with the word, 2 it cannot be reached.
"""

from __future__ import annotations

import os
import shlex
import socket
import sys
from collections.abc import Sequence

from ibgw_tx.sim.office.version import version
from ibgw_tx.sim.trouble.words import manual

PORT = 4003
PATIENCE = 10.0  # seconds for an answer


def ask(port: int, line: str) -> list[str]:
    """One line to the control port; the lines of its answer. Raises OSError."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as conn:
        conn.sendall(line.encode() + b"\n")
        answer: list[str] = []
        with conn.makefile("r", encoding="utf-8") as lines:
            for text in lines:
                answer.append(text.rstrip("\n"))
                if answer[-1] == "ok" or answer[-1].startswith(("ok: ", "error: ")):
                    return answer
    raise ConnectionError("the connection ended before an answer")


def main(argv: Sequence[str] | None = None) -> int:
    """The console script."""
    said = list(sys.argv[1:] if argv is None else argv)
    raw = os.environ.get("IBSIM_CONTROL_PORT", str(PORT))
    if said[:1] == ["--port"]:
        raw, said = (said[1] if len(said) > 1 else ""), said[2:]
    elif said and said[0].startswith("--port="):
        raw, said = said[0].partition("=")[2], said[1:]
    if not said or said[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if said else 2
    if said == ["help"]:
        print("\n".join(manual()))
        return 0
    if said == ["--version"]:
        print(f"ibsimctl {version()}")
        return 0
    if not raw.isdecimal() or not 0 < int(raw) < 1 << 16:
        print(f"ibsimctl: {raw!r} is not a port", file=sys.stderr)
        return 2
    return _tell(int(raw), shlex.join(said))


def _tell(port: int, line: str) -> int:
    try:
        answer = ask(port, line)
    except OSError as error:
        print(f"ibsimctl: no ibsim answers at 127.0.0.1:{port} (--control-port): {error}", file=sys.stderr)
        return 2
    wrong = answer[-1].startswith("error: ")
    print("\n".join(answer), file=sys.stderr if wrong else sys.stdout)
    return int(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
