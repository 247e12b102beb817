"""What an agreement can give shares of, in the words of release's credits (a test holds the two together)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from provenance.elements import ROLES, role_label


@dataclass(frozen=True)
class ShareRole:
    """`scope` is work or recording."""

    title: str
    scope: str


SHARE_ROLES: Mapping[str, ShareRole] = MappingProxyType(
    {
        "composer": ShareRole("Composer", "work"),
        "lyricist": ShareRole("Lyricist", "work"),
        "arranger": ShareRole("Arranger", "work"),
        **{
            f"performer:{role}": ShareRole(f"Performer, {role_label(role).lower()}", "recording")
            for role in ROLES
        },
        "producer": ShareRole("Producer", "recording"),
        "mixer": ShareRole("Mixing engineer", "recording"),
        "mastering_engineer": ShareRole("Mastering engineer", "recording"),
    }
)
SHARE_CHOICES = [(key, role.title) for key, role in SHARE_ROLES.items()]
