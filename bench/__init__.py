"""How fast: the gateway beside two peers and the floor, in one run on one machine. `python -m bench --help`.

What runs, each in a process of its own: an embedded redis-server, a feeder (a fake TWS whose frames are made before the clock
starts), one candidate at a time, and one listener, the same for all, that only reads and stores while the clock runs. The
candidates publish the same message on the same channels.

Stamps. Every row message carries a number of its own as its size, rising over the run. The feeder notes when it wrote the
number to its socket, the listener when it first saw the number in a published book; the difference is the latency. A book
carries the numbers of its unchanged rows again and again, so only a number above all seen before in that book is counted,
once. A number that a newer one overwrote before the book went out never becomes visible and is not counted; a delete has no
row to carry its number. All clocks are CLOCK_MONOTONIC of one machine, in nanoseconds.
"""
