"""Man pages and completion from the programs themselves: pages.py FOLDER.

What a program takes is read from it; the prose around it stands in debian/man/, with @OPTIONS@ or @COMMANDS@ where that goes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import BashComplete

from ibgw_tx import tap as gateway
from ibgw_tx.ctl.shell.program import group
from ibgw_tx.runtime.version import version
from ibgw_tx.sim import tap as sim
from ibgw_tx.sim.trouble.words import manual

MAN = Path(__file__).parent / "man"


def plain(text: str) -> str:
    """A text as roff has it."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").splitlines()
    return "\n".join(f"\\&{line}" if line.startswith(".") else line for line in lines)


def flags(options: Any) -> Iterator[str]:
    """The flags of a Twisted program, each as an item."""
    for name, short, default, text in options.optParameters:
        word = f"\\-{short}, \\-\\-{plain(name)}" if short else f"\\-\\-{plain(name)}"
        extra = "" if default is None else f" (default {default})"
        yield f".TP\n.B {word}=VALUE\n{plain(text + extra)}"
    for name, _, text in options.optFlags:
        yield f".TP\n.B \\-\\-{plain(name)}\n{plain(text)}"
    yield ".TP\n.B \\-\\-version\nShow the version and exit."
    yield ".TP\n.B \\-\\-help\nShow the options and exit."


def parameters(command: click.Command, context: click.Context) -> Iterator[str]:
    """The options of a click command, each as an item."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            yield f".TP\n.B {plain(record[0])}\n{plain(record[1])}"


def commands() -> Iterator[str]:
    """Every word of ibgwctl with its options."""
    top = click.Context(group, info_name="ibgwctl", **group.context_settings)
    yield "\n".join(parameters(group, top))
    yield ".SH COMMANDS"
    for name, command in sorted(group.commands.items()):
        context = click.Context(command, info_name=name, parent=top)
        words = " ".join([name, *command.collect_usage_pieces(context)])
        yield f".SS {plain(words)}\n{plain(command.help or '')}"
        yield "\n".join(parameters(command, context))


def page(name: str, values: dict[str, str]) -> str:
    """A page of debian/man, filled in."""
    text = (MAN / name).read_text()
    for word, value in {"VERSION": version(), **values}.items():
        text = text.replace(f"@{word}@", value)
    return text


def completion(program: str, options: Any) -> str:
    """Flags of a Twisted program for bash."""
    words = [f"--{name}=" for name, *_ in options.optParameters] + [f"--{name}" for name, *_ in options.optFlags]
    reply = f'COMPREPLY=($(compgen -W "{" ".join([*words, "--version", "--help"])}" -- "${{COMP_WORDS[COMP_CWORD]}}"))'
    return f"_{program}() {{\n    {reply}\n}}\ncomplete -o nospace -o default -F _{program} {program}\n"


def main(folder: Path) -> None:
    completions = folder / "completions"
    completions.mkdir(parents=True)
    pages = {
        "ibgateway.8": {"OPTIONS": "\n".join(flags(gateway.Options))},
        "ibsim.1": {"OPTIONS": "\n".join(flags(sim.Options))},
        "ibsimctl.1": {"COMMANDS": plain("\n".join(manual()))},
        "ibgwctl.1": {"OPTIONS": "\n".join(commands())},
    }
    for name, values in pages.items():
        (folder / name).write_text(page(name, values))
    (completions / "ibgateway").write_text(completion("ibgateway", gateway.Options))
    (completions / "ibsim").write_text(completion("ibsim", sim.Options))
    (completions / "ibgwctl").write_text(BashComplete(group, {}, "ibgwctl", "_IBGWCTL_COMPLETE").source())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
