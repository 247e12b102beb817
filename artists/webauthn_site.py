"""Where passkeys of this installation live: the relying party's id and origin, from DEADWAX_BASE_URL."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

RP_NAME = "Deadwax"


@dataclass(frozen=True, slots=True)
class Site:
    """`why_not` says in words why browsers refuse passkeys here; empty where they work."""

    rp_id: str
    origin: str
    why_not: str = ""


def site() -> Site:
    """An IP address cannot have passkeys (Web Authentication Level 2, 5.1.2), but this machine has a name."""
    parts = urlsplit(settings.DEADWAX_BASE_URL)
    host = (parts.hostname or "").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None and address.is_loopback:
        host, address = "localhost", None
    port = f":{parts.port}" if parts.port else ""
    origin = f"{parts.scheme}://{host}{port}"
    if address is not None:
        return Site(host, origin, "Passkeys need a name, not an IP address: set DEADWAX_BASE_URL to one.")
    if parts.scheme != "https" and host != "localhost":
        return Site(host, origin, "Passkeys need https: serve this site by it and set DEADWAX_BASE_URL.")
    return Site(host, origin)
