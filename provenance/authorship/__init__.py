"""Who or what made a master: the fold over ledger entries, element by element and region by region.

Pure: no database, no Django. Generation's events say what each step's outputs are, given its inputs
(`generation/attribution.py` writes those claims); this package only composes them, so it knows no engine.
"""

from provenance.authorship.bodies import (
    KNOWN_RULES,
    ActorRef,
    AssetRef,
    Claim,
    EntryBody,
    OutputClaims,
    Region,
    check_authorship,
    parse_authorship,
    parse_entry,
)
from provenance.authorship.errors import AuthorshipError, MalformedEntry, UnknownRules
from provenance.authorship.findings import (
    AuthorshipMap,
    Contested,
    ElementFinding,
    EntryRef,
    RegionFinding,
    Source,
    UnknownFinding,
)
from provenance.authorship.fold import SOUND_ELEMENTS, fold, fold_many

__all__ = [
    "KNOWN_RULES",
    "SOUND_ELEMENTS",
    "ActorRef",
    "AssetRef",
    "AuthorshipError",
    "AuthorshipMap",
    "Claim",
    "Contested",
    "ElementFinding",
    "EntryBody",
    "EntryRef",
    "MalformedEntry",
    "OutputClaims",
    "Region",
    "RegionFinding",
    "Source",
    "UnknownFinding",
    "UnknownRules",
    "check_authorship",
    "fold",
    "fold_many",
    "parse_authorship",
    "parse_entry",
]
