"""The folders are the architecture: who may import whom, read from the paths alone. docs/architecture.md says why."""

import ast
from pathlib import Path

import pytest

import ibgw_tx

PACKAGE = Path(ibgw_tx.__file__).parent


def parts_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts


def named(path):
    return "/".join(parts_of(path))


FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {path: parts_of(path) for path in FILES if path.stem != "__init__"}
BY_NAME = {"ibgw_tx." + ".".join(parts): path for path, parts in MODULES.items()}
GROUND = {"model", "runtime"}
FLOOR = {"tws", "redis", "commands"}
SUBJECT = FLOOR | {"contracts"}
#: Each subject and what it may use besides itself and the ground. The roof (modules of the top folder) may use all of them.
MAY = {
    "model": set(),
    "runtime": set(),
    "tws": set(),
    "redis": set(),
    "commands": set(),
    "contracts": FLOOR,
    "accounts": SUBJECT,
    "history": SUBJECT,
    "books": SUBJECT,
    "orders": SUBJECT | {"books"},
    "lease": {"redis"},
    "streams": {"redis", "commands"},
    # The operator's program: it knows Redis and nothing of the gateway.
    "ctl": set(),
    # What is shown of the gateway, from plain values.
    "sight": set(),
}
ROOF = {"tap", "config", "gateway", "assembly", "notices", "status", "chores", "summary", "tenure", "reset", "self_check"}
ROOF |= {"alert_ends", "facts", "handlers", "inventory", "listeners", "setting_values"}
#: Floors of the simulator, from the ground up; its own roof is tap and ctl.
SIM = ["wire", "market", "exchange", "replies", "office", "desks", "trouble", "replay", "server"]
#: What keeps logic from being tested without a machine.
WORLD = set("twisted ibapi txredisapi hiredis redis click rich socket ssl time asyncio".split())
WORLD |= set("threading subprocess os select signal".split())
#: Folders that a subject may have: its shell, and the parts that have several subjects of their own.
FOLDERS = {"tws": {"api", "shell"}, "orders": {"cache", "entry", "shell"}}


def nodes(path):
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def imported(path):
    """Every name a file imports, dotted; `from a import b` counts as a and as a.b. TYPE_CHECKING imports count."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


IMPORTED = {path: imported(path) for path in FILES}


def ours(path):
    """The modules of this package that a file imports."""
    return {BY_NAME[name] for name in IMPORTED[path] if name in BY_NAME}


def libraries(path):
    return {name.partition(".")[0] for name in IMPORTED[path]}


def is_shell(parts):
    if parts[0] == "runtime":
        return parts[-1] != "clock"
    return "shell" in parts[:-1] or parts[:2] == ("tws", "api")


def over(paths):
    return pytest.mark.parametrize("path", sorted(paths), ids=named)


GATEWAY = [path for path, parts in MODULES.items() if parts[0] not in ("sim", "demo")]
SUBJECTS = [path for path in GATEWAY if len(MODULES[path]) > 1]
PURE = [path for path in SUBJECTS if not is_shell(MODULES[path])]
SIMULATOR = [path for path, parts in MODULES.items() if parts[0] == "sim"]


def test_the_house_is_there():
    assert len(GATEWAY) > 80
    assert len(PURE) > 45
    assert len(SIMULATOR) > 70
    assert {MODULES[path][0] for path in SUBJECTS} == set(MAY)


@over(GATEWAY)
def test_a_file_stands_in_the_plan(path):
    """The roof has its few modules; a subject has pure modules on top and one folder `shell`, or the folders it is known for."""
    parts = MODULES[path]
    if len(parts) == 1:
        assert parts[0] in ROOF
        return
    folders = FOLDERS.get(parts[0], {"shell"} if parts[0] not in GROUND else set())
    assert len(parts) == 2 or (len(parts) == 3 and parts[1] in folders)


@over(path for path in FILES if path.stem == "__init__")
def test_an_init_says_nothing_but_a_sentence(path):
    body = ast.parse(path.read_text(encoding="utf-8")).body
    said = [node for node in body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    assert not said or path == PACKAGE / "__init__.py"


@over(SUBJECTS)
def test_a_folder_uses_what_stands_below_it(path):
    mine = MODULES[path][0]
    used = {MODULES[each][0] if len(MODULES[each]) > 1 else "the roof" for each in ours(path)}
    assert not used - {mine} - GROUND - MAY[mine]


@over(PURE)
def test_what_is_not_in_a_shell_is_pure_all_the_way_down(path):
    seen, todo = set(), [path]
    while todo:
        each = todo.pop()
        if each not in seen:
            seen.add(each)
            assert not is_shell(MODULES[each]), named(each)
            assert not libraries(each) & WORLD, named(each)
            todo += ours(each)


def test_the_cache_and_the_entry_of_orders_do_not_know_each_other():
    for mine, other in (("cache", "entry"), ("entry", "cache")):
        folder = [path for path in SUBJECTS if MODULES[path][:2] == ("orders", mine)]
        assert len(folder) > 5
        assert not [named(path) for path in folder if any(MODULES[each][:2] == ("orders", other) for each in ours(path))]


def knows(library):
    return {MODULES[path][:-1] for path in GATEWAY if library in libraries(path)}


def test_one_place_knows_each_library():
    assert knows("ibapi") == {("tws", "api")}
    assert knows("txredisapi") == {("redis", "shell")}
    assert knows("hiredis") <= {("redis", "shell")}
    for library in ("redis", "click", "rich"):
        assert knows(library) == {("ctl", "shell")}
    assert knows("prometheus_client") == {("sight",), ("sight", "shell")}


def test_the_seam_to_ibapi_does_not_know_twisted():
    seam = [path for path in GATEWAY if MODULES[path][:2] == ("tws", "api")]
    assert len(seam) >= 5
    assert not [named(path) for path in seam if "twisted" in libraries(path)]


def test_nobody_imports_the_reactor_but_tap():
    assert {named(path) for path in GATEWAY if "twisted.internet.reactor" in IMPORTED[path]} == {"tap"}


def test_nobody_but_the_tenure_knows_the_gateway():
    assert {named(path) for path in GATEWAY if PACKAGE / "gateway.py" in ours(path)} == {"tenure"}


@over(GATEWAY)
def test_the_gateway_knows_neither_the_simulator_nor_the_demo(path):
    assert not [named(each) for each in ours(path) if MODULES[each][0] in ("sim", "demo")]


@over(SIMULATOR)
def test_the_simulator_knows_itself_only_and_no_ibapi(path):
    found = {name for name in IMPORTED[path] if name.partition(".")[0] == "ibgw_tx"}
    assert all(name == "ibgw_tx.sim" or name.startswith("ibgw_tx.sim.") for name in found - {"ibgw_tx"})
    assert "ibapi" not in libraries(path)


@over(path for path in SIMULATOR if len(MODULES[path]) > 2)
def test_the_simulator_stands_on_its_own_floors(path):
    mine = MODULES[path][1]
    below = SIM[: SIM.index(mine) + 1]
    assert not [named(each) for each in ours(path) if len(MODULES[each]) < 3 or MODULES[each][1] not in below]


def circle_from(start):
    """A way from a module back to itself, or nothing."""
    ways = [(start,)]
    seen = set()
    while ways:
        way = ways.pop()
        for each in ours(way[-1]):
            if each == start:
                return (*way, each)
            if each not in seen:
                seen.add(each)
                ways.append((*way, each))
    return ()


@over(MODULES)
def test_no_module_comes_back_to_itself(path):
    assert not [named(each) for each in circle_from(path)]


@over(MODULES)
def test_a_file_is_a_room_and_not_a_hall(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
