from __future__ import annotations

from rest_framework.routers import SimpleRouter

from generation.api.arrangements import ArrangementViewSet, MasterViewSet, RenderViewSet, VersionViewSet
from generation.api.asking import PresetViewSet, SweepViewSet
from generation.api.catalogue import ToolViewSet
from generation.api.datasets import DatasetViewSet, OwnModelViewSet
from generation.api.jobs import JobViewSet, QuotaViewSet
from generation.api.methods import MaterialViewSet, MethodCheckViewSet
from generation.api.projects import ProjectViewSet
from generation.api.takes import (
    EngineViewSet,
    RunViewSet,
    StemViewSet,
    TakeViewSet,
    UploadViewSet,
)

router = SimpleRouter()
router.register("projects", ProjectViewSet, basename="project")
router.register("runs", RunViewSet, basename="run")
router.register("sweeps", SweepViewSet, basename="sweep")
router.register("presets", PresetViewSet, basename="preset")
router.register("takes", TakeViewSet, basename="take")
router.register("stems", StemViewSet, basename="stem")
router.register("uploads", UploadViewSet, basename="upload")
router.register("arrangements", ArrangementViewSet, basename="arrangement")
router.register("versions", VersionViewSet, basename="version")
router.register("renders", RenderViewSet, basename="render")
router.register("masters", MasterViewSet, basename="master")
router.register("jobs", JobViewSet, basename="job")
router.register("job-quotas", QuotaViewSet, basename="quota")
router.register("engines", EngineViewSet, basename="engine")
router.register("tools", ToolViewSet, basename="tool")
router.register("datasets", DatasetViewSet, basename="dataset")
router.register("models", OwnModelViewSet, basename="ownmodel")
router.register("method-checks", MethodCheckViewSet, basename="check")
router.register("material", MaterialViewSet, basename="material")
