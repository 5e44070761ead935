"""The table of claim.py, row by row, and how long a holder may be sure."""

import pytest

from ibgw_tx.lease.claim import GRACE, LIFE, MARGIN, Claim, Move, Term


@pytest.mark.parametrize(("stands_by", "moves"), [(False, [Move.TAKE]), (True, [Move.WAIT, Move.WAIT, Move.TAKE])])
def test_a_free_lease_is_taken_by_who_stands_by_only_after_a_while(stands_by, moves):
    claim = Claim(stands_by)
    assert [claim.look(None, -0.001, False, at * GRACE / 2) for at in range(len(moves))] == moves


@pytest.mark.parametrize("stands_by", [False, True])
def test_a_dead_holder_is_followed_at_once(stands_by):
    assert Claim(stands_by).look("x", 9.0, True, 0.0) is Move.TAKE


def test_a_lease_that_runs_out_is_waited_for_and_one_that_is_renewed_ends_the_wait():
    claim = Claim(False)
    assert [claim.look("x", 9.0 - at, False, float(at)) for at in range(3)] == [Move.WAIT] * 3
    assert claim.look("x", 9.5, False, 3.0) is Move.GIVE_UP


def test_another_holder_is_not_a_renewal():
    claim = Claim(False)
    claim.look("x", 5.0, False, 0.0)
    assert claim.look("y", 10.0, False, 1.0) is Move.WAIT


def test_who_stands_by_waits_for_ever():
    claim = Claim(True)
    assert {claim.look("x", 10.0, False, float(at)) for at in range(100)} == {Move.WAIT}


def test_a_lease_without_an_end_is_somebodys_will():
    assert Claim(False).look("by hand", -0.001, False, 0.0) is Move.GIVE_UP
    assert Claim(True).look("by hand", -0.001, False, 0.0) is Move.WAIT


def test_what_was_free_before_redis_was_away_has_to_be_free_anew():
    claim = Claim(True)
    claim.look(None, 0, False, 0.0)
    claim.begin_again()
    assert claim.look(None, 0, False, GRACE) is Move.WAIT


def test_a_term_is_counted_from_before_its_renewal_was_sent_and_never_back():
    term = Term()
    assert not term.is_sure(0.0)
    term.renewed(100.0)
    term.renewed(99.0)
    assert term.is_sure(100.0 + LIFE - MARGIN - 0.01) and not term.is_sure(100.0 + LIFE - MARGIN)
    term.end()
    assert not term.is_sure(100.0)
