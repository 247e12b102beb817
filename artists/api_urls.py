from __future__ import annotations

from rest_framework.routers import SimpleRouter

from artists.api.agreements import AgreementViewSet
from artists.api.anr_rules import AnswerTemplateViewSet, CriterionViewSet, QuestionViewSet
from artists.api.practice import ConsentViewSet, MethodViewSet, TrainingViewSet
from artists.api.roster.artists import ArtistViewSet
from artists.api.roster.people import MeViewSet, PersonViewSet, SavedFilterViewSet
from artists.api.signing import KeyViewSet, SignatureViewSet, SigningViewSet
from artists.api.submissions import SubmissionViewSet, UploadLinkViewSet

router = SimpleRouter()
router.register("artists", ArtistViewSet, basename="artist")
router.register("people", PersonViewSet, basename="person")
router.register("me", MeViewSet, basename="me")
router.register("keys", KeyViewSet, basename="key")
router.register("signing-requests", SigningViewSet, basename="signing")
router.register("signatures", SignatureViewSet, basename="signature")
router.register("methods", MethodViewSet, basename="method")
router.register("consents", ConsentViewSet, basename="consent")
router.register("training", TrainingViewSet, basename="training")
router.register("saved-filters", SavedFilterViewSet, basename="filter")
router.register("submissions", SubmissionViewSet, basename="submission")
router.register("upload-links", UploadLinkViewSet, basename="uploadlink")
router.register("answer-templates", AnswerTemplateViewSet, basename="answertemplate")
router.register("criteria", CriterionViewSet, basename="criterion")
router.register("questions", QuestionViewSet, basename="question")
router.register("agreements", AgreementViewSet, basename="agreement")
