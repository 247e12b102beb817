"""Addresses of the roster; artists/urls.py takes them in."""

from __future__ import annotations

from django.urls import path

from artists.views import artist_parts, choosing, roster, roster_files

patterns = [
    path("roster/", roster.roster_page, name="roster"),
    path("roster/new/", roster.artist_new_page, name="artist-new"),
    path("roster/bulk/", roster.bulk_page, name="roster-bulk"),
    path("roster/import/", roster_files.import_page, name="roster-import"),
    path("roster/import/example.csv", roster_files.example_file, name="roster-example"),
    path("roster/export/", roster_files.export, name="roster-export"),
    path("roster/filters/", roster.filter_save, name="filter-save"),
    path("roster/filters/<int:pk>/forget/", roster.filter_forget, name="filter-forget"),
    path("roster/<uuid:pk>/", roster.artist_page, name="artist"),
    path("roster/<uuid:pk>/edit/", roster.artist_edit_page, name="artist-edit"),
    path("roster/<uuid:pk>/status/", roster.status_page, name="artist-status"),
    path("roster/<uuid:pk>/picture/", roster.picture_page, name="picture-new"),
    path("roster/<uuid:pk>/picture.jpg", roster.picture, name="picture"),
    path("roster/<uuid:pk>/merge/", roster.merge_page, name="artist-merge"),
    path("roster/<uuid:pk>/separate/", roster.separate, name="artist-separate"),
    path("roster/<uuid:pk>/people/new/", artist_parts.person_new_page, name="person-new"),
    path("roster/<uuid:pk>/people/<uuid:person>/unlink/", artist_parts.person_unlink, name="person-unlink"),
    path("roster/<uuid:pk>/team/new/", artist_parts.team_new_page, name="team-new"),
    path("roster/<uuid:pk>/members/new/", artist_parts.member_new, name="member-new"),
    path("roster/<uuid:pk>/documents/new/", artist_parts.document_new_page, name="document-new"),
    path("contributors/<uuid:pk>/edit/", artist_parts.person_edit_page, name="person-edit"),
    path("team/<uuid:pk>/remove/", artist_parts.team_remove, name="team-remove"),
    path("members/<uuid:pk>/remove/", artist_parts.member_remove, name="member-remove"),
    path("choose/<str:what>/", choosing.choose, name="choose"),
    path("documents/<uuid:pk>/file/", artist_parts.document_file, name="document"),
    path("documents/<uuid:pk>/remove/", artist_parts.document_remove, name="document-remove"),
]
