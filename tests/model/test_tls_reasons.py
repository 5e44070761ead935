"""Why there is no TLS, in an operator's words."""

import pytest

from ibgw_tx.model import tls_reasons


@pytest.mark.parametrize(
    ("code", "words"),
    [(10, "has expired"), (9, "is the clock right"), (20, "--redis-tls-ca"), (18, "--redis-tls-ca"), (62, "--redis-tls-name")],
)
def test_what_is_wrong_with_a_certificate_names_what_to_look_at(code, words):
    assert words in tls_reasons.not_believed(code, "said", "redis.example")


def test_a_certificate_for_another_name_tells_the_name_that_was_wanted():
    assert "redis.example" in tls_reasons.not_believed(62, "", "redis.example")


def test_what_is_not_known_is_openssls_own():
    assert tls_reasons.not_believed(23, "certificate revoked", "x").endswith("certificate revoked")
    assert tls_reasons.not_agreed("SOMETHING_ELSE") == "SOMETHING_ELSE"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "--redis-tls-cert"),
        ("TLSV1_ALERT_UNKNOWN_CA", "who has signed our certificate"),
        ("WRONG_VERSION_NUMBER", "is it the TLS port?"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "as new as 1.2"),
    ],
)
def test_openssls_reasons_become_words(said, words):
    assert words in tls_reasons.not_agreed(said)
