"""Names of orders that their bots did not name."""

import pytest

from ibgw_tx.orders.entry.entry_names import named
from ibgw_tx.orders.entry.parse import parse_place_order

AAPL = {"conId": 265598, "exchange": "SMART"}
ORDER = {"T": "buy", "s": 1, "p": 1.0}


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"contract": AAPL, "order": ORDER}, ["cmds-5-0"]),
        ({"contract": AAPL, "order": {**ORDER, "client_oid": "a"}}, ["a"]),
        ({"contract": AAPL, "order": {**ORDER, "whatIf": True}}, [""]),
        ({"order": {"client_oid": "a", "p": 2.0}}, [""]),
        (
            {"orders": [{"contract": AAPL, "order": {**ORDER, **each}} for each in ({"client_oid": "a"}, {"parent": 0})]},
            ["a", "cmds-5-0-2"],
        ),
    ],
)
def test_a_new_order_of_an_entry_has_a_name(params, names):
    asked = parse_place_order(params)
    assert [terms.client_oid for terms in named(asked, "5-0").orders] == names
    assert named(asked, "") == asked
