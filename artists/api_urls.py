from __future__ import annotations

from rest_framework.routers import SimpleRouter

from artists.api.roster import ArtistViewSet, MeViewSet, PersonViewSet

router = SimpleRouter()
router.register("artists", ArtistViewSet, basename="artist")
router.register("people", PersonViewSet, basename="person")
router.register("me", MeViewSet, basename="me")
