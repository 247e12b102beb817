"""The release as an ERN 4.3.2 message: built, validated against the schema, held against the consistency rules.

A package is addressed to the label itself; a delivery names its receiver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from release import ddex
from release.ddex import Finding, SchemasAbsent
from release.ddex.message import ParentalWarning
from release.errors import UserFault
from release.packaging.archive import Part
from release.packaging.audio import SignedTrack
from release.packaging.facts import NotReady, PackageFacts, TrackFacts
from release.training import training_answers

FOLDER = "ern"


class MessageRefused(UserFault):
    """The message would bounce; the text says every reason."""

    code = "message_refused"


@dataclass(frozen=True, kw_only=True)
class CheckedMessage:
    """The bytes of the message and what was checked. Nothing in `findings` blocks."""

    xml: bytes
    schema: SchemasAbsent | None
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        return "valid" if self.schema is None else "not validated"

    def to_json(self) -> dict[str, Any]:
        absent = self.schema
        return {
            "verdict": self.verdict,
            "schema": "http://ddex.net/xml/ern/432",
            "sentence": absent.sentence if absent else "The message is valid against DDEX's schema of ERN 4.3.2.",
            "cure": absent.cure if absent else "",
            "rules": len(ddex.RULES),
            "findings": [asdict(finding) for finding in self.findings],
        }  # fmt: skip


def uri_of(part: Part) -> str:
    """A part's place as the message names it: below the message's own folder."""
    return part.path.removeprefix(f"{FOLDER}/")


def checked_message(
    folder: Path, facts: PackageFacts, signed: Mapping[str, SignedTrack], cover: Part
) -> CheckedMessage:
    """Build the message and hold it against schema, rules and the files below `folder`. Raises `MessageRefused`."""
    message, problems = compose(facts, signed, cover)
    xml = ddex.build(message)
    answer = ddex.schema_errors(xml, settings.DDEX_SCHEMA_DIR)
    absent = answer if isinstance(answer, SchemasAbsent) else None
    found = (
        *problems,
        *(() if isinstance(answer, SchemasAbsent) else answer),
        *ddex.check_message(xml, media_root=folder / FOLDER),
    )
    if wrong := ddex.errors(found):
        reasons = " ".join(f"{finding.sentence} {finding.cure}" for finding in wrong[:12])
        raise MessageRefused(f"The message for distributors is not right, so no package was made. {reasons}")
    return CheckedMessage(xml=xml, schema=absent, findings=found)


def compose(
    facts: PackageFacts, signed: Mapping[str, SignedTrack], cover: Part
) -> tuple[ddex.NewRelease, tuple[Finding, ...]]:
    """The message's content, and what the credits say that the evidence does not carry."""
    release, imprint = facts.release, facts.release.imprint
    if not imprint.dpid:
        raise NotReady(f"The imprint {imprint.name} has no DDEX party id, and no message goes without one.")
    if release.release_date is None or not release.p_line_year or not release.c_line_year:
        raise NotReady("The release date or a rights line is missing. Fill it in and ask again.")
    house = ddex.MessagingParty(dpid=imprint.dpid, name=imprint.name)
    problems: list[Finding] = []
    recordings = tuple(
        _recording(facts, track, signed[track.recording.isrc], problems) for track in facts.tracks
    )
    drawn = ddex.cover_contributors(facts.cover_findings, [])
    cover_ai = ddex.contains_ai(facts.cover_findings, patterns=("artwork",))
    c_line = ddex.Line(year=release.c_line_year, company=release.c_line_owner)
    warning: ParentalWarning = "Explicit" if facts.explicit else "NotExplicit"
    message = ddex.NewRelease(
        message_id=facts.package.pk.hex,
        thread_id=release.pk.hex,
        sender=house,
        recipients=(house,),
        created_at=facts.made_at,
        is_test=imprint.is_fictional,
        profile="SimpleAudioSingle" if release.kind == "Single" and len(recordings) == 1 else "Audio",
        language=release.language,
        parties=_parties(facts, recordings),
        recordings=recordings,
        cover=ddex.Image(
            proprietary_id=f"{release.gtin}_cover",
            title=release.title,
            file=ddex.ImageFile(
                uri=uri_of(cover),
                sha256=cover.sha256,
                codec="PNG" if cover.media_type == "image/png" else "JPEG",
                width_px=facts.cover.width_px,
                height_px=facts.cover.height_px,
                size_bytes=cover.size,
            ),
            contains_ai=cover_ai,
            contributors=drawn.contributors,
            c_line=c_line,
        ),
        release=ddex.Release(
            type=release.kind,  # type: ignore[arg-type]
            icpn=release.gtin,
            catalogue_number=release.catalogue_number,
            title=release.title,
            artist_name=release.artist.name,
            artists=(ddex.DisplayArtist(party=f"artist:{release.artist.pk}"),),
            label=f"imprint:{imprint.pk}",
            p_line=ddex.Line(year=release.p_line_year, company=release.p_line_owner),
            c_line=c_line,
            genre=release.genre,
            release_date=release.release_date,
            original_release_date=release.original_date,
            parental_warning=warning,
            contains_ai=ddex.release_contains_ai([*(item.contains_ai for item in recordings), cover_ai]),
        ),
        deals=ddex.standard_deals(starts_on=release.release_date, territories=tuple(release.territories)),
        training="deny" if training_answers(release).denies else "silent",
    )
    return message, tuple(problems)


def _recording(
    facts: PackageFacts, track: TrackFacts, signed: SignedTrack, problems: list[Finding]
) -> ddex.SoundRecording:
    recording, wav = track.recording, track.master.wav
    assert wav is not None
    people: dict[str, list[str]] = {}
    for row in track.credits:
        people.setdefault(f"person:{row.person_id}", []).extend(track.elements_of(row))
    computed = ddex.contributors_for(
        track.findings, [ddex.Credit(party=key, elements=tuple(elements)) for key, elements in people.items()]
    )
    names = {f"person:{row.person_id}": row.person.credit_name for row in track.credits}
    problems += [_named(problem, names, recording.title) for problem in computed.problems]
    has_words = any(finding.element == "lyrics" for finding in track.findings)
    language = "" if recording.work.language == "zxx" else recording.work.language
    probe = wav.probe
    return ddex.SoundRecording(
        isrc=recording.isrc,
        title=recording.title,
        version=recording.version_title,
        artist_name=recording.artist.name,
        artists=(ddex.DisplayArtist(party=f"artist:{recording.artist.pk}"),),
        contributors=computed.contributors,
        p_line=ddex.Line(year=recording.p_line_year, company=recording.p_line_owner),
        duration_ms=wav.duration_ms or 0,
        file=ddex.AudioFile(
            uri=uri_of(signed.wav),
            sha256=signed.wav.sha256,
            codec="PCM",
            sample_rate_hz=int(probe["sample_rate_hz"]),
            channels=int(probe["channels"]),
            bits_per_sample=int(probe.get("bit_depth") or 24),
            size_bytes=signed.wav.size,
        ),
        contains_ai=track.contains_ai,
        parental_warning="Explicit" if recording.explicit else "NotExplicit",
        iswc=recording.work.iswc,
        mastered_on=track.master.created_at.date(),
        language=language,
        instrumental=not has_words and not language,
    )


def _named(problem: Finding, names: Mapping[str, str], title: str) -> Finding:
    """The finding with people's names for the keys that parties have inside the message."""
    sentence = problem.sentence
    for key, name in names.items():
        sentence = sentence.replace(key, name)
    return Finding(
        code=problem.code,
        sentence=f"{title}: {sentence}",
        cure=problem.cure,
        where=problem.where,
        severity=problem.severity,
    )


def _parties(facts: PackageFacts, recordings: tuple[ddex.SoundRecording, ...]) -> tuple[ddex.Party, ...]:
    """Everybody whom the message names, and nobody else."""
    imprint = facts.release.imprint
    artists = {facts.release.artist.pk: facts.release.artist}
    artists |= {track.recording.artist.pk: track.recording.artist for track in facts.tracks}
    used = {item.party for recording in recordings for item in recording.contributors if item.party}
    people = {f"person:{row.person_id}": row.person for track in facts.tracks for row in track.credits}
    return (
        *(
            ddex.Party(key=f"artist:{artist.pk}", name=artist.name, isni=artist.isni)
            for artist in artists.values()
        ),
        ddex.Party(key=f"imprint:{imprint.pk}", name=imprint.name, dpid=imprint.dpid),
        *(
            ddex.Party(key=key, name=person.credit_name, isni=person.isni, ipi_name=person.ipi)
            for key, person in people.items()
            if key in used
        ),
    )
