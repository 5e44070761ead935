"""What stands in Redis is read back, and death is told only when it is sure."""

import attrs
import pytest

from ibgw_tx.lease.holder import Holder, Process, holder_of

HERE = Process("trader1", 99, "boot-1", "pid:[1]", "500")
OTHER = Process("trader1", 4711, "boot-1", "pid:[1]", "1000")


def test_a_value_is_read_back_and_two_are_never_equal():
    holder = Holder(7, "abc", OTHER, 1794030415434)
    assert holder_of(holder.text) == holder
    assert attrs.evolve(holder, id="abd").text != holder.text


@pytest.mark.parametrize("text", ["", "1", "null", "[]", "{}", "somebody", '{"number":"x","id":"","host":"","pid":1}'])
def test_what_no_gateway_wrote_is_no_holder(text):
    assert holder_of(text) is None


@pytest.mark.parametrize(
    ("holder", "born_now", "dead"),
    [
        (OTHER, "1000", False),
        (OTHER, "", True),
        (OTHER, "2000", True),  # its pid is another process' now
        (attrs.evolve(OTHER, boot="boot-0"), "", False),  # another host, or before a boot: its lease ends by itself
        (attrs.evolve(OTHER, space="pid:[2]"), "", False),  # another container
        (attrs.evolve(OTHER, born=""), "", False),
        (attrs.evolve(OTHER, boot=""), "", False),
    ],
)
def test_only_a_process_of_this_host_can_be_seen_to_be_dead(holder, born_now, dead):
    assert holder.has_ended(HERE, born_now) is dead
