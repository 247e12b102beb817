"""What every page's shell needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """The section of the rail that is current, from the address alone."""
    match = request.resolver_match
    section = {"generation": "projects", "release": "releases"}.get(match.app_name, "") if match else ""
    if match and not section:
        section = match.url_name.split("-")[0] if match.url_name else ""
    return {"section": section}
