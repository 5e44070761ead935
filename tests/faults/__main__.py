"""`make faults`: every fault, LANES at a time, each on a stage of its own, and the table of what was seen.

KILLS=1000 kills so many times instead (SEED is where the seeds begin, LANES how many days run side by side), PARTITIONS=100 cuts
so many cables. ONLY=word takes the faults whose names have the word; VERSIONS=157,226 what ibsim speaks; WRITE=1 puts the table
into docs/. A violation is printed, and all there is about it put into build/faults/.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.faults import table
from tests.faults.kills import KILLS
from tests.faults.partitions import PARTITIONS
from tests.faults.scenarios import SCENARIOS, Row, play


def main() -> int:
    versions = [int(each) for each in (os.environ.get("VERSIONS") or "157,226").split(",")]
    seed, lanes = int(os.environ.get("SEED", "1")), int(os.environ.get("LANES", "2"))
    for campaign, count in ((KILLS, os.environ.get("KILLS")), (PARTITIONS, os.environ.get("PARTITIONS"))):
        if count:
            tally = campaign.run(int(count), seed, versions, lanes)
            print(table.of_strokes(tally, campaign.name, seed, versions))
            return int(bool(tally.wrong))
    only = os.environ.get("ONLY", "")
    wanted = [scenario for scenario in SCENARIOS if any(word in scenario.name for word in only.split("|"))]
    jobs = [(scenario, version) for scenario in wanted for version in (versions[-1:] if scenario.once else versions)]
    rows: list[Row] = []
    with ProcessPoolExecutor(lanes, max_tasks_per_child=1) as pool:
        for future in [pool.submit(play, scenario, version, seed) for scenario, version in jobs]:
            rows.append(future.result())
            print(rows[-1].line, flush=True)
    print(table.markdown(rows))
    if os.environ.get("WRITE"):
        table.write(rows)
    return int(any(row.wrong for row in rows))


if __name__ == "__main__":
    sys.exit(main())
