"""ib_async as a second judge, for server versions above ibapi's: its Decoder made strict, and its own requests."""

import logging
import sys
from datetime import UTC
from types import SimpleNamespace

from ib_async.client import Client
from ib_async.decoder import Decoder

# These unpack the last of their fields by name, which fails by itself when there is one too many.
UNPACKED = {"tickByTick", "tickOptionComputation", "securityDefinitionOptionParameter"}


class Wrapper:
    """Takes every callback; a Decoder asks it for little else."""

    defaultTimezone = UTC
    ib = SimpleNamespace(TimezoneTWS="UTC")

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *args: self.calls.append((name, *args))


class Loud(logging.Handler):
    """What ib_async would only log."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


class AsyncJudge:
    """Decodes fields with ib_async's Decoder; fails where one is left over or missing, or nothing is called back."""

    def __init__(self, version):
        self.wrapper, self.loud = Wrapper(), Loud()
        self.decoder = Decoder(self.wrapper, version)
        self.decoder.logger = logging.Logger("judge")
        self.decoder.logger.addHandler(self.loud)

    def decode(self, fields, left=0):
        """The callbacks made; ``left``: so many fields are known to be left over."""
        before, handler = len(self.wrapper.calls), self.decoder.handlers[int(fields[0])]
        if handler.__name__ == "handler":  # made by Decoder.wrap: types, and how many fields go before them
            cells = dict(zip(handler.__code__.co_freevars, handler.__closure__, strict=True))
            wanted = len(cells["types"].cell_contents) + cells["skip"].cell_contents
            assert len(fields) == wanted, f"{wanted} fields are read of {fields}"
            handler(list(fields))
        else:
            over = self._over(handler, list(fields))
            assert len(over) == left, f"fields left over in {fields}: {over}"
        assert not self.loud.texts, self.loud.texts
        made = self.wrapper.calls[before:]
        assert made or fields[4:5] == [""], f"ib_async dropped {fields}"
        return made

    def _over(self, handler, fields):
        """What the handler's own list, or iterator, of fields still held when it returned."""
        found = []

        def watch(frame, event, _):
            if event == "return" and frame.f_code is handler.__func__.__code__:
                rest, get = frame.f_locals.get("fields"), frame.f_locals.get("get")
                if get is not None:
                    rest = list(get.__self__)
                found.append([] if rest is fields or handler.__name__ in UNPACKED else rest)

        old = sys.getprofile()
        sys.setprofile(watch)
        try:
            handler(fields)
        finally:
            sys.setprofile(old)
        return found[0]


class _Conn:
    def isConnected(self):
        return True


def sent_by_ib_async(name, args, version):
    """The fields of a request as ib_async sends it."""
    client, kept = Client.__new__(Client), []
    client.connState, client.conn, client._serverVersion, client.clientId, client.optCapab = (
        Client.CONNECTED, _Conn(), version, 7, "",
    )
    client.sendMsg = kept.append
    getattr(client, name)(*args)
    (text,) = kept
    return text.split("\0")[:-1]
