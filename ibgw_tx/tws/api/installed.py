"""Whether the ibapi that is installed can be used at all, told in one line before anything imports it."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec

#: What a line about a mixed or missing package advises.
_CURE = "pip uninstall every one of them, then pip install one: ibapi-stable (today's TWS) or ibapi (9.81.1)"
_NOT_WHOLE = f"the ibapi that is installed is not whole; {_CURE}"


def distributions() -> list[str]:
    """The names of what has installed the package `ibapi`, each once; none where it was put in place by hand."""
    return sorted(set(packages_distributions().get("ibapi", ())))


@cache
def describe() -> str:
    """What is installed, for the log: "ibapi-stable 10.50.2"."""
    names = distributions()
    try:
        return f"{names[0]} {version(names[0])}"
    except (IndexError, PackageNotFoundError):
        return f"ibapi {getattr(import_module('ibapi'), '__version__', 'of unknown version')}, put in place by hand"


def trouble() -> str | None:
    """Why the gateway cannot start with it, in one line; None when it can."""
    names = distributions()
    if len(names) > 1:
        return f"{' and '.join(names)} are both installed and overwrite each other; {_CURE}"
    if find_spec("ibapi") is None:
        return "ibapi is not installed: pip install ibapi-stable, or put IB's own download in place"
    try:
        newest = import_module("ibapi.server_versions").MAX_CLIENT_VER
        import_module("ibapi.client")
    except (ImportError, AttributeError) as error:
        return f"{_NOT_WHOLE} ({error})"
    except Exception as error:
        # protobuf's own VersionError is no ImportError.
        return f"ibapi cannot be imported: {type(error).__name__}: {error}"
    return _backend_trouble() if newest > 200 else None


def _backend_trouble() -> str | None:
    kind = import_module("google.protobuf.internal.api_implementation").Type()
    if kind == "upb":
        return None
    unset = "unset PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"
    return f"protobuf runs on its backend {kind!r}, many times slower than books can bear; {unset}"
