"""A wait that ends at its limit says so in words."""

import re
from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

import ibgw_tx
from ibgw_tx.runtime.waits import Late, within
from tests.kit.deferreds import error, result


def test_a_wait_that_takes_too_long_fails_in_words():
    clock, waited = Clock(), Deferred()
    ended = within(2.5, waited, clock)
    clock.advance(3)
    assert str(error(ended, Late)) == "no answer within 2.5 s"


def test_one_that_ends_in_time_gives_what_it_gave():
    clock, waited = Clock(), Deferred()
    ended = within(2.5, waited, clock)
    waited.callback(7)
    clock.advance(3)
    assert result(ended) == 7


def test_no_wait_of_the_gateway_ends_without_words_of_its_own():
    """addTimeout without its third argument fails with a pair of Python's."""
    for path in Path(ibgw_tx.__file__).parent.rglob("*.py"):
        for said in re.findall(r"\.addTimeout\(([^()]*)\)", path.read_text(encoding="utf-8")):
            assert said.count(",") == 2, path
