"""What waits for TWS's message rate is looked at when it leaves, and told when it has left."""

import pytest
from twisted.internet.testing import StringTransport

from ibgw_tx.model.errors import CommandError, PacingFull, SessionLost
from ibgw_tx.tws.pacing import CEILING, ORDERS_WAITING, WINDOW, Lane
from ibgw_tx.tws.shell.outgoing import Outgoing
from tests.kit.deferreds import error, result

HALTED = CommandError("limit", "halted")


def order(number):
    return b"\0\0\0\x04" + b"3\0%d\0" % number


@pytest.fixture
def outgoing(clock):
    made = Outgoing(clock)
    made.transport = StringTransport()
    made.open(made.transport)
    return made


def fill(outgoing):
    """As many orders as may leave now."""
    return [outgoing.order(1, lambda number=number: [order(number)]) for number in range(CEILING[Lane.ORDER])]


def test_an_order_is_told_when_its_bytes_have_been_handed_to_the_socket(outgoing):
    assert all(left.called for left in fill(outgoing))
    later = outgoing.order(1, lambda: [order(99)])
    assert not later.called and order(99) not in outgoing.transport.value()


def test_what_waits_is_made_in_the_turn_in_which_it_leaves(outgoing, clock):
    fill(outgoing)
    made = []
    left = outgoing.order(1, lambda: made.append(clock.seconds()) or [order(99)])
    asked = clock.seconds()
    clock.advance(WINDOW + 0.01)
    assert result(left) is None and outgoing.transport.value().endswith(order(99))
    assert made == [pytest.approx(asked + WINDOW + 0.01)]


def test_what_is_refused_when_its_turn_comes_sends_nothing_and_leaves_its_room(outgoing, clock):
    fill(outgoing)

    def halted():
        raise HALTED

    refused = [outgoing.order(1, halted) for _ in range(ORDERS_WAITING - 1)]
    last = outgoing.order(1, lambda: [order(99)])
    clock.advance(WINDOW + 0.01)
    assert all(error(left) is HALTED for left in refused) and result(last) is None
    assert outgoing.transport.value() == b"".join(order(number) for number in range(CEILING[Lane.ORDER])) + order(99)
    # The refused took no room: as many as ever may follow.
    assert all(left.called for left in fill(outgoing)[:-1])


def test_no_more_waits_than_leaves_within_a_second(outgoing):
    fill(outgoing)
    for number in range(ORDERS_WAITING):
        assert not outgoing.order(1, lambda number=number: [order(number)]).called
    with pytest.raises(PacingFull, match="lets 42 wait"):
        outgoing.order(1, lambda: [order(99)])


def test_orders_are_withdrawn_all_or_by_what_they_are_about(outgoing, clock):
    fill(outgoing)
    mine = outgoing.order(1, lambda: [order(98)], frozenset({"c1", 98}))
    other = outgoing.order(1, lambda: [order(99)], frozenset({"c2"}))
    assert outgoing.withdraw_orders(HALTED, "c1") == 1 and error(mine) is HALTED and not other.called
    assert outgoing.withdraw_orders(HALTED) == 1 and error(other) is HALTED
    sent = outgoing.transport.value()
    clock.advance(5)
    assert outgoing.transport.value() == sent


def test_a_group_leaves_whole(outgoing, clock):
    for number in range(CEILING[Lane.ORDER] - 1):
        outgoing.order(1, lambda number=number: [order(number)])
    group = outgoing.order(3, lambda: [order(97), order(98), order(99)])
    assert not group.called and order(97) not in outgoing.transport.value()
    clock.advance(WINDOW + 0.01)
    assert result(group) is None and outgoing.transport.value().endswith(order(97) + order(98) + order(99))


def test_a_lost_session_fails_what_waits(outgoing):
    fill(outgoing)
    left = outgoing.order(1, lambda: [order(99)])
    outgoing.close()
    assert not left.called
    assert outgoing.withdraw() == 1 and isinstance(error(left), SessionLost)
