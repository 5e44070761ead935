"""What an order is inside the simulated TWS: what its client said (*terms*), and what became of it (*order*).

Quantities are exact base units (shares, contracts), fractions of them included; prices plain floats in the instrument's
currency, times epoch seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from attrs import define, field, frozen

from ibgw_tx.sim.market.instrument import Instrument, exact
from ibgw_tx.sim.wire.order_layout import Condition

MANUAL = 0  # client id of an order placed by hand in TWS


class Status:
    """What TWS shows; Cancelled, Filled, and Inactive of a refused order are final."""

    PENDING_SUBMIT: Final = "PendingSubmit"
    PENDING_CANCEL: Final = "PendingCancel"
    PRE_SUBMITTED: Final = "PreSubmitted"
    SUBMITTED: Final = "Submitted"
    CANCELLED: Final = "Cancelled"
    FILLED: Final = "Filled"
    INACTIVE: Final = "Inactive"


class Kinds:
    """Order types by what they do. Those of `RESTING` are taken and shown, but filled by hand only."""

    LIMIT: Final = frozenset({"LMT", "STP LMT", "LIT", "LOC", "TRAIL LIMIT"})
    STOP: Final = frozenset({"STP", "STP LMT", "STP PRT"})
    TOUCHED: Final = frozenset({"MIT", "LIT"})
    TRAIL: Final = frozenset({"TRAIL", "TRAIL LIMIT"})
    CLOSE: Final = frozenset({"MOC", "LOC"})
    MARKET: Final = frozenset({"MKT", "MTL", "MKT PRT"})
    RESTING: Final = frozenset(
        {"REL", "MIDPRICE", "VOL", "BOX TOP", "PASSV REL", "PEG MKT", "PEG MID", "PEG STK", "PEG BENCH", "PEG BEST",
         "PEG PRI", "SNAP MKT", "SNAP MID", "SNAP PRIM", "AUCTION", "TRAIL MIT", "TRAIL LIT", "LMT + MKT", "REL + LMT",
         "REL + MKT", "FUNARI", "GAP ORDER"}
    )
    TRIGGERED: Final = STOP | TOUCHED | TRAIL
    ALL: Final = LIMIT | TRIGGERED | CLOSE | MARKET | RESTING


SPELLINGS = {"STPLMT": "STP LMT", "STOP": "STP", "TRAILLMT": "TRAIL LIMIT", "MARKET": "MKT", "LIMIT": "LMT",
             "PEGBENCH": "PEG BENCH", "": "LMT"}
ACTIONS = frozenset({"BUY", "SELL", "SSHORT", "SLONG"})  # all but the first sell
TIFS = frozenset({"DAY", "GTC", "IOC", "FOK", "GTD", "OPG", "DTC", "AUC", "GTX"})


@frozen
class Terms:
    """An order as its client stated it; `said` has every field of the wire under IB's name."""

    said: Mapping[str, Any]
    action: str
    total: Fraction
    kind: str
    limit: float | None
    aux: float | None
    tif: str
    account: str
    oca_group: str
    oca_type: int

    @property
    def buys(self) -> bool:
        return self.action == "BUY"

    @property
    def sign(self) -> int:
        return 1 if self.buys else -1

    @property
    def reference(self) -> str:
        return str(self.said["orderRef"])

    @property
    def revocable(self) -> bool:
        """Whether its conditions cancel it instead of setting it to work."""
        return bool(self.said["conditions"]) and bool(self.said["conditionsCancelOrder"])

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return tuple(self.said["conditions"])


def terms_of(said: Mapping[str, Any], account: str, parts: int = 1) -> Terms:
    """Terms from the fields of a request, spelled as TWS spells them; the fields were checked before."""
    kind = said["orderType"].strip().upper()
    return Terms(
        said,
        action=said["action"].strip().upper(),
        total=exact(said["totalQuantity"] or 0) * parts,
        kind=SPELLINGS.get(kind, kind),
        limit=said["lmtPrice"],
        aux=said["auxPrice"],
        tif=said["tif"].strip().upper() or "DAY",
        account=account,
        oca_group=said["ocaGroup"],
        oca_type=said["ocaType"] or 3,
    )


@frozen
class Leg:
    """A leg of a combo: `sign` is +1 when buying the combo buys it."""

    instrument: Instrument
    ratio: int
    sign: int
    said: tuple[Any, ...]


@define(eq=False)
class Order:
    """One order's life. Its ids, status and figures are those TWS shows; `ended` is None while it lives.

    `total` is terms.total until an OCA group reduces it. `held`: not transmitted. `resting`: it has been in the
    market since its last change, so that it trades at its own limit, not at the book's. `stop`: where a stop or trail
    stands now. `limit`: where the limit stands that the market has moved (a trail's) or made (the rest of a
    market-to-limit order); None where it is the client's. `revision` rises with every visible change. `booked`: the
    sign with which an exercise is booked, without commission, whatever its action; None for what trades.
    """

    perm_id: int
    client_id: int
    order_id: int
    instrument: Instrument
    exchange: str
    terms: Terms
    total: Fraction
    placed: float
    legs: tuple[Leg, ...] = ()
    status: str = Status.PRE_SUBMITTED
    why_held: str = ""
    filled: Fraction = Fraction(0)
    worth: float = 0.0  # sum of price times quantity over its fills
    last_price: float = 0.0
    commission: float = 0.0
    realized: float | None = None
    parent: Order | None = None
    children: list[Order] = field(factory=list)
    held: bool = False
    triggered: bool = False
    resting: bool = False
    stop: float | None = None
    limit: float | None = None
    manual: bool = False
    booked: int | None = None
    opens: float = 0.0  # when the exchange takes it, while closed
    expires: float | None = None
    ended: float | None = None
    ending: str = ""
    revision: int = 0

    @property
    def live(self) -> bool:
        return self.ended is None and not self.held

    @property
    def sign(self) -> int:
        """+1 where its fills add to the position."""
        return self.terms.sign if self.booked is None else self.booked

    @property
    def remaining(self) -> Fraction:
        return self.total - self.filled

    @property
    def shown_limit(self) -> float | None:
        """The limit as TWS shows it."""
        return self.terms.limit if self.limit is None else self.limit

    @property
    def average(self) -> float:
        return self.worth / self.filled if self.filled else 0.0

    @property
    def oca(self) -> str:
        """Its OCA group; the children of one parent are a group of their own, named by the parent's permId."""
        if self.terms.oca_group:
            return self.terms.oca_group
        return str(self.parent.perm_id) if self.parent is not None else ""

    @property
    def key(self) -> tuple[int, int]:
        return self.client_id, self.order_id


@frozen
class Fill:
    """One execution. `cumulative` and `average` are the order's after it; commission and realized come later."""

    exec_id: str
    order: Order
    instrument: Instrument
    exchange: str
    sign: int
    quantity: Fraction
    price: float
    when: float
    cumulative: Fraction
    average: float
    commission: float
    realized: float | None
    leg: bool = False

    @property
    def stem(self) -> str:
        """The execId without its last part: what a correction shares with what it corrects."""
        return self.exec_id.rpartition(".")[0]
