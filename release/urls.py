from __future__ import annotations

from django.urls import path

from release.views import clearances, made, packages, recordings, releases

app_name = "release"
urlpatterns = [
    path("releases/", releases.releases_page, name="releases"),
    path("releases/new/", releases.release_new_page, name="release-new"),
    path("releases/<uuid:pk>/", releases.release_page, name="release"),
    path("releases/<uuid:pk>/edit/", releases.release_edit_page, name="release-edit"),
    path("releases/<uuid:pk>/artwork/", releases.artwork_page, name="artwork"),
    path("releases/<uuid:pk>/cover/", releases.cover_image, name="cover"),
    path("releases/<uuid:pk>/tracks/", releases.track_add, name="track-add"),
    path("releases/<uuid:pk>/approve/", releases.approve, name="approve"),
    path("releases/<uuid:pk>/withdraw/", releases.withdraw, name="withdraw"),
    path("releases/<uuid:pk>/package/", packages.package_new, name="package-new"),
    path("tracks/<uuid:pk>/remove/", releases.track_remove, name="track-remove"),
    path("tracks/<uuid:pk>/move/", releases.track_move, name="track-move"),
    path("packages/<uuid:pk>/", packages.package_page, name="package"),
    path("packages/<uuid:pk>/status/", packages.package_status, name="package-status"),
    path("packages/<uuid:pk>/cancel/", packages.package_cancel, name="package-cancel"),
    path("packages/<uuid:pk>/retry/", packages.package_retry, name="package-retry"),
    path("packages/<uuid:pk>/files/<path:path>", packages.package_file, name="package-file"),
    path("imprints/", releases.imprints_page, name="imprints"),
    path("masters/<uuid:pk>/declaration/", recordings.declaration_page, name="declaration"),
    path("declarations/<uuid:pk>/resolve/", recordings.resolve, name="resolve"),
    path("masters/<uuid:pk>/recording/", recordings.recording_new_page, name="recording-new"),
    path("masters/<uuid:pk>/made/", made.publish_page, name="how-made-publish"),
    path("made/<slug:slug>/", made.how_made_page, name="how-made"),
    path("consents/<uuid:pk>/effects/", made.consent_effects, name="consent-effects"),
    path("masters/<uuid:pk>/receivers/", clearances.master_clearances, name="master-receivers"),
    path("tools/<slug:key>/uses/", clearances.tool_uses, name="tool-uses"),
    path("recordings/<uuid:pk>/", recordings.recording_page, name="recording"),
    path("recordings/<uuid:pk>/contributions/", recordings.contributions_page, name="contributions"),
]
