"""Rules that receivers apply and the schema does not hold, on the XML itself, whoever wrote it.

`RULES` names every rule with its code; a finding's code is one of them. Sources: ERN 4.3.2's definitions of
ContainsAI and AiContribution, the release profiles, and what receivers are known to bounce.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from lxml import etree

from release.ddex import rules_ai, rules_catalogue, rules_files
from release.ddex.findings import Finding, Severity
from release.ddex.parsing import Unreadable, parse
from release.ddex.view import MessageView

Rule = Callable[[MessageView], Iterator[Finding]]

XML_RULES: Final[tuple[Rule, ...]] = (
    rules_ai.all_means_only_generative_ai,
    rules_ai.none_means_no_ai_contributor,
    rules_ai.people_are_none_or_partly,
    rules_ai.generative_ai_is_not_none,
    rules_ai.partly_names_its_ai,
    rules_ai.release_agrees_with_its_resources,
    rules_ai.every_resource_states_its_ai,
    rules_catalogue.identifiers_rule,
    rules_catalogue.party_references,
    rules_catalogue.resource_references,
    rules_catalogue.profile_shape,
    rules_catalogue.lines_and_titles,
    rules_catalogue.deals,
    rules_catalogue.deals_start_with_the_release,
    rules_catalogue.training_is_not_licensed_unseen,
    rules_files.audio_is_there,
    rules_files.cover_is_there,
    rules_files.extensions_fit_codecs,
)

RULES: Final[dict[str, str]] = {
    "not_xml": "The message is well-formed XML.",
    "too_large": "The message has a sane size.",
    "doctype": "The message carries no DTD.",
    "not_ern": "The message is a NewReleaseMessage of ERN 4.",
    "ern_without_ai": "The message's version can carry AI fields.",
    **rules_ai.RULES,
    **rules_catalogue.RULES,
    **rules_files.RULES,
}
"""Code -> what holds when the rule is kept."""


def check_message(xml: bytes, *, media_root: Path | None = None) -> tuple[Finding, ...]:
    """Every broken rule, errors first. With `media_root` (the message's folder) the files are looked at too."""
    try:
        root = parse(xml)
    except Unreadable as error:
        return (error.finding,)
    name = etree.QName(root)
    if name.localname != "NewReleaseMessage" or not (name.namespace or "").startswith(
        "http://ddex.net/xml/ern/4"
    ):
        return (
            Finding(
                code="not_ern",
                sentence=f"This is a {name.localname}, not a NewReleaseMessage of ERN 4.",
                cure="Send a NewReleaseMessage in the namespace http://ddex.net/xml/ern/432.",
            ),
        )
    view = MessageView(root)
    found = [finding for rule in XML_RULES for finding in rule(view)]
    if not (name.namespace or "").startswith("http://ddex.net/xml/ern/432"):
        found.append(
            Finding(
                code="ern_without_ai",
                sentence="This version of ERN has no fields for AI; ERN 4.3.2 is the first that has.",
                cure="Ask the recipient for ERN 4.3.2, or disclose AI outside the message.",
                severity=Severity.WARNING,
            )
        )
    if media_root is not None:
        found.extend(rules_files.files_are_what_they_say(view, media_root))
    return tuple(sorted(found, key=lambda finding: finding.severity is not Severity.ERROR))
