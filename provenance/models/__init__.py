from provenance.models.asset import Asset, AssetAnalysis
from provenance.models.entry import Entry, VaultItem
from provenance.models.job import Job
from provenance.models.recorded import Recorded, RecordedRowsStay
from provenance.models.tree import Checkpoint, Leaf, Node

__all__ = [
    "Asset",
    "AssetAnalysis",
    "Checkpoint",
    "Entry",
    "Job",
    "Leaf",
    "Node",
    "Recorded",
    "RecordedRowsStay",
    "VaultItem",
]
