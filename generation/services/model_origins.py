"""What weights that nobody published were made from, and whether they may run: as long as who agreed still agrees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from django.db import transaction

from artists.models import Consent, Role, User
from generation import events
from generation.errors import BadValue, NotPossible
from generation.models import DatasetVersion, EngineOffer, ModelOrigin, PromptRun
from generation.services.catalogue import STREAM
from generation.services.common import ref, text
from generation.services.datasets import bases_of_version
from generation.services.papers import take_paper
from generation.services.training import names_of
from provenance.ledger import record

Basis = ModelOrigin.Basis
MAY_STATE: Final = (Role.OWNER, Role.RIGHTS)
SUMS: Final = "`sha256sum *.bin *.safetensors > SHA256SUMS` in its folder, then start Deadwax again"


@dataclass(frozen=True, kw_only=True)
class Unpublished:
    """Weights on a machine of this installation that nobody published, and what is known of them."""

    engine: str
    engine_title: str
    name: str
    sha256: str
    origin: ModelOrigin | None
    problem: str
    """Why it may not run; empty where it may."""


def unpublished() -> list[Unpublished]:
    """All models of our own that workers found, those that may not run first."""
    rows = ModelOrigin.objects.filter(active=True).select_related("version__dataset", "document", "stated_by")
    origins = {(row.engine, row.name): row for row in rows}
    found = []
    for offer in EngineOffer.objects.all():
        for model in offer.capabilities.get("models", ()):
            if not model.get("present") or model.get("published", True):
                continue
            origin = origins.get((offer.name, model["name"]))
            found.append(
                Unpublished(
                    engine=offer.name, engine_title=offer.title, name=model["name"], sha256=model["sha256"],
                    origin=origin, problem=_problem(offer, model, origin),
                )
            )  # fmt: skip
    return sorted(found, key=lambda one: (not one.problem, one.engine, one.name))


def state_origin(
    *,
    engine: str,
    name: str,
    basis: str,
    version: DatasetVersion | None = None,
    source: str = "",
    document: BinaryIO | None = None,
    actor: User,
) -> ModelOrigin:
    """Say what the weights of a model were made from. It counts for these very weights: their digest is kept.

    Raises `BadValue` by its field, `NotPossible` while no worker has such weights.
    """
    _may(actor)
    model = _model(engine, name)
    if model is None or model.get("published", True):
        raise NotPossible(
            "No worker here has such weights of its own. Put them into the models folder first."
        )
    if not model["sha256"]:
        raise NotPossible(f"The weights of {name} have no digest. Run {SUMS}.")
    if basis not in Basis.values:
        raise BadValue("Say what it was made from.", field="basis")
    source = text(source, field="source", what="source", most=200, required=basis != Basis.DATASET)
    if basis == Basis.DATASET and (version is None or version.asset_id is None):
        raise BadValue("Choose the version of a dataset that was exported.", field="version")
    paper = take_paper(document, field="document", what="document")
    if basis == Basis.OUTSIDE and paper is None:
        raise BadValue("Bring the document by which they allow it: PDF, PNG, JPEG or text.", field="document")
    with transaction.atomic():
        before = ModelOrigin.objects.select_for_update().filter(engine=engine, name=name, active=True).first()
        if before is not None:
            _end(before, actor=actor)
        row = ModelOrigin(
            engine=engine, name=name, weights_sha256=model["sha256"], basis=basis, source=source, stated_by=actor,
            version=version if basis == Basis.DATASET else None,
        )  # fmt: skip
        words = Basis(basis).label.lower()
        if row.version is not None:
            words = f"version {row.version.number} of the dataset {row.version.dataset.title}"
        row.entry = record(
            events.ModelOriginStated(
                stream=STREAM,
                subjects=(
                    ref("model-origin", row),
                    *((ref("dataset-version", row.version),) if row.version else ()),
                    *((f"asset:{paper.sha256}",) if paper else ()),
                ),
                engine=engine,
                name=name,
                weights_sha256=row.weights_sha256,
                origin=basis,
                origin_words=words,
                dataset=str(row.version.dataset_id) if row.version else "",
                dataset_version=row.version.number if row.version else None,
                source=source,
                document=paper.sha256 if paper else "",
            ),
            actor=actor,
        )
        row.document = paper.register(row.entry) if paper else None
        row.save(force_insert=True)
    return row


def withdraw_origin(origin: ModelOrigin, *, actor: User) -> None:
    """Take back what was said of a model. It does not run until somebody says anew."""
    _may(actor)
    with transaction.atomic():
        row = ModelOrigin.objects.select_for_update().get(pk=origin.pk)
        if not row.active:
            raise NotPossible("That was taken back already.")
        _end(row, actor=actor)


def require_origin(offer: EngineOffer, name: str) -> tuple[Consent, ...]:
    """The consents under which a model may run; none for a published one.

    Raises `NotPossible` where nobody said what it was made from, its weights are others by now, or somebody whose
    work it learned from no longer agrees.
    """
    model = _model(offer.name, name, offer)
    if model is None or model.get("published", True):
        return ()
    origin = _origin(offer.name, name)
    if problem := _problem(offer, model, origin):
        raise NotPossible(problem, code="model_may_not_run")
    if origin is None or origin.version is None:
        return ()
    agreed = [one for basis in bases_of_version(origin.version) for one in basis.consents]
    return tuple({one.pk: one for one in agreed}.values())


def require_still(run: PromptRun) -> str:
    """The digest that the weights of a run must have; empty where none is stated. Raises `NotPossible`.

    Asked when a worker begins: somebody may have revoked while it waited.
    """
    name = str(run.parameters.get("model") or "")
    offer = EngineOffer.objects.filter(name=run.engine).first()
    if offer is None:
        return ""
    if not name:
        name = _default(offer)
    require_origin(offer, name)
    origin = _origin(offer.name, name)
    return origin.weights_sha256 if origin is not None else ""


def models_of(versions: Iterable[DatasetVersion]) -> list[ModelOrigin]:
    """The models that were made from some versions of datasets."""
    rows = ModelOrigin.objects.filter(version__in=list(versions), active=True)
    return list(rows.select_related("version__dataset"))


def _problem(offer: EngineOffer, model: Mapping[str, Any], origin: ModelOrigin | None) -> str:
    name = model["name"]
    if origin is None:
        return (
            f"Nobody said what {name} was made from, so nobody knows whose agreement it needs. The owner or rights say "
            "so under Tools, Models of our own."
        )
    if origin.weights_sha256 != model["sha256"]:
        return (
            f"The weights of {name} are not those of which it was said what they were made from. Say it of these under "
            "Tools, Models of our own."
        )
    if origin.version is None:
        return ""
    if not _fits(origin.version, offer, name, model):
        return (
            f"{name} was trained with a dataset for {', '.join(origin.version.tools)}, and the consents cover no other "
            "tool."
        )
    obstacles = {one.sentence: one for basis in bases_of_version(origin.version) for one in basis.obstacles}
    if not obstacles:
        return ""
    return (
        f"{name} may not run: it learned from recordings that nobody may train on now. {' '.join(obstacles)}"
    )


def _fits(version: DatasetVersion, offer: EngineOffer, name: str, model: Mapping[str, Any]) -> bool:
    own = {offer.name, offer.tool_key, name, model.get("tool", "")}
    return not version.tools or any(own & names for names in names_of(version.tools))


def _model(engine: str, name: str, offer: EngineOffer | None = None) -> Mapping[str, Any] | None:
    offer = offer or EngineOffer.objects.filter(name=engine).first()
    models = offer.capabilities.get("models", ()) if offer is not None else ()
    return next((model for model in models if model["name"] == name and model.get("present")), None)


def _default(offer: EngineOffer) -> str:
    specs = offer.capabilities.get("parameters", ())
    return next((str(spec.get("default") or "") for spec in specs if spec["name"] == "model"), "")


def _origin(engine: str, name: str) -> ModelOrigin | None:
    rows = ModelOrigin.objects.filter(engine=engine, name=name, active=True)
    return rows.select_related("version__dataset").first()


def _end(row: ModelOrigin, *, actor: User) -> None:
    row.entry = record(
        events.ModelOriginWithdrawn(
            stream=STREAM, subjects=(ref("model-origin", row),), engine=row.engine, name=row.name,
            weights_sha256=row.weights_sha256,
        ),
        actor=actor,
    )  # fmt: skip
    row.active = False
    row.save()


def _may(actor: User) -> None:
    if not actor.has_role(*MAY_STATE):
        raise BadValue("The owner and the rights team say what a model was made from.", code="not_allowed")
