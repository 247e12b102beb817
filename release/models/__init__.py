from release.models.decision import Approval, Declaration, Resolution
from release.models.imprint import Imprint, NumberAllocation
from release.models.made import HowMade
from release.models.release import Artwork, Package, Release, Track
from release.models.work import Contribution, Recording, Work

__all__ = [
    "Approval",
    "Artwork",
    "Contribution",
    "Declaration",
    "HowMade",
    "Imprint",
    "NumberAllocation",
    "Package",
    "Recording",
    "Release",
    "Resolution",
    "Track",
    "Work",
]
