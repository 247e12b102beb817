"""Where the people of the label are: the tabs above roster, board, agreements and accounts."""

from __future__ import annotations

from typing import Any

from django import template

from artists import access_anr
from artists.models import User

register = template.Library()


@register.inclusion_tag("partials/people_tabs.html", takes_context=True)
def people_tabs(context: dict[str, Any], here: str) -> dict[str, Any]:
    """Only what this reader may open. `here`: the name of the address at which they are."""
    user = context.get("user")
    rooms = [("artists:roster", "Artists"), ("label:board", "Board")]
    if isinstance(user, User) and user.is_label_staff:
        rooms.append(("artists:inbox", "Inbox"))
    rooms.append(("artists:agreements", "Agreements"))
    if isinstance(user, User) and user.has_role(*access_anr.LINK_MAKERS):
        rooms.append(("label:listening-links", "Listening links"))
    if isinstance(user, User) and user.has_role("owner"):
        rooms.append(("artists:people", "Accounts"))
    return {"rooms": rooms, "here": here}
