"""What receivers are told about a master: the pure labels, fed with the catalogue's tools and the artist's facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from generation.services import lineage_terms
from release import labels
from release.evidence import Evidence
from release.labels import Circumstances, ElementOrigins, ReceiverLabels, Tool


def tools_in(evidence: Evidence) -> list[Tool]:
    """The trained models in the master's lineage, as the catalogue's terms in force then describe them."""
    tools = {}
    for use in lineage_terms(evidence.master, bodies=evidence.bodies):
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


_SUNG = {"lyrics", "performance:lead_vocal", "performance:backing_vocal", "performance:full_mix"}


def circumstances_of(evidence: Evidence) -> Circumstances:
    """What is known without asking: where nobody sings no voice is imitated, and videos are not made here."""
    heard = {finding.element for finding in evidence.findings}
    return Circumstances(
        ai_persona=evidence.master.project.artist.is_ai_persona,
        cloned_voice=None if _SUNG & heard else False,
        music_video_ai=False,
    )


def receiver_labels(
    evidence: Evidence, receivers: Iterable[str] | None = None, *, cover: Sequence[ElementOrigins] = ()
) -> list[ReceiverLabels]:
    """Labels for the named receivers, or for all profiles. `cover`: what is known of the release's artwork."""
    tools = tools_in(evidence)
    facts = circumstances_of(evidence)
    found = (*evidence.findings, *cover)
    return [
        labels.labels_for(labels.profile(name), found, tools=tools, circumstances=facts)
        for name in (receivers if receivers is not None else labels.profile_ids())
    ]
