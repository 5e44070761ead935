"""One goal of the project."""

from __future__ import annotations

import attrs


@attrs.frozen
class Goal:
    """What, the figure that was reached, whether it is enough."""

    what: str
    figure: str
    met: bool
