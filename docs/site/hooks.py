"""What `make docs` adds to mkdocs: a page that would load anything from elsewhere ends the build."""

from __future__ import annotations

import re
from typing import Any

#: What a browser fetches by itself when it shows a page; a link that people follow is none of it.
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=[\"']?(?:https?:)?//|<link\b[^>]*\bhref=[\"']?(?:https?:)?//"
)


def fetched_from_elsewhere(page: str) -> list[str]:
    """The beginnings of the elements that fetch something from another host."""
    return [found for found in FETCHED.findall(page) if 'rel="canonical"' not in found]


def on_post_page(output: str, page: Any, config: Any) -> str:
    """Called by mkdocs for each page as it will be written."""
    found = fetched_from_elsewhere(output)
    if found:
        raise SystemExit(f"{page.file.src_uri} would load something from elsewhere: {found}")
    return output
