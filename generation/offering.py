"""What the engines of this machine offer. For workers and commands: it loads the engines."""

from __future__ import annotations

import dataclasses

from generation import services
from generation.engine import registry


def refresh_offers() -> list[str]:
    """Ask every engine and keep the answers for the pages, with the catalogue that names their terms.

    Returns the names of those that can be used.
    """
    services.seed_catalogue()
    found = registry.all_capabilities()
    services.save_offers(dataclasses.asdict(capabilities) for capabilities in found)
    return [capabilities.name for capabilities in found if capabilities.available]
