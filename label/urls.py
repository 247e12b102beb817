"""Addresses of the whole site. Each app keeps its own; pages that span apps are label's."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("label.site")),
    path("", include("artists.urls")),
    path("", include("generation.urls")),
    path("", include("release.urls")),
    path("api/", include("label.api.urls")),
]

handler404 = "label.views.errors.not_found"
