"""Which version of a distribution is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version(of: str = "ibgateway") -> str:
    """As installed; run from a source tree that was never installed nobody knows."""
    try:
        return installed(of)
    except PackageNotFoundError:
        return "(not installed)"
