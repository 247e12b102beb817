"""How a master was made, in words: computed from a method check and the authorship fold, never written by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from generation.audio.measured import Rates, error_rates
from generation.method_case import GROUND_MEANING, Ground
from generation.models import MethodCheck
from provenance import pictures
from provenance.authorship import RegionFinding
from provenance.elements import Origin, element_label, role_label
from provenance.words import clock, join
from release import identifiers
from release.evidence import Evidence, evidence_for
from release.models import HowMade

VERDICTS = {"confirmed": "Confirmed", "refuted": "Refuted", "undecided": "Undecided"}
#: What a check of an earlier version of the house did not say.
_UNSAID = ("lineage",)


@dataclass(frozen=True)
class RuleLine:
    """One rule with what was found. `limits`: how often such evidence errs, as it stood when it was checked."""

    sentence: str
    verdict: str
    because: str
    entries: tuple[str, ...]
    compared: int
    grounds: tuple[Ground, ...]
    limits: str = ""

    @property
    def verdict_words(self) -> str:
        return VERDICTS[self.verdict]

    @property
    def rests_on(self) -> str:
        return join(ground.value for ground in self.grounds)


@dataclass(frozen=True)
class Account:
    """What a stranger reads: who, by which rules, what was found, and how sure that is.

    `regions` carry no names that somebody typed: on a public page tracks are called by their role.
    """

    title: str
    artist: str
    isrc: str
    statement: str
    method_number: int
    method_from: dt.datetime
    checked_at: dt.datetime
    checked_entry: str
    lines: tuple[RuleLine, ...]
    elements: tuple[tuple[str, tuple[Origin, ...], str], ...]
    """Element, origins, and how that is known."""
    entries: int
    comparisons: int
    duration_ms: int | None = None
    regions: tuple[RegionFinding, ...] = field(default=(), repr=False)

    @property
    def summary(self) -> str:
        counts = [
            (sum(line.verdict == verdict for line in self.lines), words.lower())
            for verdict, words in VERDICTS.items()
        ]
        return join(f"{many} {words}" for many, words in counts if many)

    @property
    def grounds(self) -> list[tuple[str, str]]:
        """What the verdicts rest on, each with its meaning, for those that occur."""
        used = {ground for line in self.lines for ground in line.grounds}
        return [(ground.value, meaning) for ground, meaning in GROUND_MEANING.items() if ground in used]

    @property
    def length(self) -> str:
        return clock(self.duration_ms or 0)

    @property
    def measured(self) -> str:
        return error_rates()

    @property
    def rates(self) -> Rates:
        return Rates()

    def stripe(self) -> SafeString:
        """Who made what through time. Safe: the picture escapes every word itself."""
        title = f"Who made {self.title}, through time"
        return mark_safe(  # noqa: S308
            pictures.stripe(self.regions, duration_ms=self.duration_ms, title=title)
        )

    def print_stripe(self) -> SafeString:
        """The same on paper or in a file, with its own colours."""
        title = f"Who made {self.title}, through time"
        return mark_safe(  # noqa: S308
            pictures.stripe(self.regions, duration_ms=self.duration_ms, title=title, for_print=True)
        )

    def stripe_rows(self) -> list[pictures.StripeRow]:
        return pictures.stripe_rows(self.regions)


def account(check: MethodCheck, *, evidence: Evidence | None = None, public: bool = True) -> Account:
    """The account of a finished check. Uploads and takes are named by their role and number only.

    `public=False` leaves out the artist's statement, which is sealed until they publish it.
    """
    master = check.master
    evidence = evidence or evidence_for(master)
    recording = getattr(master, "recording", None)
    method = check.method
    known = evidence.map.elements
    return Account(
        title=recording.title if recording else master.project.title,
        artist=master.project.artist.name,
        isrc=identifiers.format_isrc(recording.isrc) if recording else "",
        statement=method.statement if public else "",
        method_number=method.number,
        method_from=method.created_at,
        checked_at=check.entry.at,
        checked_entry=bytes(check.entry.leaf_hash).hex(),
        lines=tuple(
            RuleLine(
                sentence=one["sentence"],
                verdict=one["verdict"],
                because=one["because"],
                entries=tuple(one["entries"]),
                compared=one["compared"],
                grounds=tuple(Ground(name) for name in one.get("grounds", _UNSAID)),
                limits=one.get("limits", ""),
            )
            for one in check.outcomes
        ),
        elements=tuple(
            (
                element_label(finding.element),
                tuple(sorted(Origin(origin) for origin in finding.origins)),
                join(sorted(basis.label for basis in known[finding.element].bases))
                if finding.element in known
                else "settled by rights",
            )
            for finding in evidence.findings
        ),
        entries=len(evidence.map.entries),
        comparisons=check.comparisons,
        duration_ms=master.wav.duration_ms if master.wav else None,
        regions=_by_role(evidence.map.regions),
    )


def _by_role(regions: tuple[RegionFinding, ...]) -> tuple[RegionFinding, ...]:
    """The regions with their tracks called by role, and by number where a role comes twice."""
    tracks: dict[str, list[str]] = {}
    for region in regions:
        names = tracks.setdefault(region.role, [])
        if region.track not in names:
            names.append(region.track)

    def name(region: RegionFinding) -> str:
        names, label = tracks[region.role], role_label(region.role)
        label = f"{label[:1].upper()}{label[1:]}"
        return f"{label} {names.index(region.track) + 1}" if len(names) > 1 else label

    return tuple(replace(region, track=name(region)) for region in regions)


def address_of(row: HowMade) -> str:
    """The whole address of what is public, for documents and other machines."""
    return f"{settings.DEADWAX_BASE_URL.rstrip('/')}{reverse('release:how-made', args=[row.slug])}"
