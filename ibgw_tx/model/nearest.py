"""The nearest known name, for a refusal that helps. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

__all__ = ["did_you_mean"]

_NONE: Mapping[str, str] = {}
_LONGEST = 60  # no name is longer; comparing costs time with the length


def did_you_mean(word: str, known: Iterable[str], synonyms: Mapping[str, str] = _NONE) -> str:
    """`; did you mean NAME?` to end a refusal with, "" when nothing is near.

    `synonyms`: what people from other systems write (squeezed and in lower case) -> what to suggest.
    """
    squeezed = _squeezed(word[:_LONGEST])
    found = synonyms.get(squeezed)
    if found is None:
        names = {_squeezed(name): name for name in known}
        close = difflib.get_close_matches(squeezed, names, n=1, cutoff=0.7)
        found = names[close[0]] if close else None
    return "" if found is None else f"; did you mean {found}?"


def _squeezed(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "").replace(" ", "")
