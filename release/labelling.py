"""What receivers are told about a master: the pure labels, fed with the catalogue's tools and the artist's facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from generation.services import TermsUse, lineage_terms
from generation.services.allowances import training_of
from release import labels
from release.evidence import Evidence
from release.labels import Circumstances, ElementOrigins, ReceiverLabels, Tool


def tools_in(evidence: Evidence) -> list[Tool]:
    """The trained models in the master's lineage, as the catalogue's terms in force then describe them."""
    return tools_of(uses_in(evidence))


def uses_in(evidence: Evidence) -> list[TermsUse]:
    """The terms of everything in the master's lineage."""
    return lineage_terms(evidence.master, bodies=evidence.bodies)


def tools_of(uses: Iterable[TermsUse]) -> list[Tool]:
    """The generators among what is in a lineage, each once."""
    tools: dict[str, Tool] = {}
    for use in uses:
        terms = use.terms
        if not use.is_generator:
            continue
        if terms is None:  # an AI tool whose terms nobody stated
            assert use.upload is not None
            tools[f"upload {use.upload.pk}"] = Tool(
                name=use.upload.tool_name or "an AI tool that nobody named"
            )
            continue
        tools[terms.tool.key] = Tool(
            name=terms.tool.name,
            version=terms.model_version,
            provider=terms.tool.provider,
            training=training_of(terms),
            blocked_by=frozenset(name.strip().lower() for name in terms.blocked_by),
            terms=f"{terms.licence}, read on {terms.source_date:%d %B %Y} ({terms.get_certainty_display().lower()})",
            credit=terms.attribution,
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
