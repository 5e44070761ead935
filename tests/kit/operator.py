"""ibgwctl as its operator runs it: a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("ibgwctl"))
NAME = "seen"


class Operator:
    """Runs the program; `said` of each run is its output and its error output."""

    def __init__(self, port: int) -> None:
        self.port = port

    def run(self, *words: str, typed: str = "", name: str = NAME) -> tuple[int, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS_", "IBGW_"))}
        env = {**clean, "REDIS_PORT": str(self.port), "TWS_GATEWAY_NAME": name}
        done = subprocess.run([PROGRAM, *words], env=env, input=typed, capture_output=True, text=True, timeout=90, check=False)
        return done.returncode, done.stdout + done.stderr

    def json(self, *words: str) -> Any:
        status, said = self.run(*words, "--json")
        assert status == 0, said
        return json.loads(said.splitlines()[-1])
