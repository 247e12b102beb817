"""What generation writes to the ledger, by noun. A kind is never edited once shipped: a change is a new version.

Private words (prompt, purpose, mood, reasons, file names, licences) are sealed; numbers and digests are public.
"""

from generation.events.arrangements import (
    ArrangementCreated,
    ArrangementSaved,
    MasterFinished,
    MasterRequested,
    RenderFinished,
    RenderRequested,
    VersionNamed,
)
from generation.events.catalogue import (
    LicenceAccepted,
    LicenceWithdrawn,
    TermsQuestionAnswered,
    ToolAdded,
    ToolTermsRecorded,
    ToolTermsRecordedFirst,
    ToolTermsRecordedSecond,
)
from generation.events.datasets import (
    DatasetCreated,
    DatasetExported,
    DatasetFrozen,
    DatasetRecordingAdded,
    DatasetRecordingRemoved,
    ModelOriginStated,
    ModelOriginWithdrawn,
)
from generation.events.methods import (
    MaterialMarked,
    MethodChecked,
    MethodCheckRequested,
)
from generation.events.projects import (
    BriefSaved,
    MemberAdded,
    MemberRemoved,
    ProjectCreated,
)
from generation.events.runs import (
    ReplayRequested,
    RunAsked,
    RunEnded,
    SweepRequested,
    TakeFailed,
    TakeReplayed,
)
from generation.events.takes import (
    RunFinished,
    RunRequested,
    TakeGenerated,
    TakeHeard,
    TakeRejected,
    TakeReset,
    TakeShortlisted,
)
from generation.events.uploads import (
    UploadImported,
    UploadImportedFirst,
    UploadPrepared,
    UploadTermsStated,
)

__all__ = [
    "ArrangementCreated",
    "ArrangementSaved",
    "BriefSaved",
    "DatasetCreated",
    "DatasetExported",
    "DatasetFrozen",
    "DatasetRecordingAdded",
    "DatasetRecordingRemoved",
    "LicenceAccepted",
    "LicenceWithdrawn",
    "MasterFinished",
    "MasterRequested",
    "MaterialMarked",
    "MemberAdded",
    "MemberRemoved",
    "MethodCheckRequested",
    "MethodChecked",
    "ModelOriginStated",
    "ModelOriginWithdrawn",
    "ProjectCreated",
    "RenderFinished",
    "RenderRequested",
    "ReplayRequested",
    "RunAsked",
    "RunEnded",
    "RunFinished",
    "RunRequested",
    "SweepRequested",
    "TakeFailed",
    "TakeGenerated",
    "TakeHeard",
    "TakeRejected",
    "TakeReplayed",
    "TakeReset",
    "TakeShortlisted",
    "TermsQuestionAnswered",
    "ToolAdded",
    "ToolTermsRecorded",
    "ToolTermsRecordedFirst",
    "ToolTermsRecordedSecond",
    "UploadImported",
    "UploadImportedFirst",
    "UploadPrepared",
    "UploadTermsStated",
    "VersionNamed",
]
