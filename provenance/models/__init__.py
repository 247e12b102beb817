from provenance.models.asset import Asset, AssetAnalysis
from provenance.models.entry import Entry, VaultItem
from provenance.models.job import Job, JobQuota
from provenance.models.outside import Cosignature, OutsidePlace, TimestampToken
from provenance.models.recorded import Recorded, RecordedRowsStay
from provenance.models.search import SearchText
from provenance.models.signing import EntrySignature, Receipt
from provenance.models.tree import Checkpoint, Leaf, Node

__all__ = [
    "Asset",
    "AssetAnalysis",
    "Checkpoint",
    "Cosignature",
    "Entry",
    "EntrySignature",
    "Job",
    "JobQuota",
    "Leaf",
    "Node",
    "OutsidePlace",
    "Receipt",
    "Recorded",
    "RecordedRowsStay",
    "SearchText",
    "TimestampToken",
    "VaultItem",
]
