"""A few contracts as TWS tells them."""


from ibgw_tx.model.contract import Contract

AAPL = Contract(
    conId=265598, symbol="AAPL", secType="STK", exchange="SMART", primaryExchange="NASDAQ", currency="USD", localSymbol="AAPL"
)
HK1137 = Contract(conId=1137, symbol="1137", secType="STK", exchange="SEHK", primaryExchange="SEHK", currency="HKD")
BRR5 = Contract(
    conId=5,
    symbol="BRR",
    secType="FUT",
    exchange="CMECRYPTO",
    currency="USD",
    lastTradeDateOrContractMonth="20210625",
    multiplier="5",
)
BRR01 = Contract(
    conId=6,
    symbol="BRR",
    secType="FUT",
    exchange="CMECRYPTO",
    currency="USD",
    lastTradeDateOrContractMonth="20210625",
    multiplier="0.1",
)
