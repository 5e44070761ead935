"""The document of a contract, written and read back."""

import pytest

from ibgw_tx.contracts.known import KnownContract, read_document
from tests.kit.contracts import AAPL


def known(contract=AAPL, **details):
    return KnownContract(contract, details, 77)


def test_a_document_is_read_back_as_it_was():
    before = known(minTick=0.01, longName="APPLE")
    assert read_document(before.document()) == before


@pytest.mark.parametrize(
    "value", [b"", b"[]", b"{}", b'{"contract":{}}', b'{"contract":5,"_timestamp":1}', known().document().replace(b"77", b'"x"'),
              known().document().replace(b"265598", b"null")]
)  # fmt: skip
def test_what_nobody_of_ours_wrote_is_an_error(value):
    with pytest.raises(ValueError):
        read_document(value)
