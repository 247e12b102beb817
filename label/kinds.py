"""Kinds of entries in words, in the groups that people look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from provenance.services import event_kinds

OTHER: Final = "other"


@dataclass(frozen=True)
class Group:
    """Kinds that belong together. `options`: (kind, in words), for choosing one of them."""

    key: str
    title: str
    options: tuple[tuple[str, str], ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(kind for kind, _ in self.options)


#: Key, title, and what its kinds begin with.
_GROUPS: Final = (
    ("briefs", "Projects and briefs", ("project.", "brief.")),
    ("runs", "Prompt runs", ("run.",)),
    ("takes", "Takes", ("take.",)),
    ("uploads", "Recordings brought in", ("upload.",)),
    ("arrangements", "Arrangements and renders", ("arrangement.", "render.", "part.", "session.imported", "daw.")),
    ("masters", "Masters", ("master.requested", "master.finished")),
    ("declarations", "Declarations", ("master.declared", "statement.")),
    ("signatures", "Keys and signatures", ("person_key.", "session.signed", "log_key.")),
    ("works", "Works, recordings and numbers", ("work.", "recording.", "contributions.", "number.", "imprint.")),
    ("releases", "Releases", ("release.", "track.", "artwork.")),
    ("packages", "Packages and deliveries", ("package.", "delivery.", "bundle.")),
    (
        "submissions",
        "Submissions",
        ("submission.", "upload_link.", "criterion.", "question.", "answer_template.", "inbox_rules."),
    ),
    ("agreements", "Agreements", ("agreement.",)),
    ("listening", "Listening links", ("listening_link.",)),
    ("people", "People and roles", ("user.", "person.", "invitation.", "artist.", "team.", "document.", "roster.")),
    ("tools", "Tools and their terms", ("tool.", "licence.")),
    ("datasets", "Datasets and models of our own", ("dataset.", "model.")),
    ("methods", "Methods and how it was made", ("method.", "material.", "how_made.")),
    ("consents", "Consents and answers to training", ("consent.", "training.")),
    ("jobs", "Work of the machines", ("job.",)),
    ("erasures", "Erasures and lookups", ("vault.", "erasure.", "asset.removed")),
)  # fmt: skip

#: Where the kind's own second half does not say it.
_WORDS: Final = {
    "take.generated": "made",
    "take.shortlisted": "kept",
    "take.rejected": "let go",
    "take.reset": "decision taken back",
    "master.declared": "declared",
    "statement.resolved": "contradiction settled",
    "upload.prepared": "copy for browsers",
    "upload.imported": "uploaded",
    "run.requested": "asked for",
    "run.sweep_requested": "sweep asked for",
    "take.failed": "could not be made",
    "take.replay_requested": "replay asked for",
    "take.replayed": "made again",
    "render.requested": "render asked for",
    "render.finished": "render made",
    "master.requested": "asked for",
    "master.finished": "made",
    "project.created": "project begun",
    "project.member_added": "collaborator let in",
    "project.member_removed": "collaboration ended",
    "brief.saved": "brief saved",
    "session.signed": "session signed",
    "number.allocated": "number given out",
    "contributions.set": "contributions set",
    "release.state_changed": "release went on",
    "package.audio_signed": "audio tagged and signed",
    "user.enrolled": "account made",
    "user.invited": "invitation sent",
    "user.role_changed": "role changed",
    "user.deactivated": "account closed",
    "artist.created": "put on the roster",
    "artist.member_added": "let act as an artist",
    "person.created": "contributor added",
    "artist.changed": "roster entry changed",
    "artist.status_changed": "status changed",
    "artist.picture_set": "picture given",
    "artist.member_removed": "no longer acts as an artist",
    "artist.merged": "two artists merged",
    "artist.separated": "merge taken back",
    "person.linked": "contributor put behind an artist",
    "person.unlinked": "contributor taken from an artist",
    "team.member_added": "joined a team",
    "team.member_removed": "left a team",
    "document.added": "document filed",
    "document.removed": "document taken off the file",
    "roster.exported": "roster exported",
    "tool.terms_recorded": "terms recorded",
    "dataset.created": "dataset begun",
    "dataset.recording_added": "recording put into a dataset",
    "dataset.recording_removed": "recording taken out of a dataset",
    "dataset.frozen": "version of a dataset frozen",
    "dataset.exported": "dataset packed",
    "model.origin_stated": "origin of a model stated",
    "model.origin_withdrawn": "origin of a model taken back",
    "tool.question_answered": "open question answered",
    "licence.accepted": "licence of weights accepted",
    "licence.withdrawn": "acceptance of a licence withdrawn",
    "upload.terms_stated": "terms stated later",
    "job.retried": "started again",
    "vault.erased": "private words erased",
    "asset.removed": "stored sound removed",
    "answer_template.set": "kind answer written",
    "inbox_rules.set": "rules of the inbox set",
    "submission.cleared": "submission cleared",
    "submission.erasure_asked": "sender asks to be erased",
}


def in_words(kind: str) -> str:
    """One kind: "kept", "release approved"."""
    if kind in _WORDS:
        return _WORDS[kind]
    return kind.replace(".", " ").replace("_", " ")


def groups() -> list[Group]:
    """All kinds of this installation, each in one group; what no group knows comes last."""
    kinds = event_kinds()
    found, placed = [], set()
    for key, title, begins in _GROUPS:
        own = [kind for kind in kinds if kind.startswith(begins) and kind not in placed]
        placed.update(own)
        if own:
            found.append(Group(key, title, tuple((kind, in_words(kind)) for kind in own)))
    if rest := [kind for kind in kinds if kind not in placed]:
        found.append(Group(OTHER, "Other", tuple((kind, in_words(kind)) for kind in rest)))
    return found


def kinds_of(key: str) -> tuple[str, ...]:
    """The kinds behind a group's key or behind a kind itself; none for anything else."""
    for group in groups():
        if key == group.key:
            return group.kinds
        if key in group.kinds:
            return (key,)
    return ()


def title_of(key: str) -> str:
    """What a group's key or a kind says to people; empty for anything else."""
    for group in groups():
        if key == group.key:
            return group.title
        if key in group.kinds:
            return f"{group.title}: {in_words(key)}"
    return ""
