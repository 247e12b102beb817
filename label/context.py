"""What every page's shell needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from generation.access import visible_projects

PINNED = 3


def shell(request: HttpRequest) -> dict[str, Any]:
    """The newest songs, for the rail of somebody who is logged in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or (request.htmx and not request.htmx.boosted):  # type: ignore[attr-defined]
        return {}
    projects = visible_projects(user).filter(archived=False)[:PINNED]
    pinned = [
        {"title": project.title, "url": reverse("generation:project", args=[project.pk])}
        for project in projects
    ]
    if user.is_label_staff:
        pinned.append({"title": "A&R inbox", "url": reverse("artists:inbox")})
    return {"pinned": pinned}
