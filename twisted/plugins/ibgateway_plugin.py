"""Makes `twistd ibgateway` known; the module is named as text, so that `twistd --help` imports nothing heavy."""

from twisted.application.service import ServiceMaker

ibgateway = ServiceMaker(
    "ibgateway", "ibgw_tx.tap", "An Interactive Brokers gateway: live books, orders and balances on Redis", "ibgateway"
)
