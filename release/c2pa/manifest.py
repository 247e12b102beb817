"""What a manifest says, from plain dataclasses to the JSON that c2pa takes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from provenance.elements import Origin
from release.labels.involvement import RECORDING, ElementFinding, matching

BASE: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
LEDGER_ASSERTION: Final = "org.deadwax.ledger"
INSTANCE_PREFIX: Final = "deadwax:sha256:"
"""An ingredient's instance id names its bytes, so that a manifest can be held against the ledger."""

Relationship = Literal["componentOf", "inputTo", "parentOf"]
TrainingUse = Literal["allowed", "notAllowed", "constrained"]

TRAINING_USES: Final = ("data_mining", "ai_inference", "ai_training", "ai_generative_training")
"""The entries of `cawg.training-mining` 1.1."""

SOURCE_TYPES: Final[Mapping[Origin, str]] = MappingProxyType(
    {
        Origin.HUMAN: "digitalCapture",
        Origin.TRAINED_MODEL: "trainedAlgorithmicMedia",
        Origin.PROCEDURAL: "algorithmicMedia",
        Origin.MIXED: "compositeWithTrainedAlgorithmicMedia",
        Origin.THIRD_PARTY: "digitalCapture",
    }
)


def source_type_for(origins: Collection[str]) -> str:
    """IPTC digital source type (a full URI) of material with these origins; "" where one is unknown or none is there.

    A trained model with anything else is a composite with trained media; people and rules together are a composite.
    """
    found = {Origin(origin) for origin in origins}
    if not found or Origin.UNKNOWN in found:
        return ""
    if len(found) == 1:
        return BASE + SOURCE_TYPES[next(iter(found))]
    if found & {Origin.TRAINED_MODEL, Origin.MIXED}:
        return BASE + "compositeWithTrainedAlgorithmicMedia"
    if found <= {Origin.HUMAN, Origin.THIRD_PARTY}:
        return BASE + "digitalCapture"
    return BASE + "composite"


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """A source of the master. With a `path` the file is looked into, and credentials that it carries are kept."""

    title: str
    sha256: str
    media_type: str
    relationship: Relationship
    origins: frozenset[str] = frozenset()
    path: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Action:
    """One step, in C2PA's words (`c2pa.edited`, ...). The first of a manifest MUST be c2pa.created or c2pa.opened."""

    action: str
    source_type: str = ""
    when: str = ""
    """RFC 3339."""
    description: str = ""
    tool: str = ""
    tool_version: str = ""
    ingredients: tuple[str, ...] = ()
    """SHA-256 of the ingredients it used."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything that is signed into one file. `ledger` is the caller's: checkpoint, entry digest, log origin."""

    title: str
    media_type: Literal["audio/wav", "audio/flac", "audio/mpeg", "audio/mp4", "audio/ogg"]
    actions: tuple[Action, ...]
    ingredients: tuple[Ingredient, ...] = ()
    ledger: Mapping[str, Any] = field(default_factory=dict)
    training: TrainingUse | Mapping[str, TrainingUse] = "notAllowed"
    """One answer for all of `TRAINING_USES`, or one for each; what is not named is not allowed."""
    generator: str = "Deadwax"
    generator_version: str = ""


_STEPS: Final = (
    ("arrangement", "c2pa.edited", "Arranged on the timeline"),
    ("mix", "c2pa.edited", "Mixed"),
    ("mastering", "c2pa.edited", "Mastered"),
)
_STEP_TYPES: Final[Mapping[Origin, str]] = MappingProxyType(
    {
        Origin.HUMAN: "humanEdits",
        Origin.TRAINED_MODEL: "algorithmicallyEnhanced",
        Origin.PROCEDURAL: "algorithmicallyEnhanced",
    }
)
_SOUND: Final = ("performance:*", "lyrics", "melody", "harmony", "production")


def actions_for(
    findings: Iterable[ElementFinding],
    *,
    when: str,
    ingredients: Sequence[Ingredient] = (),
    tool: str = "Deadwax",
    tool_version: str = "",
) -> tuple[Action, ...]:
    """The actions that an authorship map tells: the sound as created, each source placed in it, then arranging,
    mixing and mastering.

    The first action is `c2pa.opened` where one of the ingredients is the `parentOf` (the master is a finished recording
    that was brought in), else `c2pa.created`. Its source type is that of all sounding elements together, so a reader
    who looks at nothing else sees whether a trained model had a part.
    """
    found = tuple(findings)
    sound = {origin for finding in matching(found, _SOUND) for origin in finding.origins}
    everything = {origin for finding in matching(found, RECORDING) for origin in finding.origins}
    parents = tuple(item.sha256 for item in ingredients if item.relationship == "parentOf")
    inputs = tuple(item.sha256 for item in ingredients if item.relationship == "inputTo")
    actions = [
        Action(
            action="c2pa.opened" if parents else "c2pa.created",
            source_type=source_type_for(sound or everything),
            when=when,
            description="Opened as it was brought in" if parents else "Rendered from its sources",
            tool=tool,
            tool_version=tool_version,
            ingredients=parents or inputs,
        )
    ]
    actions.extend(
        Action(
            action="c2pa.placed",
            source_type=source_type_for(item.origins),
            when=when,
            description="Placed on the timeline",
            tool=tool,
            tool_version=tool_version,
            ingredients=(item.sha256,),
        )
        for item in ingredients
        if item.relationship == "componentOf"
    )
    for element, name, description in _STEPS:
        for finding in matching(found, (element,)):
            kinds = [
                _STEP_TYPES[origin]
                for origin in Origin
                if origin in finding.origins and origin in _STEP_TYPES
            ]
            actions.extend(
                Action(
                    action=name,
                    source_type=BASE + kind,
                    when=when,
                    description=description,
                    tool=tool,
                    tool_version=tool_version,
                )
                for kind in dict.fromkeys(kinds)
            )
    return tuple(actions)


def to_definition(manifest: Manifest) -> dict[str, Any]:
    """The manifest definition; ingredients with a file are added one by one, the others are named here."""
    generator = {"name": manifest.generator}
    if manifest.generator_version:
        generator["version"] = manifest.generator_version
    actions = [_action(action, manifest) for action in manifest.actions]
    training = {
        f"cawg.{name}": {
            "use": manifest.training
            if isinstance(manifest.training, str)
            else manifest.training.get(name, "notAllowed")
        }
        for name in TRAINING_USES
    }
    assertions: list[dict[str, Any]] = [
        {"label": "c2pa.actions.v2", "data": {"actions": actions}},
        {"label": "cawg.training-mining", "data": {"entries": training}},
    ]
    ledger = {
        **manifest.ledger,
        "ingredients": [
            {
                "sha256": item.sha256,
                "title": item.title,
                "relationship": item.relationship,
                "origins": sorted(item.origins),
            }
            for item in manifest.ingredients
        ],
    }
    assertions.append({"label": LEDGER_ASSERTION, "data": ledger})
    return {
        "claim_generator_info": [generator],
        "title": manifest.title,
        "format": manifest.media_type,
        "assertions": assertions,
        "ingredients": [to_ingredient(item) for item in manifest.ingredients if item.path is None],
    }


def to_ingredient(ingredient: Ingredient) -> dict[str, Any]:
    """The definition of one ingredient; its label is what actions refer to."""
    definition: dict[str, Any] = {
        "title": ingredient.title,
        "format": ingredient.media_type,
        "relationship": ingredient.relationship,
        "instance_id": INSTANCE_PREFIX + ingredient.sha256,
        "label": ingredient.sha256,
    }
    if source_type := source_type_for(ingredient.origins):
        definition["metadata"] = {"digitalSourceType": source_type}
    return definition


def _action(action: Action, manifest: Manifest) -> dict[str, Any]:
    data: dict[str, Any] = {"action": action.action}
    if action.source_type:
        data["digitalSourceType"] = action.source_type
    if action.when:
        data["when"] = action.when
    if action.description:
        data["description"] = action.description
    if action.tool:
        data["softwareAgent"] = {"name": action.tool} | (
            {"version": action.tool_version} if action.tool_version else {}
        )
    known = {item.sha256 for item in manifest.ingredients}
    if used := [sha256 for sha256 in action.ingredients if sha256 in known]:
        data["parameters"] = {"ingredientIds": used}
    return data
