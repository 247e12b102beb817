"""The API's root: every app's router, tokens, and the OpenAPI document."""

from __future__ import annotations

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from artists.api.anr_rules import InboxRulesView
from artists.api_urls import router as artists_router
from generation.api_urls import router as generation_router
from label.api import bundles, erasure, ledger, receipts, roster, tokens
from label.api.listening import ListeningLinkViewSet
from label.api.taking_on import TakeOnView
from release.api_urls import router as release_router


#: LoginRequiredMiddleware answers pages with a redirect; the API answers 401 by itself.
def _open(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and callable(pattern.callback):
            pattern.callback = login_not_required(pattern.callback)
    return patterns


#: Swagger's own page brings its styles inline; its script comes from an address of its own.
_docs = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(
    SpectacularSwaggerSplitView.as_view(url_name="api:schema")
)

router = SimpleRouter()
router.register("listening-links", ListeningLinkViewSet, basename="listening")

app_name = "api"
urlpatterns = _open(
    [
        path("schema/", SpectacularAPIView.as_view(), name="schema"),
        path("docs/", _docs, name="docs"),
        path("tokens/", tokens.TokenView.as_view(), name="tokens"),
        path("tokens/revoke/", tokens.RevokeTokenView.as_view(), name="token-revoke"),
        path("erasure/<uuid:pk>/", erasure.ErasureView.as_view(), name="erasure"),
        path("inbox-rules/", InboxRulesView.as_view(), name="inboxrules"),
        path("board/", roster.BoardView.as_view(), name="board"),
        path("search/", roster.SearchView.as_view(), name="search"),
        path("ledger/", ledger.LedgerView.as_view(), name="ledger"),
        path("ledger/checkpoint/", ledger.CheckpointView.as_view(), name="checkpoint"),
        path("ledger/health/", ledger.HealthView.as_view(), name="ledger-health"),
        path("ledger/receipts/", receipts.ReceiptsView.as_view(), name="receipts"),
        path("ledger/receipts/check/", receipts.ReceiptCheckView.as_view(), name="receipt-check"),
        path("ledger/bundle/", bundles.BundleView.as_view(), name="ledger-bundle"),
        path("ledger/bundle/preview/", bundles.BundlePreviewView.as_view(), name="ledger-bundle-preview"),
        path("ledger/<str:leaf>/", ledger.EntryView.as_view(), name="ledger-entry"),
        path("submissions/<uuid:pk>/take-on/", TakeOnView.as_view(), name="submission-take-on"),
        *router.urls,
        *artists_router.urls,
        *generation_router.urls,
        *release_router.urls,
    ]
)
