"""The AI rules of ERN 4.3.2: what ContainsAI says about its contributors, and the release about its resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from release.ddex.findings import Finding, Severity
from release.ddex.message import GENERATIVE_AI
from release.ddex.view import MessageView, name_of, text, where

RULES: Final = {
    "all_with_person": "ContainsAI All: only GenerativeAI contributors.",
    "none_with_ai": "ContainsAI None: no contributor is Partly or All.",
    "person_all": "A person's AiContribution is None or Partly.",
    "generative_ai_none": "A GenerativeAI contributor's AiContribution is not None.",
    "partly_without_ai": "ContainsAI Partly: a contributor says what the AI did.",
    "partly_without_other": "ContainsAI Partly: not every contributor is GenerativeAI.",
    "release_ai_disagrees": "The release's ContainsAI agrees with that of its resources.",
    "ai_not_stated": "Every recording, image and release states ContainsAI.",
}


def _stated(element: etree._Element) -> str:
    return text(element, "ContainsAI")


def _is_ai(contributor: etree._Element) -> bool:
    return text(contributor, "SpecialContributor") == GENERATIVE_AI


def _share(contributor: etree._Element) -> str:
    """AiContribution, which defaults to All for GenerativeAI."""
    return text(contributor, "AiContribution") or ("All" if _is_ai(contributor) else "")


def _who(view: MessageView, contributor: etree._Element) -> str:
    reference = text(contributor, "ContributorPartyReference")
    if reference:
        return view.party_names.get(reference, reference)
    return text(contributor, "SpecialContributor") or "a contributor"


def all_means_only_generative_ai(view: MessageView) -> Iterator[Finding]:
    for resource in view.resources:
        if _stated(resource) != "All":
            continue
        for contributor in resource.iterfind("Contributor"):
            if not _is_ai(contributor):
                yield Finding(
                    code="all_with_person",
                    sentence=f"The {name_of(resource)} says that all of it is AI, and credits "
                    f"{_who(view, contributor)}.",
                    cure="State Partly if this contributor had a part in it, or remove the credit.",
                    where=where(contributor),
                )


def none_means_no_ai_contributor(view: MessageView) -> Iterator[Finding]:
    for resource in view.resources:
        if _stated(resource) != "None":
            continue
        for contributor in resource.iterfind("Contributor"):
            if _share(contributor) in ("Partly", "All"):
                yield Finding(
                    code="none_with_ai",
                    sentence=f"The {name_of(resource)} says that it contains no AI, and "
                    f"{_who(view, contributor)} contributes with AI ({_share(contributor)}).",
                    cure="State Partly or All on the resource, or correct the contributor.",
                    where=where(contributor),
                )


def people_are_none_or_partly(view: MessageView) -> Iterator[Finding]:
    for contributor in view.root.iter("Contributor"):
        if not _is_ai(contributor) and _share(contributor) == "All":
            yield Finding(
                code="person_all",
                sentence=f"{_who(view, contributor)} is a person and cannot be wholly AI.",
                cure="Use None or Partly for people, and a GenerativeAI contributor for what the model made.",
                where=where(contributor),
            )


def generative_ai_is_not_none(view: MessageView) -> Iterator[Finding]:
    for contributor in view.root.iter("Contributor"):
        if _is_ai(contributor) and _share(contributor) == "None":
            yield Finding(
                code="generative_ai_none",
                sentence="A GenerativeAI contributor says that it contributed no AI.",
                cure="Leave AiContribution out, or set it to All.",
                where=where(contributor),
            )


def partly_names_its_ai(view: MessageView) -> Iterator[Finding]:
    for resource in view.resources:
        contributors = resource.findall("Contributor")
        if _stated(resource) != "Partly" or not contributors:
            continue
        if not any(_share(contributor) in ("Partly", "All") for contributor in contributors):
            yield Finding(
                code="partly_without_ai",
                sentence=f"The {name_of(resource)} is partly AI, and no contributor says which part.",
                cure="Add a GenerativeAI contributor with its roles.",
                where=where(resource),
                severity=Severity.WARNING,
            )
        if all(_is_ai(contributor) for contributor in contributors):
            yield Finding(
                code="partly_without_other",
                sentence=f"The {name_of(resource)} is partly AI, and credits nothing but AI.",
                cure="Credit the people, or state All.",
                where=where(resource),
                severity=Severity.WARNING,
            )


def release_agrees_with_its_resources(view: MessageView) -> Iterator[Finding]:
    release = view.main_release
    if release is None or not (said := _stated(release)):
        return
    parts = {stated for resource in view.recordings + view.images if (stated := _stated(resource))}
    if not parts:
        return
    right = next(iter(parts)) if len(parts) == 1 else "Partly"
    if said != right:
        yield Finding(
            code="release_ai_disagrees",
            sentence=f"The release says {said}, and its recordings and images together are {right}.",
            cure=f"State {right} on the release.",
            where=where(release),
        )


def every_resource_states_its_ai(view: MessageView) -> Iterator[Finding]:
    main = [view.main_release] if view.main_release is not None else []
    for element in [*view.recordings, *view.images, *main]:
        if not _stated(element):
            yield Finding(
                code="ai_not_stated",
                sentence=f"The {name_of(element)} does not say whether it contains AI.",
                cure="State ContainsAI: All, Partly or None.",
                where=where(element),
                severity=Severity.WARNING,
            )
