"""Brackets and OCA groups: who hangs from whom, in which sequence, and when they go live."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ibgw_tx.model.errors import BAD_PARAMS, CommandError
from ibgw_tx.orders.entry.group import numbered, plan_group
from ibgw_tx.orders.entry.parse import parse_place_order


def orders(*changes):
    items = [{"contract": {"conId": 1}, "order": {"T": "buy", "s": 1, "p": 1, **change}} for change in changes]
    return parse_place_order({"orders": items}).orders


def shape(*changes):
    """(parent's place, transmit) of each order."""
    return [(member.parent_offset, member.request.members["transmit"]) for member in plan_group(orders(*changes))]


def refused(*changes):
    with pytest.raises(CommandError) as caught:
        plan_group(orders(*changes))
    assert caught.value.code == BAD_PARAMS
    return caught.value.text


def test_a_bracket_is_its_entry_and_what_follows_and_only_the_last_is_transmitted():
    assert shape({}, {}, {}) == [(None, False), (0, False), (0, True)]
    assert shape({}, {"ocaGroup": "g"}, {"ocaGroup": "g"}) == [(None, False), (0, False), (0, True)]


def test_the_ids_go_to_the_children():
    plan = plan_group(orders({"client_oid": "a"}, {"client_oid": "b"}, {"client_oid": "c"}))
    found = numbered(plan, 500)
    assert [(order_id, members.get("parentId"), members["orderRef"]) for order_id, members in found] == [
        (500, None, "a"), (501, 500, "b"), (502, 500, "c"),
    ]  # fmt: skip


def test_an_oca_group_has_no_parent_and_each_member_is_transmitted():
    assert shape({"ocaGroup": "g"}, {"ocaGroup": "g"}) == [(None, True), (None, True)]
    assert shape({"ocaGroup": "g"}, {"ocaGroup": "g"}, {"ocaGroup": "g"}) == [(None, True)] * 3


def test_each_family_of_a_group_is_transmitted_by_its_last():
    assert shape({"ocaGroup": "g"}, {"ocaGroup": "g"}, {"parent": 1}, {"parent": 0}, {"parent": 2}) == [
        (None, False), (None, False), (1, False), (0, True), (2, True),
    ]  # fmt: skip
    assert shape({"ocaGroup": "g", "parentId": 51}, {"ocaGroup": "g", "parentId": 60}) == [(None, True), (None, True)]


def test_a_parent_is_named_by_place_or_by_client_oid():
    assert shape({"client_oid": "a"}, {"parent": 0}, {"parent": "a"}, {"parent": 1}) == [
        (None, False), (0, False), (0, False), (1, True),
    ]  # fmt: skip
    assert shape({"ocaGroup": "g"}, {"ocaGroup": "g"}, {"parent": 1}) == [(None, True), (None, False), (1, True)]


def test_a_pair_may_hang_from_a_live_order():
    plan = numbered(plan_group(orders({"parentId": 51}, {"parentId": 51})), 60)
    assert [members["parentId"] for _, members in plan] == [51, 51]
    assert [members["transmit"] for _, members in plan] == [False, True]


def test_an_order_alone_is_sent_as_it_is():
    assert shape({}) == [(None, True)]
    assert shape({"transmit": False}) == [(None, False)]
    assert shape({"whatIf": True}) == [(None, True)]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (({"parent": 0},), "orders[0].parent names an order of the same command, but there is none before it"),
        (({"parent": 0}, {}), "orders[0].parent 0 names no order before it"),
        (({}, {"parent": 1}), "orders[1].parent 1 names no order before it"),
        (({}, {"parent": "x"}), "orders[1].parent 'x' names no order before it"),
        (({}, {"parent": ""}), "orders[1].parent '' names no order before it"),
        (({}, {"parent": "b"}, {"client_oid": "b"}), "orders[1].parent 'b' names no order before it"),
        (({}, {"transmit": False}), "orders[1].order sets transmit"),
        (({}, {"whatIf": True}), "orders[1] is a whatIf"),
        (({}, {"parent": 0, "parentId": 5}), "orders[1] has both parent and parentId"),
        (({"client_oid": "a"}, {}, {"client_oid": "a"}), "client_oid 'a' is given to 2 orders of this command"),
        (({"parentId": 51}, {"parentId": 60}), "orders[1] is tied to the first order by neither parent nor ocaGroup"),
        (({}, {"parentId": 60}), "orders[1] is tied to the first order by neither parent nor ocaGroup"),
    ],
)
def test_what_is_no_group_is_refused(changes, text):
    assert refused(*changes).startswith(text)


parts = st.fixed_dictionaries({}, optional={
    "parent": st.integers(0, 4) | st.sampled_from(["a", "b"]), "parentId": st.sampled_from([51, 60]),
    "ocaGroup": st.sampled_from(["g", "h"]), "client_oid": st.sampled_from(["a", "b"]),
})  # fmt: skip


@given(st.lists(parts, min_size=2, max_size=6))
def test_in_any_group_no_family_is_live_before_it_is_whole_and_parents_come_first(changes):
    try:
        plan = plan_group(orders(*changes))
    except CommandError as error:
        assert error.code == BAD_PARAMS
        return
    root = {}
    for member in plan:
        parent = member.request.members.get("parentId") or member.offset
        root[member.offset] = root[member.parent_offset] if member.parent_offset is not None else parent
    for family in set(root.values()):
        sent = [member.request.members["transmit"] for member in plan if root[member.offset] == family]
        assert sent == [False] * (len(sent) - 1) + [True], "each family is let go by its last, and none is left in TWS"
    assert [member.offset for member in plan] == list(range(len(plan)))
    assert all(member.parent_offset is None or member.parent_offset < member.offset for member in plan)
    for order_id, members in numbered(plan, 100):
        assert members.get("parentId") in (None, 51, 60) or 100 <= members["parentId"] < order_id
