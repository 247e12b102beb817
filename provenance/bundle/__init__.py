"""Evidence bundles: a zip with which a third party checks entries without us. `provenance/verifier.py` is its reader.

    README.txt  summary.txt  verifier.py  bundle.json
    log/checkpoint.txt            signed note (C2SP tlog-checkpoint), then the cosignatures of its size that are known
    log/key.txt  log/keys.json    the log's public key; how it was rotated, and the witnesses' keys as we trust them
    log/streams.txt               signed: how many entries each stream of the bundle has, and which is the last
    log/points/<size>.txt         older checkpoints that were timestamped or cosigned
    entries/<index>.json          exact body of each entry
    proofs/<index>.tlog-proof     its inclusion proof (C2SP tlog-proof@v1)
    disclosed/<index>.json        private values with their salts, where disclosed
    timestamps/                   RFC 3161 tokens over checkpoints, and the authorities' roots as we trust them
    assets/...  c2pa/...          files, named by their digests in entries
    provenance.json               the entries as W3C PROV-JSON: an export, not the evidence

Entries about keys and signatures that concern the chosen ones are added. The zip's comment is the seal: a note, signed
by the log, over every byte before it. The same record gives the same bytes: fixed order, fixed times.
"""

from provenance.bundle.assets import AssetSource
from provenance.bundle.build import FORMAT, VERSION, BundleReport, build
from provenance.bundle.closure import MAX_ENTRIES
from provenance.bundle.disclosure import (
    Disclose,
    PrivateName,
    chosen,
    everything,
    known_keys,
    nothing,
    private_names,
)
from provenance.bundle.errors import BundleRefused, NotInLogYet
from provenance.bundle.export import Scope, export, of_asset, of_period, of_stream, of_subject
from provenance.bundle.points import root_at

__all__ = [
    "FORMAT",
    "MAX_ENTRIES",
    "VERSION",
    "AssetSource",
    "BundleRefused",
    "BundleReport",
    "Disclose",
    "NotInLogYet",
    "PrivateName",
    "Scope",
    "build",
    "chosen",
    "everything",
    "export",
    "known_keys",
    "nothing",
    "of_asset",
    "of_period",
    "of_stream",
    "of_subject",
    "private_names",
    "root_at",
]
