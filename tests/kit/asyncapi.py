"""Messages of the gateway against docs/asyncapi.yaml: each that a test hears has to be one that the document describes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "asyncapi.yaml"
ID = "urn:asyncapi"


@cache
def document() -> dict[str, Any]:
    """The document, parsed."""
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


@cache
def _channels() -> list[tuple[re.Pattern[str], Draft202012Validator]]:
    """Each channel's address as a pattern, and what may be said on it."""
    registry: Any = Registry().with_resource(ID, Resource(contents=document(), specification=DRAFT202012))
    found = []
    for name, channel in document()["channels"].items():
        pattern = re.compile(re.sub(r"\\{\w+\\}", "[^:]+", re.escape(channel["address"])))
        messages = [f"{ID}#/components/messages/{message}/payload" for message in channel["messages"]]
        schema = {"anyOf": [{"$ref": message} for message in messages]} if len(messages) > 1 else {"$ref": messages[0]}
        found.append((pattern, Draft202012Validator({"$id": f"urn:{name}", **schema}, registry=registry)))
    return found


def complaint(channel: str, content: Any) -> str | None:
    """What is wrong with a message, None when the document describes it. Also a channel that it does not know is wrong."""
    for pattern, validator in _channels():
        if pattern.fullmatch(channel):
            error = next(iter(validator.iter_errors(content)), None)
            return None if error is None else f"{channel}: {content}: {error.message}"
    return f"{channel} is no channel of the document"
