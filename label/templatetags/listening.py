"""A way to let somebody outside listen, for those who may make such links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from artists.access_anr import DECIDERS, LINK_MAKERS
from artists.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def let_listen(
    context: dict[str, Any], kind: str, *pks: object, words: str = "Let somebody listen"
) -> SafeString:
    """A button to a new listening link for takes, a render, a master, a release or submissions.

    Nothing for those who may not make one. `pks`: ids, or rows with one; a list counts as its members.
    """
    user = context.get("user")
    may = DECIDERS if kind == "submission" else LINK_MAKERS
    things = [
        one for pk in pks for one in (pk if isinstance(pk, Iterable) and not isinstance(pk, str) else [pk])
    ]
    if not things or not isinstance(user, User) or not user.has_role(*may):
        return mark_safe("")
    query = urlencode([(kind, getattr(one, "pk", one)) for one in things])
    small = " s" if kind in ("take", "submission") else ""
    return format_html(
        '<a class="btn{}" href="{}?{}">{}</a>', small, reverse("label:listening-links"), query, words
    )
