"""C2PA content credentials in audio files: sign last, read anybody's.

    authority = c2pa.TrialAuthority.load_or_create(keys_dir)          # own root and leaf; see its warning
    signer = c2pa.Signer.from_files(chain_pem, key_pem, timestamps=(c2pa.TimeAuthority("x", "https://..."),))
    signed = c2pa.sign(source, target, manifest, signer)              # source tagged already; returns SignedFile
    report = c2pa.read_manifest(path, anchors_pem=c2pa.trust_anchors(keys_dir))   # ManifestReport of any file

`Manifest` carries the actions (with IPTC digital source types from the authorship map, `source_type_for`), every
source as `Ingredient` with its SHA-256, the ledger's checkpoint and proof as our own assertion, and the answer to
AI training. States of a report: trusted (signed by one of the given anchors), valid (intact, signer not among
them), invalid (credential or claim not in order), broken (the file was changed after signing), absent.
Believe only a trusted one: anybody can sign a file that names any master, and it reads "valid".

Pure: no Django, no database.
"""

from release.c2pa.authority import TrialAuthority, trust_anchors
from release.c2pa.certificates import Chain, check_chain
from release.c2pa.errors import CannotSign, CertificateUnusable, KeysDamaged, TimestampUnavailable
from release.c2pa.manifest import (
    LEDGER_ASSERTION,
    TRAINING_USES,
    Action,
    Ingredient,
    Manifest,
    TrainingUse,
    actions_for,
    source_type_for,
)
from release.c2pa.proof import LedgerProof, ProofStep, check_ledger
from release.c2pa.reading import IngredientReport, ManifestReport, Stamp, State, read_manifest
from release.c2pa.signer import Signer, TimeAuthority
from release.c2pa.signing import BESIDE_ONLY, SignedFile, sign

__all__ = [
    "BESIDE_ONLY",
    "LEDGER_ASSERTION",
    "TRAINING_USES",
    "Action",
    "CannotSign",
    "CertificateUnusable",
    "Chain",
    "Ingredient",
    "IngredientReport",
    "KeysDamaged",
    "LedgerProof",
    "Manifest",
    "ManifestReport",
    "ProofStep",
    "SignedFile",
    "Signer",
    "Stamp",
    "State",
    "TimeAuthority",
    "TimestampUnavailable",
    "TrainingUse",
    "TrialAuthority",
    "actions_for",
    "check_chain",
    "check_ledger",
    "read_manifest",
    "sign",
    "source_type_for",
    "trust_anchors",
]
