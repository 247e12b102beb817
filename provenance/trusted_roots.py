"""Whose content credentials and time stamps this installation believes, as its settings name them."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from provenance import credential
from provenance.credential import Trust
from provenance.outside import places
from provenance.outside.config import ConfigError


def timestamp_roots() -> str:
    """Roots of the time authorities, PEM: the configured ones', and those of the trust folder's `timestamps/`."""
    try:
        configured = places.configured().authorities
    except ConfigError:  # a system check says so
        configured = ()
    found = [
        place.roots_path.read_text(encoding="ascii", errors="replace").strip()
        for place in configured
        if place.roots_path.is_file()
    ]
    folder = settings.DEADWAX_C2PA_TRUST
    return "\n".join([*found, credential.roots_in(folder / "timestamps" if folder else None)]).strip()


def own_roots() -> str:
    """Roots of the trial authorities that ever signed here, PEM; makes nothing."""
    keys = Path(settings.DEADWAX_DATA) / "keys"
    return "".join(path.read_text(encoding="ascii") for path in sorted(keys.glob("c2pa-root*.pem")))


def believed() -> Trust:
    """For files from outside: the trust folder (`DEADWAX_C2PA_TRUST`) and the label's own."""
    return Trust(
        signers=credential.roots_in(settings.DEADWAX_C2PA_TRUST) + own_roots(), timestamps=timestamp_roots()
    )
