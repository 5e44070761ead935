"""Which version of the distribution this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


def version() -> str:
    """As installed; run from a source tree that was never installed nobody knows."""
    try:
        return installed("ibgateway")
    except PackageNotFoundError:
        return "(not installed)"
