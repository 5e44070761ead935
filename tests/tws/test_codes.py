"""What a code means for a request that is no order."""

import pytest

from ibgw_tx.tws import codes


@pytest.mark.parametrize("code", [200, 300, 309, 316, 320, 321, 322, 354, 10092, 10168, 10197, 10285, 503, 504, 579, 2200])
def test_errors_fail_a_request(code):
    assert codes.fails_request(code)


@pytest.mark.parametrize("code", [2100, 2104, 2152, 2174, 2176, 2199, 165, 399, 10090, 10167])
def test_warnings_and_notices_leave_a_request_as_it_is(code):
    assert not codes.fails_request(code)


@pytest.mark.parametrize("code", [codes.DEPTH_RESET, 2152, 10090, 10167, 300, 310, 10197])
def test_what_proves_nothing_does_not_end_a_subscription(code):
    assert code not in codes.SUBSCRIPTION_REFUSED


def test_nothing_that_is_only_a_notice_ends_a_subscription():
    assert all(map(codes.fails_request, codes.SUBSCRIPTION_REFUSED))
