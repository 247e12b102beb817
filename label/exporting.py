"""What can be given out as an evidence bundle, and who may show what: a master, a release, a work, a project, a search.

An exporter gives out entries that they may read. Private words only leave by those who answer for them: the artist's
own people for their projects, the owner and rights for the house, and for an artist's projects under that artist's
consent to showing data in a bundle.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Final

from artists.access import acts_for
from artists.models import Artist, Consent, Role, User
from artists.services import consents
from generation.access import may_write as may_write_project
from generation.access import visible_projects
from generation.models import Master, Project
from label.blindness import blind_to
from label.streams import readable
from provenance import bundle as bundles
from provenance import queries
from provenance.bundle import AssetSource, BundleReport, Disclose, PrivateName, Scope
from provenance.services import Entry, disclose, in_words
from release.models import Recording, Release, Work
from release.reading import tracks_of

#: Beyond so many entries a page or the API refuses: `manage.py ledger_export` has the time.
DIRECT: Final = 3000
_SHOWN: Final = 4
_LONGEST: Final = 240


def of_master(master: Master) -> Scope:
    """Everything that led to a finished master."""
    assert master.wav is not None
    stream = master.project.stream
    return Scope(
        words=f"master {master.number} of a project",
        stream=stream,
        entries=tuple(queries.entries_for_asset(master.wav.sha256, stream=stream)),
        title=f"{master.project.title}, master {master.number}",
        assets={"master.wav": master.wav.sha256},
    )


def of_project(project: Project) -> Scope:
    """All of a project."""
    scope = bundles.of_stream(project.stream)
    return Scope("a project", project.stream, scope.entries, project.title)


def of_release(release: Release) -> Scope:
    """A release with its recordings, their works, and the making of every master on it."""
    recordings = [track.recording for track in tracks_of(release)]
    found = _making_of(recordings, [release.stream])
    return Scope(
        words="a release",
        stream=release.stream,
        entries=found,
        title=f"{release.title} by {release.artist.name}, {release.catalogue_number}",
        assets=_masters(recordings),
    )


def of_work(work: Work) -> Scope:
    """A work with every recording of it, and the making of their masters."""
    recordings = list(work.recordings.select_related("master__wav", "artist", "work"))
    return Scope(
        words="a work",
        stream=f"work:{work.pk}",
        entries=_making_of(recordings, [f"work:{work.pk}"]),
        title=work.title,
        assets=_masters(recordings),
    )


def _making_of(recordings: Iterable[Recording], refs: list[str]) -> tuple[Entry, ...]:
    found: dict[int, Entry] = {}
    refs = list(refs)
    for recording in recordings:
        master = recording.master
        refs += [f"recording:{recording.pk}", f"work:{recording.work_id}", f"master:{master.pk}"]
        if master.wav is not None:
            made = queries.entries_for_asset(master.wav.sha256, stream=master.project.stream)
            found |= {entry.pk: entry for entry in made}
    found |= {entry.pk: entry for entry in queries.entries_for(refs=refs).select_related("leaf")}
    return tuple(found[key] for key in sorted(found))


def _masters(recordings: Iterable[Recording]) -> dict[str, AssetSource]:
    return {
        f"{recording.isrc}.wav": recording.master.wav.sha256
        for recording in recordings
        if recording.master.wav is not None
    }


# -- who may show what -------------------------------------------------------------------------------------------------


def for_reader(scope: Scope, user: User) -> Scope:
    """The scope without entries that this person may not read."""
    allowed = readable(user)
    return scope.only(lambda entry: entry.stream in allowed)


@dataclass(frozen=True)
class Secret:
    """One kind of private value that could leave the house: what it is, and what it says."""

    name: PrivateName
    where: str
    examples: tuple[str, ...]

    @property
    def more(self) -> int:
        return max(0, self.name.count - len(self.examples))


def secrets(scope: Scope, user: User) -> list[Secret]:
    """The private values that this person may disclose, in words."""
    may = _may_disclose(scope.entries, user).streams
    entries = {entry.pk: entry for entry in scope.entries if entry.stream in may}
    found = []
    for name in bundles.private_names(list(entries.values())):
        rows = [entries[key] for key in name.entries[:_SHOWN]]
        examples = tuple(_said(disclose(entry).get(name.name)) for entry in rows)
        found.append(Secret(name, _where(rows[0]), examples))
    return found


def disclosure(scope: Scope, user: User, keys: Iterable[str]) -> Disclose:
    """What was chosen, as far as this person may disclose it."""
    may = _may_disclose(scope.entries, user).streams
    wanted = bundles.chosen(keys)
    return lambda entry, name: entry.stream in may and wanted(entry, name)


@dataclass(frozen=True)
class Disclosable:
    """The streams whose private words somebody may give out, under which consents, and whose consent is missing."""

    streams: frozenset[str]
    consents: tuple[Consent, ...] = ()
    missing: tuple[Artist, ...] = ()


def without_consent(scope: Scope, user: User) -> tuple[Artist, ...]:
    """Artists whose private words stay sealed because they have not agreed to showing them."""
    return _may_disclose(scope.entries, user).missing


def _may_disclose(entries: Iterable[Entry], user: User) -> Disclosable:
    entries = list(entries)
    streams = {entry.stream for entry in entries} - blind_to(user, entries)
    projects = list(visible_projects(user).filter(pk__in=_projects(streams)).select_related("artist"))
    if not user.has_role(Role.OWNER, Role.RIGHTS):
        return Disclosable(frozenset(one.stream for one in projects if may_write_project(user, one)))
    shut: set[str] = set()
    agreed: dict[object, Consent] = {}
    missing: dict[object, Artist] = {}
    for project in projects:
        if acts_for(user, project.artist):
            continue
        consent = consents.covering(project.artist, Consent.Kind.BUNDLE, project=project.pk)
        if consent is not None:
            agreed[consent.pk] = consent
        else:
            shut.add(project.stream)
            missing[project.artist_id] = project.artist
    return Disclosable(frozenset(streams - shut), tuple(agreed.values()), tuple(missing.values()))


def _projects(streams: Iterable[str]) -> list[str]:
    return [stream.partition(":")[2] for stream in streams if stream.startswith("project:")]


def _where(entry: Entry) -> str:
    """What such an entry says without its private words."""
    sentence = in_words(entry)
    return sentence[:1].upper() + sentence[1:]


def _said(value: object) -> str:
    """A private value as words: a list as a list, what was said about several things one after the other."""
    if isinstance(value, dict):
        text = "; ".join(f"{name.replace('_', ' ')}: {_said(item)}" for name, item in value.items())
    elif isinstance(value, list):
        text = ", ".join(map(_said, value))
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


# -- giving it out -----------------------------------------------------------------------------------------------------


def give_out(
    scope: Scope, user: User, *, keys: Iterable[str] = (), recipient: str = ""
) -> tuple[BinaryIO, BundleReport]:
    """The bundle as an open file (it goes with its last reader), recorded as given out."""
    if len(scope.entries) > DIRECT:
        raise bundles.BundleRefused(
            f"These are {len(scope.entries):,} entries. More than {DIRECT:,} are exported on the server:"
            " manage.py ledger_export."
        )
    keys = list(keys)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        report = bundles.export(
            scope, actor=user, out=file, disclose=disclosure(scope, user, keys), recipient=recipient
        )
    except bundles.NotInLogYet as error:
        file.close()
        raise bundles.BundleRefused(error.message) from error
    except BaseException:
        file.close()
        raise
    if report.disclosed:
        agreed = _may_disclose(scope.entries, user).consents
        consents.note_use(agreed, ref=f"bundle:{report.sha256}", stream=scope.stream, actor=user)
    file.seek(0)
    return file, report
