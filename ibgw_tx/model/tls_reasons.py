"""Why a TLS connection did not come about, in words for an operator. Pure: what OpenSSL says comes in as numbers and texts."""

from __future__ import annotations

#: X509_V_ERR_…, the reasons for which a certificate is not believed (x509_vfy.h).
_NOT_VALID_YET, _EXPIRED, _NO_SUCH_NAME, _NO_SUCH_IP = 9, 10, 62, 64
_UNKNOWN_SIGNER = (2, 7, 18, 19, 20, 21)

#: Parts of OpenSSL's texts, in the order in which they are looked for, and what they mean here.
_SAID = (
    ("certificate required", "it asks for a certificate of ours: set --redis-tls-cert (IBGW_REDIS_TLS_CERT)"),
    ("unknown ca", "it does not know who has signed our certificate, see --redis-tls-cert (IBGW_REDIS_TLS_CERT)"),
    ("certificate expired", "our certificate has expired, see --redis-tls-cert (IBGW_REDIS_TLS_CERT)"),
    ("bad certificate", "it refuses our certificate, see --redis-tls-cert (IBGW_REDIS_TLS_CERT)"),
    ("wrong version number", "it speaks no TLS there: is it the TLS port?"),
    ("record layer failure", "it speaks no TLS there: is it the TLS port?"),
    ("unsupported protocol", "it speaks no TLS as new as 1.2"),
    ("protocol version", "it speaks no TLS as new as 1.2"),
    ("handshake failure", "no cipher, or no certificate of ours, that it takes"),
)


def not_believed(code: int, said: str, name: str) -> str:
    """Of a server's certificate: OpenSSL's code and words; `name` is what it has to be for."""
    if code == _EXPIRED:
        return "its certificate has expired"
    if code == _NOT_VALID_YET:
        return "its certificate is not valid yet: is the clock right?"
    if code in (_NO_SUCH_NAME, _NO_SUCH_IP):
        return f"its certificate is not for {name}, see --redis-tls-name (IBGW_REDIS_TLS_NAME)"
    if code in _UNKNOWN_SIGNER:
        return "nobody that we trust has signed its certificate, see --redis-tls-ca (IBGW_REDIS_TLS_CA)"
    return f"its certificate is not believed: {said}"


def silent(seconds: float) -> str:
    """A plain Redis takes the first words of TLS for the beginning of a command, and waits for its end."""
    where = "is REDIS_PORT the TLS port, see --redis-tls (IBGW_REDIS_TLS)?"
    return f"it speaks no TLS there, or says nothing ({seconds:g} s): {where}"


def not_agreed(said: str) -> str:
    """Of anything else: OpenSSL's words, such as `TLSV13_ALERT_CERTIFICATE_REQUIRED`."""
    plain = said.lower().replace("_", " ")
    return next((words for part, words in _SAID if part in plain), said)
