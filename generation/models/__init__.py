from generation.models.arrangement import Arrangement, ArrangementVersion, Master, Render
from generation.models.catalogue import EngineOffer, LicenceAcceptance, TermsRuling, Tool, ToolTerms
from generation.models.dataset import Dataset, DatasetMember, DatasetVersion, ModelOrigin
from generation.models.method import MaterialMark, MethodCheck
from generation.models.project import Brief, Project, ProjectMember
from generation.models.run import (
    Listen,
    Preset,
    PromptRun,
    RunInput,
    Sweep,
    Take,
    TakeFailure,
    TakeReplay,
    TakeStem,
)
from generation.models.upload import Upload

__all__ = [
    "Arrangement",
    "ArrangementVersion",
    "Brief",
    "Dataset",
    "DatasetMember",
    "DatasetVersion",
    "EngineOffer",
    "LicenceAcceptance",
    "Listen",
    "Master",
    "MaterialMark",
    "MethodCheck",
    "ModelOrigin",
    "Preset",
    "Project",
    "ProjectMember",
    "PromptRun",
    "Render",
    "RunInput",
    "Sweep",
    "Take",
    "TakeFailure",
    "TakeReplay",
    "TakeStem",
    "TermsRuling",
    "Tool",
    "ToolTerms",
    "Upload",
]
