"""ibapi's decoder, mended where it breaks a long session (tws-facts 9.3, 9.4).

One field too many no longer drops a message, a bad one raises instead of ending everything, and texts are decoded without
interpreting backslashes.
"""

from __future__ import annotations

import logging
from decimal import Decimal
from importlib import import_module
from typing import Any

from ibapi import decoder
from ibapi.decoder import Decoder

from ibgw_tx.tws.api.contracts import plain
from ibgw_tx.tws.api.generation import MODERN, text_fields

_ERROR = b"4"
#: CONTRACT_DATA and BOND_CONTRACT_DATA, whose long name ibapi decodes in a way that stumbles over a stray backslash; and where
#: mdSizeMultiplier stands in them, which today's ibapi passes over.
_DETAILS = {b"10": 15, b"18": 22}
#: From this server version on there is no mdSizeMultiplier.
_SIZE_RULES = 164
#: From these on an error has a JSON text, and a time but no version.
_REJECT, _ERROR_TIME = 166, 194
#: orderStatus: where its fields begin, and how many there are: until 131 with a version in front, from then on with mktCapPrice
#: behind.
_STATUS, _CAP_PRICE = b"3", 131
_STATUS_BEFORE, _STATUS_WITH_CAP = (2, 12), (1, 12)

# Each send and each callback would be logged with account data; the gateway has its own log.
logging.getLogger("ibapi").setLevel(logging.WARNING)


if MODERN:
    # Both look it up in their own module; ibapi.utils keeps its own.
    vars(decoder)["decode"] = vars(import_module("ibapi.orderdecoder"))["decode"] = import_module("ibgw_tx.tws.api.fields").decode


class TWSDecoder(Decoder):
    """ibapi's Decoder with a dispatch that one odd message cannot break."""

    def interpret(self, fields: list[bytes]) -> None:
        """Decode one text message, its id first, and call the wrapper. Raises whatever is wrong with its fields."""
        if fields[0] == _ERROR:
            self._error(fields)
            return
        if fields[0] == _STATUS and self._status(fields):
            return
        info = self.msgId2handleInfo.get(int(fields[0]))
        if info is None:
            return
        if info.wrapperMeth is not None:
            self._call(fields, info)
        else:
            if fields[0] in _DETAILS:
                fields = [_ascii(field) for field in fields]
                self._note_multiplier(fields)
            info.processMeth(self, iter(text_fields(fields)))

    def _status(self, fields: list[bytes]) -> bool:
        """orderStatus, which comes all day, without ibapi's hundred calls; False for one with an odd text: ibapi reads it."""
        start, end = _STATUS_WITH_CAP if self.serverVersion >= _CAP_PRICE else _STATUS_BEFORE
        order_id, status, filled, remaining, average, perm_id, parent_id, last, client_id, why = fields[start : start + 10]
        if len(fields) < end or not (status.isascii() and why.isascii()) or b"\\" in status + why:
            return False
        if not filled or not remaining:
            return False  # to 9.81 that is 0, to today's ibapi none
        self.wrapper.orderStatus(
            int(order_id or 0),
            status.decode(),
            _size(filled),
            _size(remaining),
            float(average or 0),
            int(perm_id or 0),
            int(parent_id or 0),
            float(last or 0),
            int(client_id or 0),
            why.decode(),
            0.0,
        )
        return True

    def _error(self, fields: list[bytes]) -> None:
        """Own layout: ibapi's reads texts with escapes of Python, and a field more than it knows ends the message."""
        timed = self.serverVersion >= _ERROR_TIME
        req_id, code, text, *more = fields[1:] if timed else fields[2:]
        reject = _text(more[0]) if more and self.serverVersion >= _REJECT else ""
        told = (int(code), _text(text))
        if timed:
            told = (int(more[1]), *told, reject)  # type: ignore[assignment]
        elif reject:
            told = (0, *told, reject)  # type: ignore[assignment]
        self.wrapper.error(int(req_id), *told)

    def _note_multiplier(self, fields: list[bytes]) -> None:
        if MODERN and self.serverVersion < _SIZE_RULES:
            self.wrapper.size_multiplier = int(fields[_DETAILS[fields[0]]])

    def _call(self, fields: list[bytes], info: Any) -> None:
        params = [param for name, param in info.wrapperParams.items() if name != "self"]
        texts = fields[2 : 2 + len(params)]
        if len(texts) < len(params):
            raise ValueError(f"{len(fields)} fields, {len(params) + 2} expected")
        args = [_argument(text, param.annotation) for text, param in zip(texts, params, strict=True)]
        getattr(self.wrapper, info.wrapperMeth.__name__)(*args)


def _size(field: bytes) -> int | Decimal:
    """A quantity, exactly as it was written. Raises InvalidOperation for what is none."""
    if field.isdigit():
        return int(field)
    return Decimal(field.decode())


def _argument(field: bytes, annotation: type) -> Any:
    text = _text(field)
    if annotation is int:
        return int(text)
    if annotation is float:
        return float(text)
    return text


def _text(field: bytes) -> str:
    try:
        return plain(field.decode())
    except UnicodeDecodeError:
        return field.decode("latin-1")


def _ascii(field: bytes) -> bytes:
    r"""`é` and stray backslashes as ibapi can take them back: \u escapes, which `plain` turns into text again."""
    if b"\\" not in field and field.isascii():
        return field
    return "".join(c if " " <= c <= "~" and c != "\\" else _escaped(c) for c in _text(field)).encode()


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
