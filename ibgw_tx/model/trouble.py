"""Something that can go wrong again and again: a line when it begins, becomes another, or is over. Pure."""

from __future__ import annotations


class Trouble:
    """One thing's trouble, by what is said of it."""

    def __init__(self) -> None:
        self._text = ""

    def begins(self, text: str) -> bool:
        """It is so; whether that is news."""
        news, self._text = text != self._text, text
        return news

    def ends(self) -> bool:
        """It is well; whether that is news."""
        news, self._text = bool(self._text), ""
        return news
