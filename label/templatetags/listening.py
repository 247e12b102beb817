"""A way to let somebody outside listen, for those who may make such links."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from artists.access_anr import LINK_MAKERS
from artists.models import User

register = template.Library()


@register.simple_tag(takes_context=True)
def let_listen(context: dict[str, Any], kind: str, pk: object) -> SafeString:
    """A button to a new listening link for a take, a master or a release; nothing for those who may not make one."""
    user = context.get("user")
    if not isinstance(user, User) or not user.has_role(*LINK_MAKERS):
        return mark_safe("")
    address = f"{reverse('label:listening-links')}?{kind}={pk}"
    return format_html('<a class="btn" href="{}">Let somebody listen</a>', address)
