"""Commands as the dispatcher hands them on."""


from ibgw_tx.commands.message import Command


def command(cmd="SUB_ODBK", id=1, **params):
    """A command as the desk hands it on."""
    return Command(id, cmd, params)
