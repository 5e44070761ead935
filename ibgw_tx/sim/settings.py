"""What a simulator is told when it is made. Every field has the default of the command line."""

from attrs import field, frozen

from ibgw_tx.sim.ids import HIGHEST


@frozen
class Settings:
    """``rate``: book events a second for each watched book. ``message_rate`` 0 switches the limit off.

    ``history_pacing``: IB's limits on requests for bars of 30 seconds and less.
    ``sample``, ``account_every`` and ``pnl_every`` are seconds between looks at level 1, accounts and PnL.
    ``output_limit``: bytes kept for a client that does not read before it is dropped.
    """

    server_version: int = HIGHEST
    seed: int = 1
    accounts: tuple[str, ...] = ("DU1000001",)
    rate: float = 10.0
    depth_limit: int = 3
    message_rate: int = 50
    ticks_limit: int = 5
    summary_limit: int = 2
    history_pacing: bool = True
    max_clients: int = 32
    output_limit: int = 16 * 1024 * 1024
    sample: float = 0.25
    account_every: float = 3.0
    pnl_every: float = 1.0
    first_order_id: int = field(default=1)
