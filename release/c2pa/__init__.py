"""C2PA content credentials in audio files: sign last, read anybody's.

    authority = c2pa.TrialAuthority.load_or_create(keys_dir)          # own root and leaf; see its warning
    signed = c2pa.sign(source, target, manifest, authority)           # source tagged already; returns SignedFile
    report = c2pa.read_manifest(path, anchors_pem=c2pa.trust_anchors(keys_dir))   # ManifestReport of any file

`Manifest` carries the actions (with IPTC digital source types from the authorship map, `source_type_for`), every
source as `Ingredient` with its SHA-256, the ledger's checkpoint and proof as our own assertion, and the answer to
AI training. States of a report: trusted (signed by one of the given anchors), valid (intact, signer not among
them), invalid (credential or claim not in order), broken (the file was changed after signing), absent.
Believe only a trusted one: anybody can sign a file that names any master, and it reads "valid".

Pure: no Django, no database.
"""

from release.c2pa.authority import TrialAuthority, trust_anchors
from release.c2pa.errors import CannotSign, KeysDamaged
from release.c2pa.manifest import (
    LEDGER_ASSERTION,
    Action,
    Ingredient,
    Manifest,
    TrainingUse,
    actions_for,
    source_type_for,
)
from release.c2pa.reading import IngredientReport, ManifestReport, State, read_manifest
from release.c2pa.signing import SignedFile, sign

__all__ = [
    "LEDGER_ASSERTION",
    "Action",
    "CannotSign",
    "Ingredient",
    "IngredientReport",
    "KeysDamaged",
    "Manifest",
    "ManifestReport",
    "SignedFile",
    "State",
    "TrainingUse",
    "TrialAuthority",
    "actions_for",
    "read_manifest",
    "sign",
    "source_type_for",
    "trust_anchors",
]
