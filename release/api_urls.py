from __future__ import annotations

from rest_framework.routers import SimpleRouter

from release.api.catalogue import (
    DeclarationViewSet,
    EvidenceViewSet,
    ImprintViewSet,
    RecordingViewSet,
    ResolutionViewSet,
)
from release.api.effects import ConsentEffectsViewSet
from release.api.made import HowMadeViewSet
from release.api.releases import PackageViewSet, ReleaseViewSet, TrackViewSet

router = SimpleRouter()
router.register("imprints", ImprintViewSet, basename="imprint")
router.register("recordings", RecordingViewSet, basename="recording")
router.register("evidence", EvidenceViewSet, basename="evidence")
router.register("declarations", DeclarationViewSet, basename="declaration")
router.register("resolutions", ResolutionViewSet, basename="resolution")
router.register("releases", ReleaseViewSet, basename="release")
router.register("tracks", TrackViewSet, basename="track")
router.register("how-made", HowMadeViewSet, basename="master-made")
router.register("packages", PackageViewSet, basename="package")
router.register("consent-effects", ConsentEffectsViewSet, basename="consent-effects")
