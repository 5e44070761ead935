"""What a bot's quantity becomes on its way to TWS: the very digits it wrote."""

import pytest

from ibgw_tx.model import json_text as jsontext
from ibgw_tx.model.figures import on_wire
from ibgw_tx.orders.entry.parse import parse_place_order


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("0.00012345", "0.00012345"),
        ("12345.67", "12345.67"),
        ("98765432.12345678", "98765432.12345678"),
        ("1e-8", "0.00000001"),
        ("0.5", "0.5"),
        ("100.0", "100"),
        ("0.30000000000000004", "0.3"),
        ("12345678.299999999", "12345678.3"),
    ],
)
def test_a_quantity_is_as_exact_as_the_bot_wrote_it(text, quantity):
    params = jsontext.loads_exact(f'{{"contract":{{"conId":1}},"order":{{"T":"buy","p":1,"s":{text}}}}}')
    members = parse_place_order(params).orders[0].members
    assert jsontext.text(members["totalQuantity"]) == quantity == str(on_wire(members["totalQuantity"]))
