"""The catalogue's file, and which contracts a description finds."""

import pytest

from ibgw_tx.sim.market.catalogue import CatalogueError, load
from ibgw_tx.sim.office import lookup
from ibgw_tx.sim.office.settings import Settings
from ibgw_tx.sim.server.simulator import Simulator, default_catalogue
from ibgw_tx.sim.wire.codes import Refused
from ibgw_tx.sim.wire.requests import Query
from tests.sim.kit.bench import Bench, contract, depth, details, of
from tests.sim.test_tap import parsed

CATALOGUE = default_catalogue()

SMALL = """
[[rule]]
id = 1
steps = [["0", "0.01"]]
[[calendar]]
name = "c"
zone = "UTC"
offset = 0
trading = "0000-2359"
liquid = "0000-2359"
[[instrument]]
con_id = 1
symbol = "X"
sec_type = "STK"
currency = "USD"
exchange = "NYSE"
valid_exchanges = ["SMART", "NYSE"]
rule = 1
price = 10.0
calendar = "c"
farm = "usfarm"
"""


def found(**query):
    return lookup.find(CATALOGUE, Query(**query))


def test_a_small_file_is_enough():
    assert list(load(SMALL).instruments) == [1]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [(("rule = 1", "rule = 2"), "no [[rule]] 2"), (('calendar = "c"', 'calendar = "d"'), "no [[calendar]] d"),
     (("con_id = 1", "conid = 1"), "unknown key conid"), (("con_id = 1\n", ""), "key con_id is missing"),
     (('exchange = "NYSE"\n', 'exchange = "ARCA"\n'), "not among valid_exchanges"), (("[[rule]]", "[[rule"), "not TOML"),
     ((SMALL, ""), "no [[instrument]]"), (('"0.01"', "0.01"), "decimal texts"),
     ((SMALL, SMALL + SMALL[SMALL.index("[[instrument]]"):]), "used twice"),
     ((SMALL, SMALL + "[[funds.holding]]\ncon_id = 9\nquantity = 1\n"), "no instrument 9")],
)
def test_a_bad_file_is_told_in_one_line(change, complaint):
    with pytest.raises(CatalogueError) as caught:
        load(SMALL.replace(*change))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_instrument_says_what_contract_details_need():
    for one in CATALOGUE.instruments.values():
        assert one.exchange in one.valid_exchanges
        assert all(book in one.valid_exchanges for book in one.books)
        assert CATALOGUE.rules.ladder(one.rule).text(1)
        assert one.sec_type in CATALOGUE.order_types


@pytest.mark.parametrize(
    ("query", "con_ids"),
    [
        ({"con_id": 265598, "exchange": "SMART"}, [265598]),
        ({"symbol": "AAPL", "sec_type": "STK", "exchange": "SMART", "currency": "USD"}, [265598]),
        ({"symbol": "aapl", "sec_type": "stk", "exchange": "island"}, [265598]),
        ({"symbol": "AAPL", "sec_type": "STK", "exchange": "SEHK"}, []),
        ({"symbol": "AAPL", "sec_type": "STK", "exchange": "SMART", "primary_exchange": "NYSE"}, []),
        ({"symbol": "IBM", "sec_type": "STK", "exchange": "SMART"}, [8314, 14121]),
        ({"symbol": "IBM", "sec_type": "STK", "exchange": "SMART", "currency": "EUR"}, [14121]),
        ({"symbol": "BRR", "sec_type": "FUT", "exchange": "CMECRYPTO", "expiry": "203512"}, [790001, 790002]),
        ({"symbol": "BRR", "sec_type": "FUT", "exchange": "CMECRYPTO", "expiry": "20351228"}, [790001, 790002]),
        ({"symbol": "BRR", "sec_type": "FUT", "exchange": "CMECRYPTO", "multiplier": "0.10"}, [790002]),
        ({"symbol": "BRR", "sec_type": "FUT", "exchange": "CMECRYPTO", "trading_class": "BTC"}, [790001]),
        ({"symbol": "BRR", "sec_type": "FUT", "exchange": "CMECRYPTO", "expiry": "203511"}, []),
        ({"symbol": "ES", "sec_type": "FUT", "exchange": "CME"}, [780001, 780002, 780003]),
        ({"local_symbol": "ESM5", "sec_type": "FUT", "exchange": "CME"}, [780002]),
        ({"symbol": "EUR", "sec_type": "CASH", "exchange": "IDEALPRO", "currency": "USD"}, [12087792]),
        ({"symbol": "45920SIM7", "sec_type": "BOND", "exchange": "SMART"}, [760001]),
        ({"symbol": "AAPL", "sec_type": "OPT", "exchange": "SMART", "expiry": "20350119", "strike": 225.0,
          "right": "CALL"}, [700000101]),
        ({"con_id": 5}, []),
    ],
)
def test_a_description_finds_what_tws_would_find(query, con_ids):
    assert [row.instrument.con_id for row in found(**query)] == con_ids


def test_without_an_exchange_there_is_a_row_for_each():
    rows = found(con_id=265598)
    assert [row.exchange for row in rows] == list(CATALOGUE.instruments[265598].valid_exchanges)


def test_an_isin_finds_both_listings():
    rows = lookup.find(CATALOGUE, Query(sec_type="STK", exchange="SMART"), "ISIN", "US4592001014")
    assert [row.instrument.con_id for row in rows] == [8314, 14121]


def test_a_chain_has_hundreds_of_options():
    rows = found(symbol="AAPL", sec_type="OPT", exchange="SMART")
    assert len(rows) == 726
    assert len({row.instrument.local_symbol for row in rows}) == 726


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ({"symbol": "IBM", "sec_type": "STK", "exchange": "SMART"}, 200, "ambiguous"),
        ({"symbol": "BRR", "sec_type": "FUT", "exchange": "CMECRYPTO", "expiry": "203512"}, 200, "multiplier"),
        ({"symbol": "NOPE", "sec_type": "STK", "exchange": "SMART"}, 200, "No security definition"),
        ({"symbol": "AAPL", "sec_type": "STK"}, 321, "exchange"),
        ({"symbol": "AAPL", "exchange": "SMART"}, 321, "security type"),
        ({"sec_type": "STK", "exchange": "SMART"}, 321, "symbol"),
        ({"con_id": 790001, "expiry": "20351227", "exchange": "CMECRYPTO"}, 478, "20351227"),
    ],
)
def test_what_is_not_one_contract_is_refused(query, code, words):
    with pytest.raises(Refused) as caught:
        lookup.resolve(CATALOGUE, Query(**query), "reqMktDepth")
    assert caught.value.code == code
    assert words in caught.value.text


def test_symbols_are_found_by_beginning_and_name():
    assert [one.con_id for one in lookup.matching(CATALOGUE, "AAP")] == [265598]
    assert [one.con_id for one in lookup.matching(CATALOGUE, "tencent")] == [150968210]
    assert lookup.matching(CATALOGUE, " ") == []


OWN = """
[[rule]]
id = 26
steps = [["0", "0.01"]]
[[calendar]]
name = "us"
zone = "US/Eastern"
offset = -5
trading = "0400-2000"
liquid = "0930-1600"
[[instrument]]
con_id = 1
symbol = "FOO"
sec_type = "STK"
currency = "USD"
exchange = "NYSE"
valid_exchanges = ["SMART", "NYSE"]
rule = 26
price = 10.0
calendar = "us"
farm = "usfarm"
"""


def test_a_file_of_ones_own_is_a_market(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    bench = Bench()
    bench.simulator = Simulator(Settings(message_rate=0), parsed(f"--catalogue={path}")["catalogue"], reactor=bench.clock)
    bench.simulator.startService()
    peer = bench.peer()
    assert [row[13] for row in of(peer.ask(*details(1, *contract(symbol="FOO", sec_type="STK", exchange="SMART"))), 10)] == ["1"]
    assert len(of(peer.ask(*depth(2, *contract(1, exchange="NYSE"))), 12)) == 20
    assert of(peer.ask(61, 1), 62)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("price = 10.0", 'price = "ten"', "[[instrument]] FOO: price must be a number, not 'ten'"),
        ("con_id = 1", "con_id = true", "[[instrument]] FOO: con_id must be a whole number, not True"),
        ("offset = -5", "offset = 0.5", "[[calendar]] us: offset must be a whole number, not 0.5"),
        ("0400-2000", "all day", "[[calendar]] us: trading must be like 0930-1600, not 'all day'"),
        ("[[instrument]]", "[instrument]", "[instrument] must be [[instrument]], a list of tables"),
        ('"0.01"]]', '"one"]]', "[[rule]] 26: steps are pairs of decimal texts"),
        ('"NYSE"]', "3]", "[[instrument]] FOO 1: exchanges are texts"),
        ("price = 10.0", "price = -1", "[[instrument]] FOO 1: price, lot, wire_lot and parts must be positive"),
        ("[[rule]]", "[more]\n[[rule]]", "[more] is none of rule, calendar, instrument, chain, funds, order_types"),
        ("[[rule]]", "[funds]\ncash = 3\n[[rule]]", "[[funds]]: cash must be a table, not 3"),
        ("rule = 26", "rule = 27", "[[instrument]] FOO 1: there is no [[rule]] 27"),
        ("con_id = 1", "", "[[instrument]] FOO: key con_id is missing"),
        ("con_id = 1", "con_id = ", "not TOML: Invalid value (at line 12, column 10)"),
    ],
)
def test_a_mistake_in_it_is_one_line_naming_file_and_table(tmp_path, old, new, text):
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace(old, new))
    with pytest.raises(SystemExit) as caught:
        parsed(f"--catalogue={path}")
    assert str(caught.value) == f"ibsim: --catalogue {path}: {text}"
