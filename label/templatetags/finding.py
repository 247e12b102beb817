"""Found words, marked where they stand: `{% load finding %}`."""

from __future__ import annotations

import re

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from artists import names

register = template.Library()

_WORD = re.compile(r"[\w\u0300-\u036f]+")
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


@register.filter
def marked(text: str, asked: str) -> SafeString:
    """The text with what was asked for marked; compared as the search does: beginnings, without accents and case."""
    wanted = names.fold(str(asked)).split()
    parts, at = [], 0
    for match in _WORD.finditer(text := str(text)):
        parts.append(escape(text[at : match.start()]))
        parts.append(_word(match.group(), wanted))
        at = match.end()
    parts.append(escape(text[at:]))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped


def _word(word: str, wanted: list[str]) -> SafeString:
    folded = names.fold(word)
    if _SIGNS.search(word):  # each sign is a word of its own
        for one in sorted(wanted, key=len, reverse=True):
            if _SIGNS.search(one) and (at := word.find(one)) >= 0:
                return format_html("{}<mark>{}</mark>{}", word[:at], one, word[at + len(one) :])
        return format_html("{}", word)
    fits = any(part.startswith(one) for one in wanted for part in folded.split())
    return format_html("<mark>{}</mark>" if fits else "{}", word)
