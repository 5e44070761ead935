"""What a simulator is told when it is made. Every field has the default of the command line."""

from __future__ import annotations

from attrs import field, frozen

from ibgw_tx.sim.wire.ids import HIGHEST


@frozen
class Settings:
    """`rate`: book events a second for each watched book. `message_rate` 0 switches the limit off.

    `history_pacing`: IB's limits on requests for bars of 30 seconds and less.
    `sample`, `account_every` and `pnl_every` are seconds between looks at level 1, accounts and PnL.
    `output_limit`: bytes kept for a client that does not read before it is dropped.

    `clock_speed`: seconds of the market's clock to a second, from the start on.

    Orders: `read_only` refuses them (321); `order_limit`: active ones per contract, side and account, 0 for no
    limit; `keep_hours`: exchanges close; `tif_notice`: 10349 for an order without time in force; `size_limit`,
    `price_percent` and `tick_limit` (both from the market's middle): TWS's precautions (383, 109, 382), 0 is off;
    `commission_after`: seconds from a fill to its commission report; `exercise_after`: seconds from an exercise (or
    lapse) to what becomes of it, as if the night came then; `cancel_after`: seconds a cancel stays
    PendingCancel, None for none at all; `master_client` sees everybody's orders; `bind_negative`: manual orders
    bound by client 0 get negative ids; `download_open_orders`: open orders are sent to a client that connects.
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
    read_only: bool = False
    order_limit: int = 20
    keep_hours: bool = False
    tif_notice: bool = False
    size_limit: int = 0
    price_percent: float = 0.0
    tick_limit: int = 0
    commission_after: float = 0.05
    exercise_after: float = 2.0
    cancel_after: float | None = None
    master_client: int | None = None
    bind_negative: bool = True
    download_open_orders: bool = False
    clock_speed: float = 1.0
