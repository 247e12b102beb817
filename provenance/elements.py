"""The fixed words of authorship: where an element comes from, how that is known, and what a role carries.

Pure: imported by every package, by the front end's build of vocabularies and by the offline tools.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Origin(StrEnum):
    """Who or what an element or a region comes from. `unknown` is never shown as none."""

    HUMAN = "human"
    TRAINED_MODEL = "trained_model"
    PROCEDURAL = "procedural"
    MIXED = "mixed"
    THIRD_PARTY = "third_party"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """The word that pages and documents print."""
        return self.value.replace("_", " ")


class Basis(StrEnum):
    """How an entry is known."""

    OBSERVED = "observed"
    INFERRED = "inferred"
    DECLARED = "declared"
    IMPORTED = "imported"
    BACKFILLED = "backfilled"

    @property
    def label(self) -> str:
        return self.value

    @property
    def meaning(self) -> str:
        """One sentence for a reader who has never seen the word."""
        return BASIS_MEANING[self]

    @property
    def strength(self) -> int:
        """0 is the strongest: observed, imported, inferred, declared, backfilled."""
        return BASIS_ORDER.index(self)


BASIS_ORDER: Final = (Basis.OBSERVED, Basis.IMPORTED, Basis.INFERRED, Basis.DECLARED, Basis.BACKFILLED)

BASIS_MEANING: Final[Mapping[Basis, str]] = MappingProxyType(
    {
        Basis.OBSERVED: "The platform saw it happen.",
        Basis.INFERRED: "Concluded by comparing two saved sessions.",
        Basis.DECLARED: "A person stated it.",
        Basis.IMPORTED: "Taken from another party's credential or terms.",
        Basis.BACKFILLED: "Written down later, from older records.",
    }
)

ORIGIN_MEANING: Final[Mapping[Origin, str]] = MappingProxyType(
    {
        Origin.HUMAN: "Made by a person.",
        Origin.TRAINED_MODEL: "Output of a model that was trained on data.",
        Origin.PROCEDURAL: "Made by rules and chance, without a trained model.",
        Origin.MIXED: "More than one origin contributed.",
        Origin.THIRD_PARTY: "Made by somebody outside the project, used under licence.",
        Origin.UNKNOWN: "No entry says where it comes from.",
    }
)

PLAIN_ORIGINS: Final = tuple(origin for origin in Origin if origin is not Origin.MIXED)
"""The origins that a single source can have; `mixed` is only ever computed."""


def combine(origins: Iterable[Origin]) -> Origin:
    """One word for a set of origins: the origin itself, `mixed` for several, `unknown` for none.

    `unknown` beside a known origin stays `unknown`: a gap in the evidence is never painted over.
    """
    found = set(origins)
    if not found or Origin.UNKNOWN in found:
        return Origin.UNKNOWN
    return next(iter(found)) if len(found) == 1 else Origin.MIXED


ROLE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lead_vocal": "lead vocal",
        "backing_vocal": "backing vocal",
        "lead": "lead",
        "keys": "keys",
        "guitar": "guitar",
        "strings": "strings",
        "pads": "pads",
        "bass": "bass",
        "drums": "drums",
        "percussion": "percussion",
        "effects": "effects",
        "full_mix": "full mix",
        "other": "other",
    }
)
ROLES: Final = tuple(ROLE_NAMES)

COMPOSITION_ELEMENTS: Final = ("lyrics", "melody", "harmony", "arrangement")
PROCESS_ELEMENTS: Final = ("production", "mix", "mastering", "artwork")
PERFORMANCE_PREFIX: Final = "performance:"

ROLE_ELEMENTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "lead_vocal": ("lyrics", "melody"),
        "backing_vocal": ("lyrics", "harmony"),
        "lead": ("melody",),
        "keys": ("harmony",),
        "guitar": ("harmony",),
        "strings": ("harmony",),
        "pads": ("harmony",),
        "bass": ("harmony",),
        "drums": (),
        "percussion": (),
        "effects": (),
        "full_mix": ("melody", "harmony", "arrangement"),
        "other": (),
    }
)
"""The composition elements of a role; `performance:<role>` and `production` come with every role."""


def performance(role: str) -> str:
    """The element of playing or singing `role`."""
    return PERFORMANCE_PREFIX + role


def elements_of(role: str) -> tuple[str, ...]:
    """Every element that audio of this role carries. Raises KeyError for a role that does not exist."""
    return (*ROLE_ELEMENTS[role], performance(role), "production")


ELEMENTS: Final = (
    *COMPOSITION_ELEMENTS,
    *(performance(role) for role in ROLES),
    *PROCESS_ELEMENTS,
)
"""All elements, in the order in which pages and documents list them."""

_ORDER: Final = {element: place for place, element in enumerate(ELEMENTS)}


def is_element(name: str) -> bool:
    return name in _ORDER


def element_order(name: str) -> tuple[int, str]:
    """Sort key: the order of `ELEMENTS`, unheard-of names last."""
    return (_ORDER.get(name, len(_ORDER)), name)


def element_label(name: str) -> str:
    """Gives "lead vocal performance" for `performance:lead_vocal`; other elements are their own word."""
    if name.startswith(PERFORMANCE_PREFIX):
        role = name.removeprefix(PERFORMANCE_PREFIX)
        return f"{role_label(role)} performance"
    return name.replace("_", " ")


def role_label(role: str) -> str:
    return ROLE_NAMES.get(role, role.replace("_", " "))
