"""What every receiver is told about a master: the pure labels, fed with the catalogue's tools and the artist's facts."""

from __future__ import annotations

from collections.abc import Iterable

from generation.services import lineage_terms
from release import labels
from release.evidence import Evidence
from release.labels import Circumstances, ReceiverLabels, Tool


def tools_in(evidence: Evidence) -> list[Tool]:
    """The trained models in the master's lineage, as the catalogue's terms in force then describe them."""
    tools = {}
    for use in lineage_terms(evidence.master):
        terms = use.terms
        if terms is None or not terms.trained_model:
            continue
        tools[terms.tool.key] = Tool(
            name=terms.tool.name,
            provider=terms.tool.provider,
            training=terms.training_licence,
            blocked_by=frozenset(terms.blocked_by),
        )
    return [tools[key] for key in sorted(tools)]


def receiver_labels(evidence: Evidence, receivers: Iterable[str] | None = None) -> list[ReceiverLabels]:
    """Labels for the named receivers, or for all profiles."""
    tools = tools_in(evidence)
    facts = Circumstances(ai_persona=evidence.master.project.artist.is_ai_persona)
    return [
        labels.labels_for(labels.profile(name), evidence.findings, tools=tools, circumstances=facts)
        for name in (receivers if receivers is not None else labels.profile_ids())
    ]
