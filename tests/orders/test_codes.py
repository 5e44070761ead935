"""What TWS's codes prove, code by code (tws-facts 2.3)."""

import pytest

from ibgw_tx.orders.codes import Awaiting, Proof, kills_new, proof

BAD_TERMS = [
    109,
    110,
    111,
    113,
    144,
    148,
    151,
    154,
    160,
    163,
    320,
    321,
    322,
    355,
    388,
    423,
    434,
    435,
    438,
    439,
    10240,
    10243,
    10254,
    10340,
]
DEAD_NEW = [
    103,
    106,
    107,
    116,
    132,
    140,
    141,
    200,
    201,
    203,
    328,
    392,
    395,
    460,
    10000,
    10006,
    10027,
    10268,
    10269,
    10270,
    10318,
]
NOTICES = [131, 399, 404, 481, 2109, 2111, 2174, 2176, 10311, 10329, 10347, 10349]
NO_PROOF = [
    100,
    133,
    134,
    135,
    136,
    382,
    383,
    463,
    2137,
    2148,
    2168,
    10052,
    10058,
    10147,
    10149,
    10328,
    10331,
    1,
    77777,
    -5,
]
NOT_SENT = [503, 504, 579]


@pytest.mark.parametrize("code", BAD_TERMS + DEAD_NEW + NOT_SENT)
def test_a_refused_new_order_is_dead(code):
    assert proof(code, Awaiting.NEW) is Proof.DEAD
    assert kills_new(code)


@pytest.mark.parametrize("code", [*BAD_TERMS, *NOT_SENT, 105, 329, 422, 440, 444, 2102])
def test_a_refused_modification_leaves_the_live_order_as_it_was(code):
    assert proof(code, Awaiting.MODIFY) is Proof.REFUSED


@pytest.mark.parametrize("code", DEAD_NEW)
def test_a_code_that_kills_a_new_order_only_causes_a_question_when_a_live_one_was_to_be_modified(code):
    assert proof(code, Awaiting.MODIFY) is Proof.ASK


@pytest.mark.parametrize("asked", Awaiting)
def test_202_is_a_cancel_whatever_was_asked(asked):
    assert proof(202, asked) is Proof.DEAD


@pytest.mark.parametrize("asked", Awaiting)
@pytest.mark.parametrize("code", NOTICES)
def test_a_notice_proves_a_living_order(code, asked):
    assert proof(code, asked) is Proof.NOTICE
    assert not kills_new(code)


@pytest.mark.parametrize("asked", Awaiting)
@pytest.mark.parametrize("code", NO_PROOF)
def test_an_unknown_code_never_ends_an_order_it_causes_a_question(code, asked):
    assert proof(code, asked) is Proof.ASK
    assert not kills_new(code)


def test_every_code_that_is_not_in_a_table_is_a_question():
    for code in range(-10, 20_000):
        assert proof(code, Awaiting.NOTHING) in (Proof.ASK, Proof.NOTICE) or code == 202


@pytest.mark.parametrize("code", [161, 10147, 10148, 135, 136, 201, 110])
def test_a_refused_cancel_proves_nothing_about_the_order(code):
    assert proof(code, Awaiting.CANCEL) is Proof.ASK


@pytest.mark.parametrize("code", NOT_SENT)
def test_a_cancel_that_was_never_sent_leaves_the_order_alone(code):
    assert proof(code, Awaiting.CANCEL) is Proof.REFUSED


def test_104_says_that_the_order_is_filled():
    assert proof(104, Awaiting.MODIFY) is Proof.FILLED
    assert proof(104, Awaiting.NEW) is Proof.ASK
