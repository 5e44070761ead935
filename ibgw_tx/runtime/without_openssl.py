"""Twisted's own TLS, which nothing here uses, is not loaded: 7 MB that every gateway on a host would take for itself.

Twisted loads pyOpenSSL beside its TCP connections wherever it is installed, and txredisapi, which has it installed, names two
classes of it. TLS to Redis is the standard library's (redis/shell/tls.py). To be imported before anything that knows
connections; where somebody has loaded pyOpenSSL before, it stays, and who asks for it later gets it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from types import ModuleType

_OPENSSL = "OpenSSL"
#: What would load it, and can do without.
_TRY_IT = ("twisted.internet.tcp", "twisted.internet.posixbase", "twisted.internet.endpoints")
#: What wants no more than classes of these names, and uses them only where it is asked for TLS.
_NAMES_THEM = "txredisapi"
_CLASSES = {"twisted.internet.ssl": "ClientContextFactory", "twisted.protocols.tls": "TLSMemoryBIOFactory"}


def _load_without() -> None:
    if any(name in sys.modules for name in (_OPENSSL, *_CLASSES)):
        return
    # None there is the documented way to have an import fail.
    sys.modules[_OPENSSL] = None  # type: ignore[assignment]
    try:
        for module in _TRY_IT:
            import_module(module)
        for name, wanted in _CLASSES.items():
            sys.modules[name] = ModuleType(name)
            setattr(sys.modules[name], wanted, type(wanted, (), {}))
        # Another version may want more; it is imported again then, and has all of it.
        with suppress(ImportError):
            import_module(_NAMES_THEM)
    finally:
        for name in (_OPENSSL, *_CLASSES):
            sys.modules.pop(name, None)


_load_without()
