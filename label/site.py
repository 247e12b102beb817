"""Pages that span apps."""

from __future__ import annotations

from django.urls import path

from label.views import (
    board,
    check,
    entry,
    erasure,
    exports,
    health,
    ledger,
    ledger_health,
    listening,
    proof,
    receipts,
    search,
    today,
)

app_name = "label"
urlpatterns = [
    path("", today.today_page, name="today"),
    path("board/", board.board_page, name="board"),
    path("board/artists/<uuid:pk>/", board.artist_work, name="artist-work"),
    path("search/", search.search_page, name="search"),
    path("search/quick/", search.search_quick, name="search-quick"),
    path("check/", check.check_page, name="check"),
    path("health/", health.health, name="health"),
    path("erasure/", erasure.erasures_page, name="erasures"),
    path("erasure/<uuid:pk>/", erasure.erasure_page, name="erasure"),
    path("ledger/", ledger.ledger_page, name="ledger"),
    path("ledger/feed/", ledger.feed, name="ledger-feed"),
    path("ledger/seal/", ledger.seal, name="ledger-seal"),
    path("ledger/names/", ledger.suggestions, name="ledger-names"),
    path("ledger/health/", ledger_health.ledger_health, name="ledger-health"),
    path("ledger/bundle/", exports.ledger_bundle, name="ledger-bundle"),
    path("ledger/check.py", entry.check_program, name="ledger-check"),
    path("ledger/checkpoint/", entry.checkpoint, name="checkpoint"),
    path("ledger/receipts/", receipts.receipts_page, name="receipts"),
    path("ledger/receipts/file/", receipts.receipts_file, name="receipts-file"),
    path("ledger/receipts/new/", receipts.receipts_new, name="receipts-new"),
    path("ledger/receipts/check/", receipts.receipts_check, name="receipts-check"),
    path("ledger/<str:leaf>/", entry.entry_page, name="ledger-entry"),
    path("ledger/<str:leaf>/entry.json", entry.entry_body, name="ledger-entry-body"),
    path("ledger/<str:leaf>/proof.txt", entry.entry_proof, name="ledger-entry-proof"),
    path("masters/<uuid:pk>/proof/", proof.proof_page, name="proof"),
    path("masters/<uuid:pk>/proof/bundle/", exports.master_bundle, name="bundle"),
    path("projects/<uuid:pk>/bundle/", exports.project_bundle, name="project-bundle"),
    path("releases/<uuid:pk>/bundle/", exports.release_bundle, name="release-bundle"),
    path("works/<uuid:pk>/bundle/", exports.work_bundle, name="work-bundle"),
    path("listening/", listening.links_page, name="listening-links"),
    path("listening/<uuid:pk>/revoke/", listening.link_revoke, name="listening-revoke"),
    path("listen/<str:secret>/", listening.listen_page, name="listen"),
    path("listen/<str:secret>/<int:number>/audio/", listening.listen_audio, name="listen-audio"),
    path("listen/<str:secret>/<int:number>/peaks/", listening.listen_peaks, name="listen-peaks"),
    path("listen/<str:secret>/<int:number>/heard/", listening.listen_heard, name="listen-heard"),
    path("listen/<str:secret>/<int:number>/file/", listening.listen_take, name="listen-take"),
]
