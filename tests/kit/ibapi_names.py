"""What the two generations of ibapi call the same things; tests speak IB's old names, as the gateway does outside."""

from ibapi import server_versions

MODERN = server_versions.MAX_CLIENT_VER > 157
#: Old name -> today's.
RENAMED = {
    "commission": "commissionAndFees",
    "minCommission": "minCommissionAndFees",
    "maxCommission": "maxCommissionAndFees",
    "commissionCurrency": "commissionAndFeesCurrency",
    "commissionReport": "commissionAndFeesReport",
    "average": "wap",
}
#: Members that today's ibapi has no more.
GONE = {"eTradeOnly", "firmQuoteOnly", "nbboPriceCap", "faProfile", "mdSizeMultiplier"}
OLD_ONLY = GONE if MODERN else set()
#: What cancelOrder and reqGlobalCancel take more today.
if MODERN:
    from ibapi.order_cancel import OrderCancel

    CANCEL = (OrderCancel(),)
else:
    CANCEL = ()


def name(old):
    """The installed generation's name of a member or callback."""
    return RENAMED.get(old, old) if MODERN else old


def old_name(found):
    """The old name of what the installed generation calls so."""
    return next((old for old, new in RENAMED.items() if new == found), found) if MODERN else found
