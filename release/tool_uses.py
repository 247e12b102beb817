"""What of the label's music was made under each version of a tool's terms, and what newer terms mean for it.

A newer version never rewrites the past: what was made stays bound to its own. What changes is said here, for people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generation.models import Master, PromptRun, Take, TakeStem, Tool, ToolTerms, Upload
from generation.services.allowances import Verdict, allowance_of
from provenance.queries import bodies_for_assets
from provenance.words import count, join
from release.models import Release

_GONE = (Release.State.PACKAGED, Release.State.WITHDRAWN)


@dataclass(frozen=True)
class Caution:
    """What a newer version means for a release that is not out yet."""

    release: Release
    sentence: str
    grave: bool


@dataclass(frozen=True)
class Use:
    """One version and what was made under it."""

    terms: ToolTerms
    takes: int
    uploads: int
    masters: tuple[Master, ...]
    releases: tuple[Release, ...]

    @property
    def words(self) -> str:
        """“12 takes, 2 masters, 1 release”."""
        found = [
            count(number, what)
            for number, what in (
                (self.takes, "take"),
                (self.uploads, "upload"),
                (len(self.masters), "master"),
                (len(self.releases), "release"),
            )
            if number
        ]
        return ", ".join(found) or "nothing"


def uses_of(tool: Tool) -> list[Use]:
    """Every version, the newest first, with what was made under it."""
    versions = list(tool.terms.select_related("tool").prefetch_related("rulings").order_by("-version"))
    takes = Counter(Take.objects.filter(run__terms__in=versions).values_list("run__terms", flat=True))
    uploads = Counter(Upload.objects.filter(terms__in=versions).values_list("terms", flat=True))
    digests: dict[object, set[str]] = {terms.pk: _digests(terms) for terms in versions}
    masters = _masters(versions, digests)
    found = []
    for terms in versions:
        own = tuple(masters.get(terms.pk, ()))
        releases = Release.objects.filter(tracks__active=True, tracks__recording__master__in=own)
        found.append(
            Use(
                terms=terms,
                takes=takes[terms.pk],
                uploads=uploads[terms.pk],
                masters=own,
                releases=tuple(releases.distinct().select_related("artist")) if own else (),
            )
        )
    return found


def warnings_of(uses: Sequence[Use]) -> list[Caution]:
    """What the version in force means for releases that hang on earlier ones and are not out."""
    if not uses:
        return []
    newest, found = uses[0].terms, []
    now = allowance_of(newest)
    for use in uses[1:]:
        before = allowance_of(use.terms)
        changes = _changes(use.terms, newest)
        if not changes:
            continue
        for release in use.releases:
            if release.state in _GONE:
                continue
            harder = now.verdict.weight > before.verdict.weight
            claims = newest.retroactive == ToolTerms.Answer.YES
            tail = (
                f"Version {newest.version} says that it holds for the past, too: let rights look before it goes out."
                if claims
                else "What was made under it stays so; what is made anew for it would come under version "
                f"{newest.version}."
            )
            found.append(
                Caution(
                    release,
                    f"{release.title} holds what was made under version {use.terms.version}. Since then "
                    f"{join(changes)}. {tail}",
                    grave=(claims and harder) or before.verdict in (Verdict.MAY_NOT, Verdict.ASKS),
                )
            )
    return found


def _changes(before: ToolTerms, now: ToolTerms) -> list[str]:
    """What matters to a release and reads otherwise now."""
    found = []
    old, new = allowance_of(before).verdict, allowance_of(now).verdict
    if old is not new:
        found.append(f"“{old.words}” became “{new.words}”")
    if before.attribution != now.attribution:
        found.append(
            f"the credit became “{now.attribution}”" if now.attribution else "no credit is owed any more"
        )
    if gained := sorted(set(now.blocked_by) - set(before.blocked_by)):
        found.append(f"{join(gained)} refuses it")
    if before.training_licence != now.training_licence:
        found.append(f"its training licence reads {now.training_licence}")
    return found


def _digests(terms: ToolTerms) -> set[str]:
    runs = PromptRun.objects.filter(terms=terms)
    takes = Take.objects.filter(run__in=runs)
    stems = TakeStem.objects.filter(take__run__in=runs).values_list("asset__sha256", flat=True)
    uploads = Upload.objects.filter(terms=terms)
    every = {
        *takes.values_list("asset__sha256", flat=True),
        *takes.values_list("midi__sha256", flat=True),
        *stems,
    }
    every |= {
        *uploads.values_list("asset__sha256", flat=True),
        *uploads.values_list("midi__sha256", flat=True),
    }
    return every - {None}


def _masters(versions: Iterable[ToolTerms], digests: dict[object, set[str]]) -> dict[object, list[Master]]:
    """Terms id -> finished masters with something in their lineage that was made under them."""
    terms = list(versions)
    projects = {
        *PromptRun.objects.filter(terms__in=terms).values_list("project", flat=True),
        *Upload.objects.filter(terms__in=terms).values_list("project", flat=True),
    }
    rows = Master.objects.filter(render__version__arrangement__project__in=projects, wav__isnull=False)
    made = list(rows.select_related("wav", "render__version__arrangement__project__artist"))
    every = bodies_for_assets((master.wav.sha256, master.project.stream) for master in made if master.wav)
    found: dict[object, list[Master]] = {}
    for master, bodies in zip(made, every, strict=True):
        inside = {ref.sha256 for body in bodies for ref in (*body.inputs, *body.outputs)}
        for one in terms:
            if digests[one.pk] & inside:
                found.setdefault(one.pk, []).append(master)
    return found
