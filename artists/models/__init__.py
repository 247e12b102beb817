from artists.models.agreement import Agreement, AgreementOption
from artists.models.anr import (
    Criterion,
    Incoming,
    Score,
    Submission,
    SubmissionAnswer,
    SubmissionFile,
    SubmissionNote,
    SubmissionVote,
    UploadLink,
)
from artists.models.anr_rules import AnswerTemplate, InboxRules, Question
from artists.models.artist import (
    Artist,
    ArtistDocument,
    ArtistMembership,
    Person,
    PersonBehind,
    SavedFilter,
    StatusChange,
    TeamMember,
)
from artists.models.consent import Consent, ConsentUse, TrainingChoice
from artists.models.keys import PersonKey, PersonSignature, SigningRequest
from artists.models.listening import ListeningLink, ListeningNote
from artists.models.method import Method
from artists.models.user import STAFF_ROLES, Invitation, Role, Standing, User

__all__ = [
    "STAFF_ROLES",
    "Agreement",
    "AgreementOption",
    "AnswerTemplate",
    "Artist",
    "ArtistDocument",
    "ArtistMembership",
    "Consent",
    "ConsentUse",
    "Criterion",
    "InboxRules",
    "Incoming",
    "Invitation",
    "ListeningLink",
    "ListeningNote",
    "Method",
    "Person",
    "PersonBehind",
    "PersonKey",
    "PersonSignature",
    "Question",
    "Role",
    "SavedFilter",
    "Score",
    "SigningRequest",
    "Standing",
    "StatusChange",
    "Submission",
    "SubmissionAnswer",
    "SubmissionFile",
    "SubmissionNote",
    "SubmissionVote",
    "TeamMember",
    "TrainingChoice",
    "UploadLink",
    "User",
]
