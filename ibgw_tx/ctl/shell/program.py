"""`ibgwctl`, the program: the group with every command, and completion for shells."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ibgw_tx.ctl.shell import asking, books, money, reading, screens, trading
from ibgw_tx.ctl.shell.options import EPILOG, group

#: Importing them has put their commands into the group.
PARTS = (reading, money, asking, books, screens, trading)


@group.command("completion", epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """The script that completes commands: source <(ibgwctl completion bash)."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(group, {}, "ibgwctl", "_IBGWCTL_COMPLETE").source())


def main() -> None:
    """The console script."""
    group(prog_name="ibgwctl")
