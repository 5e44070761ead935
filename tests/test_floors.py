"""Which module may import what: a module is pure unless it is named here."""

import ast
from pathlib import Path

import pytest

import ibgw_tx

PACKAGE = Path(ibgw_tx.__file__).parent
MODULES = {path.stem: path for path in PACKAGE.glob("*.py")}
SIMULATOR = sorted((PACKAGE / "sim").rglob("*.py"))

#: The ibapi seam.
SEAM = {"tws", "twsdecoder", "twswrapper", "translate", "ordertranslate"}
#: The shells: Twisted and what is made of it.
SHELLS = {
    "accountdesk",
    "asking",
    "cleanexit",
    "commanddesk",
    "contractdesk",
    "contractstore",
    "gateway",
    "log",
    "omsstore",
    "orderasking",
    "ordercommands",
    "orderdesk",
    "periodic",
    "querycommands",
    "redisconn",
    "redislink",
    "session",
    "sessionlink",
    "subscriptionstore",
    "tap",
}
#: The demo: a process of its own, with processes of its own.
DEMO = {"demo", "embedded"}
#: What keeps logic from being tested without a machine.
WORLD = {
    "twisted",
    "ibapi",
    "txredisapi",
    "hiredis",
    "redis",
    "socket",
    "ssl",
    "time",
    "asyncio",
    "threading",
    "subprocess",
    "os",
    "select",
}


def imported(path):
    """Every module a file imports, by its full dotted name; `from ibgw_tx import x` counts as ibgw_tx.x."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def tops(path):
    return {name.partition(".")[0] for name in imported(path)}


@pytest.mark.parametrize("module", sorted(set(MODULES) - SEAM - SHELLS - DEMO))
def test_a_module_is_pure_unless_it_is_named_as_a_shell(module):
    assert not tops(MODULES[module]) & WORLD


@pytest.mark.parametrize(
    "module",
    [
        "contract",
        "names",
        "frames",
        "orderbook",
        "livebook",
        "shelf",
        "pacing",
        "jsontext",
        "linkstate",
        "commands",
        "account",
        "codes",
        "contractnames",
        "subscriptions",
        "config",
        "errors",
        "events",
        "ticks",
        "limits",
        "oms",
    ],
)
def test_the_knowledge_of_the_gateway_is_pure_all_the_way_down(module):
    seen, todo = set(), [module]
    while todo:
        name = todo.pop()
        if name in seen or name not in MODULES:
            continue
        seen.add(name)
        assert not tops(MODULES[name]) & WORLD, f"{module} reaches {name}"
        todo += [found.split(".")[1] for found in imported(MODULES[name]) if found.startswith("ibgw_tx.")]
    assert not seen & (SEAM | SHELLS | DEMO)


def test_only_the_seam_knows_ibapi_and_it_does_not_know_twisted():
    assert {name for name, path in MODULES.items() if "ibapi" in tops(path)} <= SEAM
    assert not [name for name in SEAM & set(MODULES) if "twisted" in tops(MODULES[name])]


def test_only_redisconn_knows_txredisapi():
    assert [name for name, path in MODULES.items() if "txredisapi" in tops(path)] == ["redisconn"]


def test_nobody_but_tap_knows_the_gateway():
    assert [name for name, path in MODULES.items() if "ibgw_tx.gateway" in imported(path)] == ["tap"]


def test_nobody_imports_the_reactor_but_tap():
    importing = [name for name, path in MODULES.items() if "twisted.internet.reactor" in imported(path)]
    assert set(importing) - DEMO == {"tap"}


@pytest.mark.parametrize("path", SIMULATOR, ids=lambda path: path.stem)
def test_the_simulator_knows_nothing_of_the_gateway(path):
    ours = {name for name in imported(path) if name.startswith("ibgw_tx")}
    assert all(name == "ibgw_tx.sim" or name.startswith("ibgw_tx.sim.") for name in ours - {"ibgw_tx"})


def test_the_gateway_knows_nothing_of_the_simulator():
    for name, path in MODULES.items():
        assert name in DEMO or not [found for found in imported(path) if found.startswith("ibgw_tx.sim")], name
