"""Every Redis key and channel of the interface, as pure functions of names. No other module spells one.

`name` is the gateway's name; `exchange` and `pair` come from `contract.exchange_of` and `contract.pair_of`, which have
refused a `:` already. The URANUS names are the convention of the bots; everything else lives under `IBGateway:`.
"""

from __future__ import annotations

import re

from ibgw_tx.model.contract import OPTION_TYPES, Contract, checked, exchange_of, number_text

#: What a gateway's name may be (section 1).
NAME_PATTERN = r"[A-Za-z0-9_.-]{1,64}"
#: Second words of the keys that every gateway shares: readers of books read all that begins with them (etc/redis/users.acl).
_SHARED = re.compile("Bars|Chain|Contract.*|MarketRule|Greeks|OddLots")


def is_shared_word(name: str) -> bool:
    """Whether a gateway of this name would have its own keys among those that all gateways share."""
    return _SHARED.fullmatch(name) is not None


# What the gateway tells.


def status(name: str) -> str:
    """`[true|false, ms]`, written every second."""
    return f"IBGateway:{name}:status"


def balance(name: str, account: str = "") -> str:
    """The balance object of the main account, or of one named account."""
    return f"IBGateway:{name}:balance:{account}" if account else f"IBGateway:{name}:balance"


def account(name: str, account: str) -> str:
    """Hash: every value of one account as TWS writes it."""
    return f"IBGateway:{name}:account:{account}"


def pnl(name: str, account: str) -> str:
    """Profit and loss of one account, and of each of its positions."""
    return f"IBGateway:{name}:pnl:{account}"


def tws(name: str) -> str:
    """What TWS is at the other end: version, settings, warnings."""
    return f"IBGateway:{name}:tws"


def summary(name: str, account: str) -> str:
    """The account summary of one account."""
    return f"IBGateway:{name}:summary:{account}"


def fills(name: str) -> str:
    """The channel of executions."""
    return f"IBGateway:{name}:fills"


def commands(name: str) -> str:
    """The channel on which bots publish commands."""
    return f"IBGateway:{name}:CMD"


def acks(name: str) -> str:
    """The channel of acknowledgements, results, errors, messages and heartbeats."""
    return f"IBGateway:{name}:ACK"


def command_stream(name: str) -> str:
    """The stream from which commands are taken too."""
    return f"IBGateway:{name}:CMDS"


def events(name: str) -> str:
    """The stream of what was published: orders, executions, acknowledgements, errors, changes of state."""
    return f"IBGateway:{name}:events"


# Contracts.


def contract_keys(contract: Contract) -> tuple[str, str]:
    """Both spellings of section 5: exchange before secType, and secType before exchange. Raises BadName."""
    exchange = exchange_of(contract)
    tail = [checked(f"{contract.currency}-{contract.symbol}", "contract")]
    tail += [checked(part, "contract") for part in (contract.expiry, contract.multiplier) if part]
    if contract.secType in OPTION_TYPES:
        tail += [contract.right, number_text(contract.strike)]
    rest = ":".join(tail)
    sec_type = checked(contract.secType, "secType")
    return f"IBGateway:Contract:{exchange}:{sec_type}:{rest}", f"IBGateway:Contract:{sec_type}:{exchange}:{rest}"


def contract_id(con_id: int) -> str:
    """The key of a contract that no other contract shares."""
    return f"IBGateway:ContractId:{con_id}"


def chain(con_id: int) -> str:
    """The option chains of an underlying."""
    return f"IBGateway:Chain:{con_id}"


def market_rule(rule_id: int) -> str:
    """The price ladder with IB's id `rule_id`."""
    return f"IBGateway:MarketRule:{rule_id}"


def greeks(exchange: str, sec_type: str, pair: str) -> str:
    """The greeks of a subscribed option."""
    return f"IBGateway:Greeks:{exchange}:{sec_type}:{pair}"


def odd_lots(exchange: str, sec_type: str, pair: str) -> str:
    """The best bid and ask of less than a lot of a subscribed stock."""
    return f"IBGateway:OddLots:{exchange}:{sec_type}:{pair}"


def bars(exchange: str, sec_type: str, pair: str, size: str) -> str:
    """The channel of bars as they form, and the key that keeps the newest."""
    return f"IBGateway:Bars:{exchange}:{sec_type}:{pair}:{size}"


# Books and trades.


def book_channel(exchange: str, pair: str) -> str:
    """The channel of full order books `[bids, asks, t]`."""
    return f"URANUS:{exchange}:{pair}:full_odbk_channel"


def book_key(exchange: str, pair: str) -> str:
    """The key that keeps the newest book."""
    return f"URANUS:{exchange}:{pair}:orderbook"


def tick_channel(exchange: str, pair: str) -> str:
    """The channel of trades."""
    return f"URANUS:{exchange}:{pair}:full_tick_channel"


# Orders.


def order_hash(exchange: str, name: str, pair: str) -> str:
    """The hash of one pair's orders."""
    return f"URANUS:{exchange}:{name}:O:{pair}"


def place_of(key: str, name: str) -> tuple[str, str] | None:
    """(exchange, pair) of an order hash's key; None for a key that is none of this gateway's."""
    parts = key.split(":")
    if len(parts) == 5 and parts[0] == "URANUS" and parts[2:4] == [name, "O"]:
        return parts[1], parts[4]
    return None


def order_channel(exchange: str, name: str) -> str:
    """The channel of order changes."""
    return f"URANUS:{exchange}:{name}:O_channel"


def oms_flag(exchange: str, name: str) -> str:
    """`1` while the order cache of `exchange` can be trusted (a lease)."""
    return f"URANUS:{exchange}:{name}:OMS"


# What the gateway keeps for itself (docs/redis-interface.md lists them for operators).


def subscriptions(name: str) -> str:
    """Hash: what is subscribed, restored after a restart."""
    return f"IBGateway:{name}:subscriptions"


def bar_subscriptions(name: str) -> str:
    """Hash: whose bars are subscribed, by their channel; restored after a restart."""
    return f"IBGateway:{name}:bars"


def alerts(name: str) -> str:
    """Hash: the alerts that stand."""
    return f"IBGateway:{name}:alerts"


def reservation(name: str, client_oid: str) -> str:
    """The reservation of one client_oid, with the command that took it."""
    return f"IBGateway:{name}:client_oid:{client_oid}"


def unanswered(name: str) -> str:
    """Hash: orders handed to TWS that do not stand in their hashes yet, by API order id."""
    return f"IBGateway:{name}:unanswered"


def remains(name: str) -> str:
    """Hash: of orders that are over, by their field, what their order_json does not say."""
    return f"IBGateway:{name}:remains"


def executions(name: str) -> str:
    """Hash: the executions that have been told, with their commissions."""
    return f"IBGateway:{name}:executions"


def order_id_counter(name: str) -> str:
    """The highest API order id ever handed out."""
    return f"IBGateway:{name}:order_id"


def halt(name: str) -> str:
    """Present while HALT is in force."""
    return f"IBGateway:{name}:halt"


def lease(name: str) -> str:
    """Who works under this name (section 9); gone by itself when it does not any more."""
    return f"IBGateway:{name}:lease"


def lease_number(name: str) -> str:
    """How many have held the lease so far."""
    return f"IBGateway:{name}:lease:number"


def standby(name: str) -> str:
    """Present while a gateway waits for the lease."""
    return f"IBGateway:{name}:standby"


# Patterns, for who looks over keys that are there (SCAN).


def own(name: str) -> str:
    """Every key of a gateway that is not in the URANUS convention."""
    return f"IBGateway:{name}:*"


def order_hashes(name: str) -> str:
    """Every order hash of a gateway."""
    return f"URANUS:*:{name}:O:*"


def oms_flags(name: str) -> str:
    """Every flag of trust of a gateway."""
    return f"URANUS:*:{name}:OMS"


#: What the key of a contract begins with.
CONTRACT = "IBGateway:Contract:"
