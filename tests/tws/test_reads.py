"""Much is read of what costs little, and little of what costs much."""

from ibgw_tx.tws.reads import LARGE, MANY, SMALL, next_read


def test_a_stream_of_rows_is_read_in_large_pieces_after_its_first():
    assert next_read(SMALL, SMALL, 0) == LARGE == next_read(LARGE, LARGE, 0)


def test_a_list_of_orders_is_read_in_small_pieces():
    assert next_read(LARGE, LARGE, MANY) == SMALL == next_read(SMALL, SMALL, MANY + 5)


def test_a_little_changes_nothing():
    assert next_read(SMALL, 100, 1) == SMALL and next_read(LARGE, 100, 1) == LARGE
