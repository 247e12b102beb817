"""One read of everything that goes into a package, so that all its parts say the same."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings

from generation.models import Master
from provenance.elements import Origin
from release import ddex, labels
from release.clearance import owed_credits
from release.credits import CREDIT_ROLES
from release.ddex.message import ContainsAi
from release.errors import UserFault
from release.evidence import Evidence, evidence_for
from release.labelling import tools_of, uses_in
from release.labels import ElementOrigins
from release.models import Artwork, Contribution, Package, Recording, Release
from release.reading import cover_of, tracks_of

GENERATOR = "Deadwax"


def generator_version() -> str:
    return str(settings.SPECTACULAR_SETTINGS["VERSION"])


class NotReady(UserFault):
    """The release changed after the package was asked for; the message says what to do."""

    code = "release_not_ready"


@dataclass(frozen=True, kw_only=True)
class TrackFacts:
    """One track: its recording, what the ledger says of it, who is credited, which models had a part."""

    number: int
    recording: Recording
    master: Master
    evidence: Evidence
    credits: tuple[Contribution, ...]
    tools: tuple[labels.Tool, ...]
    #: Credits that licences in it ask for, word for word.
    owed: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[ElementOrigins, ...]:
        return self.evidence.findings

    @property
    def contains_ai(self) -> ContainsAi:
        return ddex.contains_ai(self.findings)

    @property
    def full_title(self) -> str:
        recording = self.recording
        return (
            f"{recording.title} ({recording.version_title})" if recording.version_title else recording.title
        )

    def named(self, role: str) -> tuple[str, ...]:
        """The credit names of everybody with this role, in the order of the credits."""
        return tuple(dict.fromkeys(row.person.credit_name for row in self.credits if row.role == role))

    def elements_of(self, row: Contribution) -> tuple[str, ...]:
        """The elements of a credit that the recording has; all of them where it has none, so that it is noticed."""
        spoken = CREDIT_ROLES[row.role].elements
        present = {finding.element for finding in self.findings}
        return tuple(name for name in spoken if name in present) or spoken


@dataclass(frozen=True, kw_only=True)
class PackageFacts:
    """A release as it stands when its package is built. `made_at` is when it was asked for: a retry says the same."""

    package: Package
    release: Release
    cover: Artwork
    tracks: tuple[TrackFacts, ...]
    made_at: dt.datetime

    @property
    def cover_findings(self) -> tuple[ElementOrigins, ...]:
        return (ElementOrigins(element="artwork", origins=frozenset({Origin(self.cover.origin)})),)

    @property
    def cover_extension(self) -> str:
        return "png" if self.cover.asset.media_type == "image/png" else "jpg"

    @property
    def explicit(self) -> bool:
        return any(track.recording.explicit for track in self.tracks)


def gather(package: Package) -> PackageFacts:
    """Read all of a package's release. Raises `NotReady` where something has gone since it was asked for."""
    release = package.release
    cover = cover_of(release)
    if cover is None:
        raise NotReady("The release has no cover. Upload one and ask for the package again.")
    tracks = []
    for track in tracks_of(release):
        recording, master = track.recording, track.recording.master
        if master.wav is None or master.flac is None:
            raise NotReady(f"{recording.title} has no finished master. Finish it, then ask again.")
        evidence = evidence_for(master)
        uses = uses_in(evidence)
        credited = (
            recording.contributions.filter(active=True).select_related("person").order_by("entry_id", "pk")
        )
        tracks.append(
            TrackFacts(
                number=track.number,
                recording=recording,
                master=master,
                evidence=evidence,
                credits=tuple(sorted(credited, key=_credit_order)),
                tools=tuple(tools_of(uses)),
                owed=owed_credits(uses),
            )
        )
    if not tracks:
        raise NotReady("The release has no tracks. Add one and ask for the package again.")
    return PackageFacts(
        package=package, release=release, cover=cover, tracks=tuple(tracks), made_at=package.created_at
    )


def _credit_order(row: Contribution) -> tuple[int, str, str]:
    return (list(CREDIT_ROLES).index(row.role), row.person.credit_name, str(row.pk))
