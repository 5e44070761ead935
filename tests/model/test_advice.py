"""What to do next stands at the end of the line."""

import pytest
from twisted.internet import error

from ibgw_tx.model.advice import _UNREACHED, refused, unreached


@pytest.mark.parametrize("name", _UNREACHED)
def test_each_error_is_one_of_twisteds_and_names_a_setting(name):
    assert issubclass(getattr(error, name), Exception)
    words = unreached(name, "THE_HOST", "THE_PORT", "it")
    assert "THE_HOST" in words or "THE_PORT" in words


def test_nothing_listens_names_the_usual_ports():
    assert unreached("ConnectionRefusedError", "H", "P", "TWS", "1 or 2").endswith("is TWS running, and is P right (1 or 2)?")


def test_what_nobody_has_thought_of_names_both_settings():
    assert unreached("SomethingElse", "H", "P", "TWS") == "see H and P"


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("NOAUTH Authentication required.", "REDIS_PSWD"),
        ("WRONGPASS invalid username-password pair or user is disabled.", "IBGW_REDIS_USER"),
        ("ERR AUTH <password> called without any password configured for the default user. Are you sure", "unset REDIS_PSWD"),
        ("NOPERM this user has no permissions to run the 'publish' command or its subcommand", "users.acl"),
    ],
)
def test_a_refusal_names_its_setting(said, names):
    assert names in refused(said)


def test_no_advice_is_better_than_a_wrong_one():
    assert refused("OOM command not allowed") == ""
