"""AI-involvement labels, computed from an authorship map and never typed.

    from release import labels
    labels.involvement({"human", "trained_model"})             -> Involvement.PARTLY
    labels.overall(findings)                                   -> Involvement of the whole recording
    labels.labels_for(labels.profile("spotify"), findings, tools=tools, circumstances=facts)

`findings` is anything with `.element` and `.origins` (`ElementOrigins` here, `ElementFinding` of the
authorship fold). A receiver is a TOML file in `profiles/`: its vocabulary, fields and refusals, with source,
date and certainty, so that a rights team can correct it without a programmer. One generic function computes
all of them.

Pure: no Django, no database.
"""

from release.labels.involvement import (
    ElementFinding,
    ElementOrigins,
    Involvement,
    combine,
    involvement,
    matching,
    overall,
    procedural_elements,
    unknown_elements,
)
from release.labels.profiles import Certainty, Outcome, Profile, profile, profile_ids, profiles
from release.labels.receivers import (
    Circumstances,
    LabelField,
    Notice,
    ReceiverLabels,
    Tool,
    labels_for,
)

__all__ = [
    "Certainty",
    "Circumstances",
    "ElementFinding",
    "ElementOrigins",
    "Involvement",
    "LabelField",
    "Notice",
    "Outcome",
    "Profile",
    "ReceiverLabels",
    "Tool",
    "combine",
    "involvement",
    "labels_for",
    "matching",
    "overall",
    "procedural_elements",
    "profile",
    "profile_ids",
    "profiles",
    "unknown_elements",
]
