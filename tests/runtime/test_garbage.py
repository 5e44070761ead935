"""The collector leaves alone what lasts, and still finds the rest."""

import gc
import weakref

import pytest

from ibgw_tx.runtime.garbage import THRESHOLDS, spare_newcomers, spare_the_lasting


class Node:
    """Holds itself."""

    def __init__(self):
        self.me = self


@pytest.fixture
def collector():
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_lasts_is_looked_through_no_more_and_what_comes_is(collector):
    lasting = Node()
    spare_the_lasting()
    assert gc.get_threshold() == THRESHOLDS and gc.get_freeze_count() > 1000
    assert not any(each is lasting for each in gc.get_objects())
    coming = weakref.ref(Node())
    gc.collect(0)
    assert coming() is None


def test_newcomers_are_spared_only_where_what_lasts_is(collector):
    frozen = gc.get_freeze_count()
    spare_newcomers()
    assert gc.get_freeze_count() == frozen
    spare_the_lasting()
    frozen, coming = gc.get_freeze_count(), [Node() for _ in range(100)]
    spare_newcomers()
    assert gc.get_freeze_count() >= frozen + len(coming)
