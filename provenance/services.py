"""What other packages may call without knowing the ledger's insides."""

from __future__ import annotations

import uuid

from provenance.ledger import Actor


def human(user_id: uuid.UUID, name_commitment: str) -> Actor:
    return Actor("human", str(user_id), name_commitment)
