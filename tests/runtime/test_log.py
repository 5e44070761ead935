"""No text of others stands in the log as it came."""

import pytest

from ibgw_tx.runtime.log import LIMIT, Logger, shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("plain: äöü €", "plain: äöü €"),
        ("\x1b[2J\x1b[31mred", "\\x1b[2J\\x1b[31mred"),
        ("a\rstatus of demo is true", "a\\rstatus of demo is true"),
        ("two\nlines", "two\\nlines"),
        ("\u202ereversed", "\\u202ereversed"),
        ("\x00\ud800", "\\x00\\ud800"),
    ],
)
def test_what_is_not_printable_is_escaped(text, says):
    assert shown(text) == says


def test_a_long_text_is_cut_and_says_so():
    text = shown("x" * 200_000)
    assert len(text) < LIMIT + 40 and text.endswith("… (200000 characters)")
    assert shown("x" * LIMIT) == "x" * LIMIT


@pytest.mark.parametrize(
    "value",
    ["\x1b[2J" * 50_000, b"\x1b\r" * 50_000, ["\x1b" * 3] * 50_000, ValueError("\r" * 9000)],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("form", ["{value}", "{value!r}", "{value!s:.400}"])
def test_every_field_of_a_line_is_shown(lines, value, form):
    Logger().warn("it says " + form, value=value)
    (line,) = lines
    assert line.isprintable() and len(line) < LIMIT + 60
    assert "\\\\" not in line


def test_numbers_keep_their_format(lines):
    Logger().info("{seconds:.0f} s, {count} of {all!r}", seconds=1.6, count=3, all=None)
    assert lines == ["info 2 s, 3 of None"]
