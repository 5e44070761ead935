"""The traps of today's TWS (tws-facts-10x, 24), each in text and in protobuf: what bots are told is the same.

`Dialect` sends one message in either: a text of server version 200 by its fields, or the protobuf message that says the same.
"""

from decimal import Decimal

import pytest

from ibgw_tx.accounts.balance import Balance
from ibgw_tx.history.bars import bar_time
from ibgw_tx.model import events
from ibgw_tx.model import order_events as told_of
from ibgw_tx.model.tws_time import told_ms
from ibgw_tx.orders.cache.states import Sign, sign_of
from ibgw_tx.tws.api.client import MAX_VERSION, TWSClient
from tests.tws.api.test_client import Line

pytestmark = pytest.mark.skipif(MAX_VERSION < 226, reason="9.81.1 knows neither")
NOON = 1_712_059_200_000
UNSET = ["", "170141183460469231731687303715884105727", "2147483647", "NaN"]


class Dialect:
    """A session of server version 200 (text) or 226 (protobuf), and what it has told."""

    def __init__(self, name):
        self.text, self.told = name == "text", []
        self.client = TWSClient(Line(), 0, self.told.append)
        self.client.greet(200 if self.text else 226)

    def says(self, number, fields, message, **members):
        """One message, and the one record it is told as."""
        del self.told[:]
        if self.text:
            self.client.decode([str(field).encode() for field in (number, *fields)])
        else:
            from ibgw_tx.tws.api.protobuf import message_class  # noqa: PLC0415 (of today's ibapi)

            self.client.decode_protobuf(number + 200, message_class(message)(**members).SerializeToString())
        return self.told[-1]

    def value(self, key, value, currency="USD"):
        fields = 2, key, value, currency, "DU1"
        return self.says(6, fields, "AccountValue", key=key, value=value, currency=currency, accountName="DU1")

    def multi_value(self, key, value):
        fields = 1, 9, "DU1", "", key, value, "USD"
        return self.says(73, fields, "AccountUpdateMulti", reqId=9, account="DU1", key=key, value=value, currency="USD")

    def status(self, filled, remaining, **more):
        fields = 7, "Submitted", filled, remaining, "0", 90051, 0, "0", 0, "", "0"
        said = {"orderId": 7, "status": "Submitted", "filled": filled, "remaining": remaining, "permId": 90051, "clientId": 0}
        return self.says(3, fields, "OrderStatus", **said, **more)

    def execution(self, time, shares="1"):
        contract = 5, "A", "STK", "", "0.0", "", "", "NYSE", "USD", "A", "A"
        rest = "NYSE", "BOT", shares, "1.5", 90051, 0, 0, shares, "1.5", "oid", "", "", "", 1, 0, ""
        told = {"orderId": 7, "execId": "e.01", "time": time, "acctNumber": "DU1", "exchange": "NYSE", "side": "BOT"}
        about = {"conId": 5, "symbol": "A", "secType": "STK", "exchange": "NYSE", "currency": "USD"}
        fields = -1, 7, *contract, "e.01", time, "DU1", *rest
        shown = {**told, "price": 1.5, "shares": shares, "cumQty": shares, "permId": 90051, "orderRef": "oid"}
        return self.says(11, fields, "ExecutionDetails", reqId=-1, contract=about, execution=shown)

    def bar(self, time):
        fields = 9, 5, time, "1", "2", "1.5", "0.5", "1.2", "100"
        prices = {"date": time, "open": 1.0, "close": 2.0, "high": 1.5, "low": 0.5, "WAP": "1.2", "volume": "100", "barCount": 5}
        return self.says(90, fields, "HistoricalDataUpdate", reqId=9, historicalDataBar=prices)

    def commission(self, amount):
        """None: it is not said at all, which text cannot do but by its sentinel."""
        unset = "1.7976931348623157E308"
        fields = 1, "e.01", unset if amount is None else amount, "USD", unset, unset, ""
        said = {"execId": "e.01", "currency": "USD", **({} if amount is None else {"commissionAndFees": float(amount)})}
        return self.says(59, fields, "CommissionAndFeesReport", **said)


@pytest.fixture(params=["text", "protobuf"])
def dialect(request):
    return Dialect(request.param)


@pytest.mark.parametrize("key", ["CashBalance", "$LEDGER-CashBalance"])
def test_the_prefix_of_ledger_values_is_taken_off(dialect, key):
    assert dialect.value(key, "500.25") == events.AccountValue("CashBalance", "500.25", "USD", "DU1")
    assert dialect.multi_value(key, "500.25").key == "CashBalance"
    book = Balance("DU1")
    book.begin()
    told = dialect.value(key, "500.25")
    book.value(told.key, told.value, told.currency)
    assert book.end() and book.document({})["USD"]["balance"] == 500.25


TIMES = ["20240402-12:00:00", "20240402-12:00:00Z", "20240402 12:00:00Z", "20240402 08:00:00 US/Eastern"]


@pytest.mark.parametrize("text", TIMES)
def test_times_with_a_zone_or_a_z_are_the_same_moment(dialect, text):
    assert told_ms(dialect.execution(text).time, 8 * 3_600_000) == NOON
    assert bar_time(dialect.bar(text).time) == NOON


def test_the_day_of_a_bar_may_carry_a_z(dialect):
    assert bar_time(dialect.bar("20240402Z").time) == bar_time(dialect.bar("20240402").time)


EXACT = [("1E-8", "0.00000001"), ("1E+3", "1000"), ("12345678.00000001", "12345678.00000001")]


@pytest.mark.parametrize(("text", "exact"), EXACT)
def test_an_exponent_is_a_figure_like_any_other(dialect, text, exact):
    status = dialect.status(text, "0")
    assert Decimal(status.filled) == Decimal(exact)
    assert Decimal(str(dialect.execution("20240402-12:00:00", text).shares)) == Decimal(exact)


def test_a_zero_is_a_zero(dialect):
    assert (dialect.status("0", "5").filled, dialect.commission("0").commission) == (0, 0)


@pytest.mark.parametrize("text", UNSET)
def test_what_is_empty_or_unset_is_none_and_costs_no_message(dialect, text):
    status = dialect.status(text, "5")
    assert isinstance(status, told_of.OrderStatus) and status.filled in (None, 0) and status.remaining == 5
    assert status.filled is None or (dialect.text and text == ""), "text says nothing for a zero"


def test_an_absent_commission_is_none(dialect):
    assert dialect.commission(None).commission is None


def test_an_order_that_was_deactivated_is_not_over(dialect):
    """In text it is shown as Inactive and no more, in protobuf as deactivated too: neither ends it."""
    fields = 7, "Inactive", "0", "5", "0", 90051, 0, "0", 0, "", "0"
    said = {"orderId": 7, "status": "Inactive", "filled": "0", "remaining": "5", "permId": 90051}
    assert sign_of(dialect.says(3, fields, "OrderStatus", **said).status) is Sign.HELD
    if not dialect.text:
        from ibgw_tx.tws.api.protobuf import message_class  # noqa: PLC0415 (of today's ibapi)

        order = message_class("Order")(action="BUY", orderType="LMT", totalQuantity="5", deactivate=True)
        parts = {"orderId": 7, "contract": {"conId": 5, "secType": "STK"}, "order": order, "orderState": {"status": "Inactive"}}
        assert dialect.says(5, (), "OpenOrder", **parts).deactivated
