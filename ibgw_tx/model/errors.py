"""What can go wrong, by whose fault: a bot's command (CommandError) or TWS's answer (TWSError)."""

from __future__ import annotations

from typing import Any

# The `code` of a refused command (section 8 of the Redis interface).
BAD_JSON = "bad_json"
BAD_COMMAND = "bad_command"
BAD_PARAMS = "bad_params"
NOT_CONNECTED = "not_connected"
UNKNOWN_CONTRACT = "unknown_contract"
AMBIGUOUS_CONTRACT = "ambiguous_contract"
UNKNOWN_ORDER = "unknown_order"
DUPLICATE = "duplicate"
LIMIT = "limit"
EXPIRED = "expired"
UNAVAILABLE = "unavailable"


class CommandError(Exception):
    """A command that is refused: `code` as above, `text` one sentence for its author. It has had no effect."""

    def __init__(self, code: str, text: str, **more: Any) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        #: Further members of the acknowledgement (`order` of a duplicate).
        self.more = more


class TWSError(Exception):
    """TWS answered a request with an error: its code, its text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"TWS error {code}: {text}")
        self.code = code
        self.text = text


class SessionLost(Exception):
    """The API session ended before TWS answered; the text names what was asked."""


class RequestTimeout(Exception):
    """TWS did not answer within the request's limit; the text names what was asked and the limit."""


class AnswerUnreadable(Exception):
    """TWS has answered, and a part of the answer could not be decoded; the text names the question and what happened."""


class RedisDown(Exception):
    """Redis cannot take the command now: no connection, or too much unanswered."""



class LeaseLost(Exception):
    """Another gateway works under this name, or may do so."""


class PacingFull(Exception):
    """So many messages of this kind wait for TWS's message rate that one more is refused."""



class NotEncodable(Exception):
    """ibapi cannot write this message; the text has its code and reason."""



def bad_params(text: str) -> CommandError:
    """A refusal of what a bot has sent; `text` is one sentence that names what is wrong."""
    return CommandError(BAD_PARAMS, text)
