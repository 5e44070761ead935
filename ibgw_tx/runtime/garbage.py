"""How often Python looks for what only its collector finds, objects that hold one another.

It looks after every 700 new objects, which is every few orders, and now and then through everything there is: with 5,000 orders
in memory that holds the reactor for a tenth of a second. The gateway makes few such objects, and most that it is made of lives as
long as the process.
"""

from __future__ import annotations

import gc

#: New objects until the young are looked through, 2 ms; such looks until those that were left are, 4 ms; and so on.
THRESHOLDS = 4_000, 1, 2_000


def spare_the_lasting() -> None:
    """What is there now lasts: it is looked through once, and then no more. What comes is looked through less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


def spare_newcomers() -> None:
    """What has come since will last too, the orders of a snapshot by the thousand; in a process that spares at all."""
    if gc.get_threshold() == THRESHOLDS:
        gc.freeze()
