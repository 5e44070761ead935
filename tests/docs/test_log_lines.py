"""docs/operations.md lists every line of the log with its level, and none that is none; what fills a line is listed too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

import ibgw_tx
from ibgw_tx.tws.connectivity import Change

PACKAGE = Path(ibgw_tx.__file__).parent
ROOT = PACKAGE.parent
SECTION = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("## 4. The log")[2].partition("\n## 5. ")[0]
SOURCES = [
    path for path in sorted(PACKAGE.rglob("*.py")) if path.relative_to(PACKAGE).parts[0] not in ("sim", "demo", "ctl")
]
LEVELS = {"debug": "debug", "info": "info", "warn": "warn", "error": "error", "critical": "critical", "failure": "critical"}
#: Functions that take what becomes a part of a line: the end of a session, trouble with Redis, notes of the order cache.
TELLERS = {"abort", "_failed", "trouble", "_trouble", "_say_trouble", "Note"}
#: Variables that become a part of a line, and functions that give one.
PARTS = {"self._cause", "why", "verb"}
GIVERS = {"cannot_be_reached"}


@attrs.frozen
class Line:
    """One line: its level, its text with … for what differs, and where it stands."""

    level: str
    text: str
    where: str = attrs.field(eq=False)

    @property
    def pattern(self) -> str:
        return ".+".join(map(re.escape, self.text.split("…")))


def with_gaps(text: str) -> str:
    """A format with … for its fields."""
    return re.sub(r"\{[^{}]*\}", "…", text)


def said(node: ast.expr, function: ast.AST) -> str | None:
    """What an expression says, where that can be read: a text, an f-string, or a name that the function gives such a text."""
    if isinstance(node, ast.Constant):
        return with_gaps(node.value) if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.Name):
        for each in ast.walk(function):
            if isinstance(each, ast.Assign) and [ast.unparse(target) for target in each.targets] == [node.id]:
                return said(each.value, function)
    return None


def calls() -> Iterator[tuple[str, ast.AST, ast.Call, str]]:
    """Each call of a method or a name in the product: where, the function around it, the call, the name called."""
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for function in functions:
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", function, node, name


def lines_of_the_code() -> list[Line]:
    found = {}
    for where, function, call, name in calls():
        owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if name in LEVELS and owner.split(".")[-1] in ("log", "_log"):
            text = said(call.args[0], function) if call.args else None
            found[where] = Line(LEVELS[name], text or f"unreadable: {ast.unparse(call)}", where)
    return list(dict.fromkeys(found.values()))


def causes_of_the_code() -> list[str]:
    """What becomes a part of a line, where it is a text of its own."""
    found = [Change.LINK_LOST.value, Change.LINK_RESTORED.value]
    for _, _, call, name in calls():
        if name in TELLERS:
            found += [text for each in call.args if not isinstance(each, ast.Name) for text in texts_in(each)]
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and PARTS & {ast.unparse(target) for target in node.targets}:
                found += texts_in(node.value)
            elif isinstance(node, ast.FunctionDef) and node.name in GIVERS:
                found += [text for each in ast.walk(node) if isinstance(each, ast.Return) for text in texts_in(each)]
    return sorted({text for text in found if " " in text and re.search("[a-z]{3}", text)})


def texts_in(node: ast.AST | None) -> list[str]:
    """Each whole text and f-string of an expression."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        text = said(node, node)
        return [] if text is None else [text]
    return [text for child in ast.iter_child_nodes(node or ast.Pass()) for text in texts_in(child)]


def lines_of_the_document() -> list[tuple[Line, str]]:
    """(line, what to do) for each line of the tables; a row may have several, with a level for all of them or for each."""
    found = []
    for cell, levels, meaning in re.findall(r"^\| (`.*?`) \| ([a-z, ]+) \| (.*) \|$", SECTION, re.MULTILINE):
        texts = re.findall(r"`([^`]+)`", cell)
        each = levels.split(", ")
        each = each * len(texts) if len(each) == 1 else each
        found += [(Line(level, text, cell), meaning) for text, level in zip(texts, each, strict=True)]
    return found


CODE, CAUSES, DOCUMENT = lines_of_the_code(), causes_of_the_code(), lines_of_the_document()


def test_the_lines_are_found() -> None:
    assert len(CODE) > 120 and len(DOCUMENT) > 120 and len(CAUSES) > 20


@pytest.mark.parametrize("line", CODE, ids=lambda line: line.where)
def test_each_line_of_the_code_is_in_the_document_with_its_level(line: Line) -> None:
    assert line.text.strip("… ,.:"), "a line that is nothing but fields tells nobody where to look"
    matching = [known for known, _ in DOCUMENT if known.level == line.level and re.fullmatch(line.pattern, known.text)]
    assert matching, f"{line.level} {line.text}"


@pytest.mark.parametrize(("line", "meaning"), DOCUMENT, ids=lambda each: each.text if isinstance(each, Line) else "")
def test_each_line_of_the_document_is_one_of_the_code_and_says_what_it_means(line: Line, meaning: str) -> None:
    formats = [each for each in CODE if each.level == line.level and re.fullmatch(each.pattern, line.text)]
    assert formats, "no such line"
    if line.text not in [each.text for each in formats]:
        # What fills it is listed: it has to be something that the code says.
        filled = [cause for cause in CAUSES if cause in line.text]
        assert filled, "nobody says this"
    assert len(meaning) > 3


@pytest.mark.parametrize("cause", CAUSES)
def test_what_fills_a_line_is_listed(cause: str) -> None:
    assert any(cause in line.text for line, _ in DOCUMENT), cause


def test_no_line_stands_twice_in_the_document() -> None:
    lines = [line for line, _ in DOCUMENT]
    assert not [line for line in set(lines) if lines.count(line) > 1]
