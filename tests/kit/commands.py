"""Commands as the dispatcher hands them on, and what they are refused with."""

import pytest

from ibgw_tx.commands.message import Command
from ibgw_tx.model.errors import CommandError


def command(cmd="SUB_ODBK", id=1, **params):
    """A command as the desk hands it on."""
    return Command(id, cmd, params)


def refused(call, *arguments):
    """The CommandError that a call ends in."""
    with pytest.raises(CommandError) as found:
        call(*arguments)
    return found.value
