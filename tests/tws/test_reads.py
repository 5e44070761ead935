"""Much is read of what costs little, and little of what costs much."""

from ibgw_tx.tws.reads import FEW, LARGE, MANY, SMALL, next_read


def test_a_stream_of_rows_is_read_in_large_pieces_after_its_first():
    assert next_read(SMALL, SMALL, 0) == LARGE == next_read(LARGE, LARGE, 0)


def test_a_list_of_orders_is_read_in_small_pieces():
    assert next_read(LARGE, LARGE, MANY) == SMALL == next_read(SMALL, SMALL, MANY + 5)


def test_a_chain_of_options_is_read_in_small_pieces_from_its_first():
    """Five of them fill a small read; 64 kB of them held the reactor for 33 ms."""
    assert next_read(SMALL, SMALL, FEW) == SMALL == next_read(SMALL, SMALL, 5)
    assert next_read(LARGE, LARGE, FEW - 1) == LARGE


def test_a_little_ends_a_stream():
    """A list of orders behind single rows would come in one large piece, and hold the reactor for 20 ms."""
    assert next_read(SMALL, 100, 1) == SMALL == next_read(LARGE, 100, 0) == next_read(LARGE, SMALL, 0)


def test_a_stream_that_comes_a_little_slower_goes_on():
    assert next_read(LARGE, LARGE // 2, 1) == LARGE
