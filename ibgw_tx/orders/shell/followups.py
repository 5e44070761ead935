"""What TWS says later about an order command, told with the command's id on the ACK channel; and previews (whatIf)."""

from __future__ import annotations

from typing import Any

import attrs

from ibgw_tx.commands.message import Command
from ibgw_tx.commands.shell.ack_channel import AckChannel
from ibgw_tx.model import events
from ibgw_tx.orders import codes
from ibgw_tx.runtime.clock import Clock

#: Seconds a preview may take.
PREVIEW_LIMIT = 30.0
#: Seconds after which it is told that TWS has said nothing at all of an exercise.
EXERCISE_LIMIT = 60.0
#: Orders of one session whose command is remembered; the oldest go first.
MAX_OWNERS = 10_000


class OrderFollowups:
    """Which command an order id belongs to: the last one that was about it."""

    def __init__(self, acks: AckChannel, clock: Clock) -> None:
        self._acks = acks
        self._clock = clock
        self._owners: dict[int, Command] = {}
        self._previews: dict[int, tuple[Command, Any]] = {}
        #: Exercises of which TWS has said nothing yet.
        self._silent: dict[int, tuple[Command, Any]] = {}
        #: What came without a margin, for previews that get no better answer.
        self._figures: dict[int, dict[str, Any]] = {}

    def owns(self, order_id: int, command: Command) -> None:
        """From now on what TWS says of this order is about this command."""
        self._owners.pop(order_id, None)
        # Who asked and how it is called is all that is told; what was wanted may be long.
        self._owners[order_id] = attrs.evolve(command, params={})
        if len(self._owners) > MAX_OWNERS:
            del self._owners[next(iter(self._owners))]

    def owner(self, order_id: int) -> Command | None:
        """The last command that was about this order."""
        return self._owners.get(order_id)

    def noticed(self, notice: events.Notice) -> bool:
        """Tell a code to whom it concerns; False when it concerns no command."""
        if notice.id in self._previews:
            # Only what kills an order ends its preview; the figures may still come after any other code.
            ends = codes.kills_new(notice.code) or notice.code == codes.CANCELLED
            command = self._end_preview(notice.id) if ends else self._previews[notice.id][0]
            self._acks.error(command, notice.code, notice.text, **notice.more)
            return True
        self.heard(notice.id)
        owner = self._owners.get(notice.id)
        if owner is not None:
            self._acks.error(owner, notice.code, notice.text, **notice.more)
        return owner is not None

    def not_sent(self, command: Command, what: str) -> None:
        """What a command wanted was still waiting for TWS's message rate when the session ended."""
        self._acks.error(command, 504, f"{what} was not sent: the session with TWS ended first")

    def session_lost(self) -> None:
        """API ids end with the session."""
        for order_id in list(self._previews):
            self._acks.error(self._end_preview(order_id), None, "the session with TWS ended before it answered the preview")
        for order_id in list(self._silent):
            self._end_silence(order_id, "the session with TWS ended before TWS said anything of it")
        self._owners.clear()

    # Exercises, which nobody is told of unless TWS says something.

    def expect(self, order_id: int, command: Command) -> None:
        """TWS will have something to say of this id."""
        limit = f"TWS said nothing of it within {EXERCISE_LIMIT:.0f} s"
        self._silent[order_id] = command, self._clock.callLater(EXERCISE_LIMIT, self._end_silence, order_id, limit)

    def heard(self, order_id: int) -> Command | None:
        """TWS has said something of it."""
        command, limit = self._silent.pop(order_id, (None, None))
        if limit is not None and limit.active():
            limit.cancel()
        return command

    def _end_silence(self, order_id: int, why: str) -> None:
        command = self.heard(order_id)
        if command is not None:
            self._acks.error(command, None, f"{why}: whether it stands cannot be told; look at the position")

    # Previews.

    def preview(self, order_id: int, command: Command) -> None:
        """A preview is being asked for under this id."""
        self._previews[order_id] = command, self._clock.callLater(PREVIEW_LIMIT, self._too_late, order_id)

    def previewed(self, event: events.WhatIf) -> None:
        """Its answer (TWS may say it more than once: the first one with a margin counts)."""
        if event.order_id not in self._previews:
            return
        if event.figures.get("initMarginChange") is None:
            self._figures[event.order_id] = event.figures
            return
        self._tell_preview(event.order_id, event.figures)

    def _tell_preview(self, order_id: int, figures: dict[str, Any]) -> None:
        command = self._end_preview(order_id)
        self._acks.result(command, **figures)

    def _end_preview(self, order_id: int) -> Command:
        self._figures.pop(order_id, None)
        command, limit = self._previews.pop(order_id)
        if limit.active():
            limit.cancel()
        return command

    def _too_late(self, order_id: int) -> None:
        figures = self._figures.get(order_id)
        if figures is not None:
            # All that TWS had to say: for some contracts there is no margin.
            self._tell_preview(order_id, figures)
            return
        self._acks.error(self._end_preview(order_id), None, f"TWS did not answer the preview within {PREVIEW_LIMIT:.0f} s")
