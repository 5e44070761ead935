"""TWS error codes used by the simulator and their texts, as TWS words them where that is on record."""

from __future__ import annotations

TEXTS: dict[int, str] = {
    100: "Max rate of messages per second has been exceeded:max={limit} rec={count} ({breach})",
    102: "Duplicate ticker ID.",
    103: "Duplicate order id",
    104: "Cannot modify a filled order.",
    105: "Order being modified does not match original order.",
    109: "The price is out of the range defined by the Percentage Setting at order defaults frame. "
    "The order will not be transmitted.",
    110: "The price does not conform to the minimum price variation for this contract.",
    161: "Cancel attempted when order is not in a cancellable state.  Order permId ={perm}",
    162: "Historical Market Data Service error message:{cause}",
    200: "No security definition has been found for the request",
    201: "Order rejected - reason:{cause}",
    202: "Order Canceled - reason:{cause}",
    300: "Can't find EId with tickerId:{id}",
    309: "Max number ({limit}) of market depth requests has been reached",
    310: "Can't find the subscribed market depth with tickerId:{id}",
    316: "Market depth data has been HALTED. Please re-subscribe.",
    317: "Market depth data has been RESET. Please empty deep book contents before applying any new entries.",
    320: "Error reading request.-'{name}' : cause - {cause}",
    321: "Error validating request.-'{name}' : cause - {cause}",
    322: "Error processing request.-'{name}' : cause - {cause}",
    326: "Unable to connect as the client id is already in use. Retry with a unique client id.",
    327: "Only the default client (i.e 0) can auto bind orders",
    329: "Order modify failed. Cannot change to the new order type.",
    354: "Requested market data is not subscribed.",
    366: "No historical data query found for ticker id:{id}",
    382: "The following order price exceeds the Number of Ticks Limit of {limit}. Restriction is specified in "
    "Precautionary Settings of Global Configuration/Presets.",
    383: "The following order exceeds the Size Limit of {limit}. Restriction is specified in Precautionary Settings "
    "of Global Configuration/Presets.",
    399: "Order Message:\n{action} {size} {symbol} {where}\nWarning: Your order will not be placed at the exchange "
    "until {when}.",
    404: "Shares for this order are not immediately available for short sale. The order will be held while we "
    "attempt to locate the shares.",
    413: "What-if order should have the transmit flag set to true.",
    414: "Snapshot market data subscription is not applicable to generic ticks",
    422: "You may not change the account of an order.",
    430: "We are sorry, but fundamentals data for the security specified is not available.",
    434: "The order size cannot be zero.",
    436: "You must specify an allocation (either a single account, group, or profile).",
    463: "You must enter a valid price.",
    478: "Parameters in request conflicts with contract parameters received by contract id: {cause}",
    1100: "Connectivity between IB and Trader Workstation has been lost.",
    1101: "Connectivity between IB and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IB and Trader Workstation has been restored - data maintained. {cause}",
    1300: "TWS socket port has been reset and this connection is being dropped.\nPlease reconnect on the new port - {cause}",
    2100: "API client has been unsubscribed from account data.",
    2101: "Unable to subscribe to account as the following clients are subscribed to a different account: {cause}",
    2103: "Market data farm connection is broken:{cause}",
    2104: "Market data farm connection is OK:{cause}",
    2105: "HMDS data farm connection is broken:{cause}",
    2106: "HMDS data farm connection is OK:{cause}",
    2107: "HMDS data farm connection is inactive but should be available upon demand.{cause}",
    2108: "Market data farm connection is inactive but should be available upon demand.{cause}",
    2110: "Connectivity between Trader Workstation and server is broken. It will be restored automatically.",
    2119: "Market data farm is connecting:{cause}",
    2152: "Exchanges - Depth: {depth}; Top: {top}; ",
    2157: "Sec-def data farm connection is broken:{cause}",
    2158: "Sec-def data farm connection is OK:{cause}",
    2109: "Order Event Warning: Attribute 'Outside Regular Trading Hours' is ignored based on the order type and "
    "destination. PlaceOrder is now being processed.",
    2174: "Warning: You submitted request with date-time attributes without explicit time zone. Please switch to use "
    "yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like US/Eastern. Implied time zone functionality will be "
    "removed in the next API release",
    10006: "Missing parent order.",
    10089: "Requested market data requires additional subscription for API. See link in 'Market Data Connections' "
    "dialog for more details.Delayed market data is available.",
    10092: "Deep market data is not supported for this combination of security type/exchange",
    10147: "OrderId {id} that needs to be cancelled is not found.",
    10148: "OrderId {id} that needs to be cancelled cannot be cancelled, state: {state}.",
    10167: "Requested market data is not subscribed. Displaying delayed market data.",
    10168: "Requested market data is not subscribed. Delayed market data is not enabled.",
    10185: "Failed to cancel PNL (not subscribed)",
    10186: "Failed to cancel PNL single (not subscribed)",
    10190: "Max number of tick-by-tick requests has been reached.",
    10197: "No market data during competing live session",
    10224: "All orders of an OCA group must be for the same account.",  # our words, IB's code
    10243: "Fractional-sized order cannot be placed via API. Please use desktop version to place this order.",
    10268: "The 'EtradeOnly' order attribute is not supported.",
    10269: "The 'FirmQuoteOnly' order attribute is not supported.",
    10270: "The 'NbboPriceCap' order attribute is not supported.",
    10285: "Your API version does not support fractional size rules. Please upgrade to a minimum version 163.",
    10314: "End Date/Time: The date, time, or time-zone entered is invalid. The correct format is yyyymmdd hh:mm:ss "
    "xx/xxxx where yyyymmdd and xx/xxxx are optional.",
    10341: "Parent order id cannot be modified.",
    10349: "Order TIF was set to DAY based on order preset.",
}


class _Blank(dict[str, object]):
    """Named values for a text; a missing one is left empty rather than failing the answer."""

    def __missing__(self, key: str) -> str:
        return ""


def say(code: int, **values: object) -> str:
    """The text of a code. Unknown codes get a plain one, so that trouble can be made with any number."""
    return TEXTS.get(code, "Simulated error {code}").format_map(_Blank(values, code=code))


class Refused(Exception):
    """The request is answered with this code and text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code, self.text = code, text
