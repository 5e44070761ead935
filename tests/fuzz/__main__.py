"""One fuzz target for some minutes: python -m tests.fuzz TARGET MINUTES [FOLDER].

The corpus grows in FOLDER (build/fuzz); a found case ends the run and stands there as `TARGET-crash-…`. Mend its cause, copy
it to tests/fuzz/cases/TARGET under a name that says what it is, and run again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import atheris

# Imported before the others: the simulator's ways are not what is looked for.
import ibgw_tx.sim.server.simulator
import ibgw_tx.sim.trouble.words  # noqa: F401

with atheris.instrument_imports(include=["ibgw_tx", "ibapi", "txredisapi"]):
    from tests.fuzz import mutators, seeds
    from tests.fuzz.targets import TARGETS

from twisted.logger import globalLogBeginner

#: Seconds of one input, by the wall clock of a machine that others use; MB of the whole process.
TIMEOUT, MEMORY = 60, 1500


def mutator(target: str) -> Any:
    """What libFuzzer calls for a new input."""
    makers = {
        "frames": (mutators.of_frames, [*seeds.payloads(157), *seeds.payloads(226)]),
        "commands": (mutators.of_commands, list(seeds.messages())),
    }
    if target not in makers:
        return None
    make, pool = makers[target]

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        return make(data, seed, lambda found: atheris.Mutate(found or b"\0", most), pool)[:most]

    return mutate


def main() -> None:
    target, minutes, folder = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3] if len(sys.argv) > 3 else "build/fuzz")
    check, make_seeds = TARGETS[target]
    globalLogBeginner.beginLoggingTo([lambda event: None], redirectStandardIO=False, discardBuffer=True)
    corpus = folder / target
    corpus.mkdir(parents=True, exist_ok=True)
    for at, seed in enumerate(make_seeds()):
        (corpus / f"seed-{at:04}").write_bytes(seed)
    options = [
        f"-max_total_time={int(minutes * 60)}", f"-timeout={TIMEOUT}", f"-rss_limit_mb={MEMORY}", "-max_len=8192",
        "-print_final_stats=1", f"-artifact_prefix={folder}/{target}-", "-verbosity=1",
    ]  # fmt: skip
    made = mutator(target)
    more = {} if made is None else {"custom_mutator": made}
    atheris.Setup([sys.argv[0], *options, str(corpus)], check, **more)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
