"""Whom of the sentinels to believe."""

import pytest

from ibgw_tx.redis.sentinel import NoWord, Word, candidates, is_confirmed, questions, read_word, role

OLD, NEW, WRONG = ("10.0.0.1", 6379), ("10.0.0.2", 6379), ("10.0.0.3", 6379)


def said(*words):
    return [Word(place, epoch) for place, epoch in words]


def facts(epoch):
    return [b"name", b"books", b"config-epoch", str(epoch).encode()]


def test_the_questions_name_the_master():
    assert questions("books") == (("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "books"), ("SENTINEL", "MASTER", "books"))


def test_a_word_is_an_address_and_an_epoch():
    assert read_word("books", [b"10.0.0.1", b"6379"], facts(7)) == Word(OLD, 7)


@pytest.mark.parametrize("other", [Exception("NOPERM no"), None, [], [b"config-epoch"], [b"config-epoch", b"x"]])
def test_one_that_keeps_the_facts_to_itself_counts_as_old(other):
    assert read_word("books", [b"10.0.0.1", b"6379"], other) == Word(OLD, 0)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (None, "knows no master books, see --redis-master"),
        (Exception("ERR unknown command 'SENTINEL'"), "is no sentinel"),
        (Exception("NOAUTH Authentication required."), "refuses: NOAUTH"),
        (b"OK", "does not speak as a sentinel does"),
        ([b"10.0.0.1"], "does not speak as a sentinel does"),
        ([b"10.0.0.1", b"x"], "does not speak as a sentinel does"),
    ],
)
def test_what_is_no_word_says_why(address, words):
    with pytest.raises(NoWord, match=words):
        read_word("books", address, facts(1))


@pytest.mark.parametrize(
    ("words", "places"),
    [
        ((), []),
        # All agree.
        (((OLD, 1), (OLD, 1), (OLD, 1)), [OLD]),
        # A fail-over is half told: the newest first, the one that most still name behind it.
        (((NEW, 2), (OLD, 1), (OLD, 1)), [NEW, OLD]),
        # It is told to most: one that lags is not listened to any more.
        (((NEW, 2), (NEW, 2), (OLD, 1)), [NEW]),
        # Of two that can be asked one lags: what few name and is old never counts.
        (((NEW, 2), (OLD, 1)), [NEW]),
        (((OLD, 1), (NEW, 2)), [NEW]),
        # One that lies about its epoch: the others' is looked at too.
        (((WRONG, 99), (OLD, 1), (OLD, 1)), [WRONG, OLD]),
        # The one that leads a fail-over names the new one before its epoch counts.
        (((NEW, 1), (OLD, 1), (OLD, 1)), [OLD, NEW]),
        # One alone is believed.
        (((OLD, 1),), [OLD]),
    ],
)
def test_where_the_master_may_be(words, places):
    assert candidates(said(*words), 3) == places


@pytest.mark.parametrize(
    ("words", "sure"),
    [
        (((OLD, 1), (OLD, 1)), True),
        (((OLD, 1), (NEW, 2)), False),
        (((OLD, 1),), False),
        ((), False),
    ],
)
def test_a_majority_of_all_confirms_not_one_of_those_that_answer(words, sure):
    assert is_confirmed(said(*words), OLD, 3) is sure


def test_a_role_is_read():
    assert role(b"# Replication\r\nrole:master\r\nconnected_slaves:1\r\n") == "master"
    assert role(b"") == role(None) == role(Exception("NOPERM")) == ""
