"""JSON as PostgreSQL and the ledger can hold it: an object, without NUL and without half surrogates, nowhere."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

MAX_DEPTH = 64


class StrictJSONParser(JSONParser):
    """Refuses what would fail only later, in the database, as our own error."""

    strict = True  # no NaN, no Infinity

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        _check(data, 0)
        if not isinstance(data, dict):
            raise ParseError("Send a JSON object.")
        return data


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ParseError("The JSON is nested too deeply.")
    match value:
        case str():
            if "\x00" in value:
                raise ParseError("Text may not hold a NUL character. Remove it.")
            if any("\ud800" <= character <= "\udfff" for character in value):
                raise ParseError("Text holds half of a surrogate pair. Send whole characters.")
        case dict():
            for key, item in value.items():
                _check(key, depth + 1)
                _check(item, depth + 1)
        case list():
            for item in value:
                _check(item, depth + 1)
        case int() if abs(value) >= 2**63:
            raise ParseError("A number is too large.")
