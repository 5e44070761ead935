"""Real messages, as recorded from TWS: what the cache makes of them, in their order and in the worst ones.

Transcribed from the recordings of other projects; the frame each comes from stands beside it.
"""

import attrs

from ibgw_tx.model.contract import ComboLeg, Contract
from ibgw_tx.model.order_events import (
    Commission,
    CompletedOrder,
    Execution,
    OpenOrder,
    OrderError,
    OrderStatus,
    Terms,
)
from ibgw_tx.orders.cache.cache import OrderCache
from tests.kit.order_events import Bot, asks, loaded, notes, running

UNSET = 1.7976931348623157e308
T0 = 1_677_269_096_000
TSLA = Contract(76792991, "TSLA", "STK", "SMART", "", "USD", localSymbol="TSLA", tradingClass="NMS")
AAPL = Contract(265598, "AAPL", "STK", "SMART", "", "USD", localSymbol="AAPL", tradingClass="NMS")
MARKET = Terms("BUY", 100.0, "MKT", 0.0, 0.0, "DAY", "DU1234567")


def tsla_open(word, commission=UNSET, currency=""):
    return OpenOrder(13, 100, 1376327563, TSLA, MARKET, word, commission=commission, commissionCurrency=currency)


TSLA_FILL = [
    tsla_open("PreSubmitted"),  # f0588
    OrderStatus(13, 100, 1376327563, "PreSubmitted", 0.0, 100.0, 0.0, 0.0),  # f0204
    Execution(
        "00025b46.63f8f39c.01.01",
        13,
        100,
        1376327563,
        attrs.evolve(TSLA, exchange="ISLAND"),
        "BOT",
        100.0,
        196.52,
        "DU1234567",
        100.0,
        196.52,
        "",
        "20230224  12:04:56",
    ),  # f0205
    tsla_open("Filled"),  # f0589
    OrderStatus(13, 100, 1376327563, "Filled", 100.0, 0.0, 196.52, 196.52),  # f0207
    tsla_open("Filled", 1.0, "USD"),  # f0590
    Commission("00025b46.63f8f39c.01.01", 1.0, "USD"),  # f0209
]
CANCEL = [
    OrderStatus(41, 100, 71270927, "Cancelled", 0.0, 100.0, 0.0, 0.0),  # f0210
    OrderError(41, 202, "Order Canceled - reason:"),  # f0211
]


def play(cache, bot, events):
    for index, event in enumerate(events):
        bot.take(cache.apply(event, T0 + index))
    return bot


def resolved(cache):
    for contract in (TSLA, AAPL):
        cache.contract_known(contract.conId, attrs.evolve(contract, primaryExchange="NASDAQ"), T0)
    return cache


def test_a_market_order_that_fills_at_once():
    bot = play(resolved(running()), Bot(), TSLA_FILL)
    assert [(order["status"], order["executed"], order["commission"], order["alive"]) for order in bot.heard] == [
        ("PreSubmitted", 0, None, True),
        ("Filled", 100, None, False),
        ("Filled", 100, 1, False),
    ]
    last = bot.heard[-1]
    assert [last[key] for key in ("avg_price", "last_price", "p", "aux", "remained", "commissionCurrency")] == [
        196.52,
        196.52,
        None,
        None,
        0,
        "USD",
    ]


def test_the_same_fill_backwards_ends_the_same():
    ends = []
    for events in (TSLA_FILL, TSLA_FILL[::-1], TSLA_FILL + TSLA_FILL, TSLA_FILL[2:3] + TSLA_FILL):
        last = play(resolved(running()), Bot(), events).heard[-1]
        ends.append({key: value for key, value in last.items() if key not in ("t", "updateTime")})
    assert ends.count(ends[0]) == len(ends)


def test_a_cancel_is_the_status_first_and_202_after_it():
    opened = OpenOrder(41, 100, 71270927, AAPL, attrs.evolve(MARKET, orderType="LMT", lmtPrice=100.0), "Submitted")
    bot = play(resolved(running()), Bot(), [opened, *CANCEL])
    assert [(order["status"], order["extCode"], order["remained"]) for order in bot.heard] == [
        ("Submitted", None, 100),
        ("Cancelled", None, 100),
        ("Cancelled", 202, 100),
    ]


def test_a_cancel_of_an_order_nobody_opened_here_is_told_when_its_contract_is_known():
    cache = resolved(running())
    assert play(cache, Bot(), CANCEL).heard == []
    assert len(asks(cache.due(T0 + 5_000))) == 1


def test_completed_orders_of_a_day():
    es = Contract(637533641, "ES", "FUT", "CME", "", "USD", "20250919", 0.0, "", "50", "ESU5", "ES")
    filled = CompletedOrder(
        1824933227, AAPL, attrs.evolve(MARKET, totalQuantity=0), "Filled", 100.0, "", "Filled Size: 100"
    )  # f0212
    dead = CompletedOrder(
        616088517,
        es,
        Terms("BUY", 1.0, "LMT", 1000.0, UNSET, "GTC", "DU1236109"),
        "Cancelled",
        0.0,
        "",
        "Cancelled by Trader",
    )  # f0597
    cache = OrderCache(100)
    cache.begin(T0)
    play(cache, Bot(), [filled, dead])
    resolved(cache)
    loaded(cache, T0)
    first, second = cache.orders.by_perm_id(1824933227), cache.orders.by_perm_id(616088517)
    assert [first[key] for key in ("s", "executed", "remained", "status", "apiOrderId", "market")] == [
        100,
        100,
        0,
        "Filled",
        None,
        "NASDAQ",
    ]
    assert [second[key] for key in ("pair", "p", "aux", "executed", "alive", "extMsg")] == [
        "USD-ES@20250919@50",
        1000,
        None,
        0,
        False,
        "Cancelled by Trader",
    ]


def test_a_combo_and_an_order_placed_by_hand():
    legs = (ComboLeg(9408, 1, "SELL", "SMART"), ComboLeg(43645865, 1, "BUY", "SMART"))
    combo = Contract(
        28812380,
        "IECombo",
        "BAG",
        "SMART",
        "",
        "USD",
        localSymbol="28812380",
        tradingClass="COMB",
        comboLegs=legs,
    )
    by_hand = Contract(37018770, "T", "STK", "NYSE", "", "USD", localSymbol="T", tradingClass="T")
    bot = play(
        running(),
        Bot(),
        [
            OpenOrder(
                16,
                1111,
                164391210,
                combo,
                Terms("BUY", 100.0, "LMT", 5.45, 0.0, "GTC", "DU167348"),
                "PreSubmitted",
            ),  # f0582
            OpenOrder(
                0,
                1111,
                1916223656,
                by_hand,
                Terms("BUY", 100.0, "LMT", 24.0, 0.0, "GTC", "DU167348"),
                "PreSubmitted",
            ),  # f0581
        ],
    )
    assert [(order["i"], order["pair"], order["apiOrderId"], order["p"]) for order in bot.heard] == [
        ("164391210", "USD-IECombo", 16, 5.45),
        ("1916223656", "USD-T", None, 24),
    ]


def test_notices_of_the_session_are_no_orders():
    cache = running()
    for code in (2104, 2107, 2158):
        assert notes(cache.apply(OrderError(-1, code, "farm"), T0)) == []
