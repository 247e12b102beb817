"""The roles that people are credited with, and which elements of the evidence each role speaks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from provenance.elements import ROLES, role_label


@dataclass(frozen=True)
class CreditRole:
    """`scope` is work or recording; `elements` are those of the authorship map."""

    title: str
    scope: str
    elements: tuple[str, ...]


CREDIT_ROLES: Mapping[str, CreditRole] = MappingProxyType(
    {
        "composer": CreditRole("Composer", "work", ("melody", "harmony")),
        "lyricist": CreditRole("Lyricist", "work", ("lyrics",)),
        "arranger": CreditRole("Arranger", "work", ("arrangement",)),
        **{
            f"performer:{role}": CreditRole(
                f"Performer, {role_label(role).lower()}", "recording", (f"performance:{role}",)
            )
            for role in ROLES
        },
        "producer": CreditRole("Producer", "recording", ("production",)),
        "mixer": CreditRole("Mixing engineer", "recording", ("mix",)),
        "mastering_engineer": CreditRole("Mastering engineer", "recording", ("mastering",)),
    }
)
CREDIT_CHOICES = [(key, role.title) for key, role in CREDIT_ROLES.items()]
