"""Words looked for in names and titles: rows, not entries (provenance/search.py looks through the ledger).

Names are cut into words by `deadwax_words` in the database and by `names.fold` here, in the same way: no case, accents
or punctuation, each Chinese, Japanese or Korean sign a word of its own. Indexes of the tables hold the same expression.
"""

from __future__ import annotations

import re
from typing import Any, Final

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import F, Func, QuerySet

from artists import names

MAX_CHARS: Final = 120
MAX_WORDS: Final = 8
_SIGN: Final = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af])")


class Words(Func):
    """The words of some columns, as the indexes hold them."""

    template = "to_tsvector('simple', deadwax_words(%(expressions)s))"
    arg_joiner = " || ' ' || "
    output_field = SearchVectorField()


def query(text: str) -> SearchQuery | None:
    """All words must be there, each by its beginning; None where nothing can be looked for."""
    found = []
    for word in names.fold(text[:MAX_CHARS]).split()[:MAX_WORDS]:
        parts = [part for part in _SIGN.split(word) if part]
        found.append(" <-> ".join(f"'{part}'" if _SIGN.fullmatch(part) else f"'{part}':*" for part in parts))
    words = [f"({word})" for word in found if re.search(r"\w", word)]
    return SearchQuery(" & ".join(words), config="simple", search_type="raw") if words else None


def with_words(rows: QuerySet[Any], text: str, *columns: str) -> QuerySet[Any]:
    """Those rows whose columns hold all the words; none for text without words."""
    asked = query(text)
    if asked is None:
        return rows.none()
    found: QuerySet[Any] = rows.annotate(found_words=Words(*map(F, columns))).filter(found_words=asked)
    return found


def compact(text: str) -> str:
    """An identifier as it is stored: upper case, without separators; empty for what cannot be one."""
    plain = re.sub(r"[\s.\-/‐-―]", "", text.strip()).upper()
    return plain if re.fullmatch(r"[0-9A-Z]{3,24}", plain) else ""
