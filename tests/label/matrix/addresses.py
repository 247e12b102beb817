"""The named addresses of the site, and how one is asked for."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.label.matrix import PUBLIC
from tests.label.matrix.api import API_SUBJECTS
from tests.label.matrix.rows import Key
from tests.scenes import Scene


def names(
    patterns: list[Any] | None = None, space: str = "", lead: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every named address with the names of its arguments."""
    for item in get_resolver().url_patterns if patterns is None else patterns:
        text = lead + str(item.pattern)
        if isinstance(item, URLResolver):
            inner = ":".join(filter(None, (space, item.namespace)))
            yield from names(item.url_patterns, inner, text)
        elif isinstance(item, URLPattern):
            assert item.name, f"{text} has no name"
            arguments = re.findall(r"<(?:\w+:)?(\w+)>", text)
            yield ":".join(filter(None, (space, item.name))), tuple(arguments)


def path(scene: Scene, name: str, key: Key | None) -> str:
    if key is None:
        return reverse(name)
    value = key(scene)
    return reverse(name, args=value if isinstance(value, tuple) else [value])


def api_names() -> list[tuple[str, tuple[str, ...]]]:
    return sorted({(name, args) for name, args in names() if name.startswith("api:") and name not in PUBLIC})


def api_path(scene: Scene, name: str, arguments: tuple[str, ...]) -> str:
    if not arguments:
        return reverse(name)
    word = name.removeprefix("api:").partition("-")[0]
    own = API_SUBJECTS[word](scene) if word in API_SUBJECTS else uuid.uuid4()
    said = {"number": "1", "member": uuid.uuid4()}
    values = [own, *(said.get(one, "package.zip") for one in arguments[1:])]
    return reverse(name, kwargs=dict(zip(arguments, values, strict=True)))
