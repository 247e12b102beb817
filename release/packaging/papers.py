"""What people read: registration dossiers, what each receiver is told, label copy, and a note on what is in here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum
from typing import Any

from provenance import canonical
from provenance.bundle import BundleReport
from provenance.elements import element_label
from provenance.pictures import stripe
from provenance.services import Entry, in_words
from provenance.words import clock, join
from release import documents, identifiers, labels
from release.credits import CREDIT_ROLES
from release.documents import Form
from release.labelling import receiver_labels
from release.packaging.facts import PackageFacts, TrackFacts
from release.packaging.methods import method_record
from release.training import training_answers

BUNDLE = "evidence.zip"


def dossier(facts: PackageFacts, track: TrackFacts, report: BundleReport) -> documents.Rendered:
    """The US registration dossier of one recording and its work: PA and SR, with the evidence index.

    What the artist stated is printed as a stated origin; the words of the statement are sealed and stay so.
    """
    recording, evidence, wav = track.recording, track.evidence, track.master.wav
    assert wav is not None
    authors = _authors(track)
    tools = tuple(tool.name for tool in track.tools)
    where = f"The evidence is in {BUNDLE}, under checkpoint {report.size} of the log {report.origin}."
    texts = {
        form: documents.claim_texts(form, track.findings, authors, tools=tools, evidence=where)
        for form in Form
    }
    today = facts.made_at.date()
    published = facts.release.original_date or facts.release.release_date
    owners = dict.fromkeys(
        row.person.credit_name for row in track.credits if row.scope == "work" and row.share_bp
    )
    claimants = {
        Form.PA: tuple(documents.Claimant(name=name) for name in owners),
        Form.SR: (documents.Claimant(name=recording.p_line_owner),),
    }
    regions = evidence.map.regions
    title = f"Authorship of {track.full_title} through time"
    return documents.render(
        documents.Dossier(
            title=track.full_title,
            artist=recording.artist.name,
            label=facts.release.imprint.name,
            isrc=identifiers.format_isrc(recording.isrc),
            iswc=identifiers.format_iswc(recording.work.iswc) if recording.work.iswc else "",
            gtin=facts.release.gtin,
            catalogue_number=facts.release.catalogue_number,
            release_title=facts.release.title,
            duration_text=clock(wav.duration_ms or 0),
            master_sha256=wav.sha256,
            findings=track.findings,
            applications=tuple(
                documents.Application(
                    texts=texts[form],
                    title=recording.work.title if form is Form.PA else track.full_title,
                    completed_year=track.master.created_at.year,
                    published_on=published if published and published <= today else None,
                    claimants=claimants[form],
                )
                for form in Form
            ),
            evidence=_evidence_rows(track),
            statements=_statements(track),
            tools=tuple(
                documents.ToolRow(
                    name=tool.name, provider=tool.provider, origin="trained_model",
                    made=_made_by_models(track), terms=_tool_terms(tool),
                )
                for tool in track.tools
            ),
            method=method_record(track),
            ledger=documents.LedgerFacts(
                origin=report.origin, size=report.size, root=report.root, bundle=BUNDLE
            ),
            stripe_svg=stripe(regions, duration_ms=wav.duration_ms, title=title, for_print=True) if regions else "",
            stripe_description=title,
            rules_version=evidence.map.rules,
            made_at=facts.made_at,
            is_fictional=facts.release.imprint.is_fictional,
        )
    )  # fmt: skip


def _tool_terms(tool: labels.Tool) -> str:
    """The terms of a generator in a line, with the credit that they ask for."""
    said = [tool.terms or "terms not stated", f"training licence: {tool.training}"]
    said += [f"credit owed: {tool.credit}"] if tool.credit else []
    return "; ".join(said)


def _authors(track: TrackFacts) -> tuple[documents.ClaimAuthor, ...]:
    """The credited people under their credit names; legal names are sealed and are entered by hand when filing."""
    found: dict[str, tuple[Any, list[str]]] = {}
    for row in track.credits:
        found.setdefault(str(row.person_id), (row.person, []))[1].extend(CREDIT_ROLES[row.role].elements)
    return tuple(
        documents.ClaimAuthor(
            name=person.credit_name, elements=tuple(dict.fromkeys(elements)), domicile=person.country
        )
        for person, elements in found.values()
    )


def _made_by_models(track: TrackFacts) -> str:
    made = [f.element for f in track.findings if "trained_model" in f.origins]
    return join(element_label(element) for element in made)


def _evidence_rows(track: TrackFacts) -> tuple[documents.EvidenceRow, ...]:
    """One line for each element, origin and entry; settled elements name the entry that settled them."""
    found = track.evidence
    digests = {
        source.entry for item in found.map.elements.values() for source in item.sources if source.entry
    }
    rows_of_log = Entry.objects.filter(
        leaf_hash__in=[bytes.fromhex(digest) for digest in digests]
    ).select_related("leaf")
    entries = {bytes(entry.leaf_hash).hex(): entry for entry in rows_of_log}
    rows: dict[tuple[str, str, str], documents.EvidenceRow] = {}
    for element, finding in found.map.elements.items():
        for source in finding.sources:
            if source.entry not in entries:
                continue
            rows[(element, source.origin, source.entry)] = documents.EvidenceRow(
                element=element,
                origin=source.origin,
                basis=source.basis.label if source.basis else "",
                sentence=_sentence(in_words(entries[source.entry])),
                at=canonical.timestamp(entries[source.entry].at),
                entry_index=_index(entries[source.entry]),
                entry_digest=source.entry,
            )
    if found.declaration is not None:
        for settled in found.declaration.resolutions.select_related("entry__leaf").order_by("entry_id"):
            entry = settled.entry
            digest = bytes(entry.leaf_hash).hex()
            rows[(settled.element, settled.origin, digest)] = documents.EvidenceRow(
                element=settled.element,
                origin=settled.origin,
                basis=entry.basis,
                sentence=_sentence(in_words(entry)),
                at=canonical.timestamp(entry.at),
                entry_index=_index(entry),
                entry_digest=digest,
            )
    return tuple(rows.values())


def _index(entry: Entry) -> int | None:
    leaf = getattr(entry, "leaf", None)
    return leaf.index if leaf else None


def _statements(track: TrackFacts) -> tuple[documents.Statement, ...]:
    declaration = track.evidence.declaration
    if declaration is None:
        return ()
    return tuple(
        documents.Statement(
            element=element,
            text=f"Stated to be {origin.replace('_', ' ')}.",
            stated_by=track.recording.artist.name,
            at=canonical.timestamp(declaration.entry.at)[:10],
            entry_digest=bytes(declaration.entry.leaf_hash).hex(),
        )
        for element, origin in declaration.claims.items()
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def receivers(facts: PackageFacts) -> dict[str, dict[str, Any]]:
    """Receiver id -> what it is told about each track, as JSON."""
    told: dict[str, list[tuple[TrackFacts, labels.ReceiverLabels]]] = {}
    for track in facts.tracks:
        for answer in receiver_labels(track.evidence, cover=facts.cover_findings):
            told.setdefault(answer.receiver, []).append((track, answer))
    return {
        name: json.loads(
            to_json(
                {
                    "receiver": name,
                    "title": rows[0][1].title,
                    "release": facts.release.title,
                    "gtin": facts.release.gtin,
                    "outcome": max(
                        (answer.outcome for _, answer in rows), key=lambda outcome: outcome.weight
                    ),
                    "tracks": [
                        {
                            "number": track.number,
                            "isrc": track.recording.isrc,
                            **answer.to_json(),
                            "title": track.full_title,
                        }
                        for track, answer in rows
                    ],
                }
            )
        )
        for name, rows in told.items()
    }


def label_copy(facts: PackageFacts) -> dict[str, Any]:
    """The release as data: everything that people otherwise copy by hand."""
    release = facts.release
    return {
        "title": release.title,
        "artist": release.artist.name,
        "kind": release.kind,
        "label": release.imprint.name,
        "catalogue_number": release.catalogue_number,
        "gtin": release.gtin,
        "genre": release.genre,
        "language": release.language,
        "release_date": release.release_date.isoformat() if release.release_date else None,
        "original_date": release.original_date.isoformat() if release.original_date else None,
        "territories": list(release.territories),
        "p_line": f"{release.p_line_year} {release.p_line_owner}",
        "c_line": f"{release.c_line_year} {release.c_line_owner}",
        "explicit": facts.explicit,
        "ai_training": training_answers(release).words,
        "ai_training_entry": training_answers(release).entry or None,
        "cover": {"origin": facts.cover.origin, "sha256": facts.cover.asset.sha256},
        "sample_data": release.imprint.is_fictional,
        "tracks": [_track_copy(track) for track in facts.tracks],
    }


def _track_copy(track: TrackFacts) -> dict[str, Any]:
    recording, wav = track.recording, track.master.wav
    return {
        "number": track.number,
        "title": recording.title,
        "version": recording.version_title,
        "artist": recording.artist.name,
        "isrc": recording.isrc,
        "iswc": recording.work.iswc,
        "duration_ms": wav.duration_ms if wav else None,
        "explicit": recording.explicit,
        "p_line": f"{recording.p_line_year} {recording.p_line_owner}",
        "contains_ai": track.contains_ai,
        "elements": {finding.element: sorted(finding.origins) for finding in track.findings},
        "credits": [
            {
                "name": row.person.credit_name,
                "role": CREDIT_ROLES[row.role].title,
                "share_percent": f"{row.share_bp / 100:g}",
                "ipi": row.person.ipi,
                "isni": row.person.isni,
            }
            for row in track.credits
        ],
        "credits_owed": list(track.owed),
        "tools": [f"{tool.provider} {tool.name}" for tool in track.tools],
        "master_sha256": wav.sha256 if wav else "",
    }


def label_copy_text(copy: dict[str, Any]) -> str:
    """The label copy for people."""
    lines = [
        f"{copy['artist']}: {copy['title']}",
        f"{copy['kind']}, {copy['label']} {copy['catalogue_number']}, GTIN {copy['gtin']}",
        f"Genre: {copy['genre']}",
        f"Release: {copy['release_date']}, {', '.join(copy['territories'])}",
        f"\u2117 {copy['p_line']}",
        f"\u00a9 {copy['c_line']}",
        f"AI training: {copy['ai_training']}",
    ]
    for track in copy["tracks"]:
        title = f"{track['title']} ({track['version']})" if track["version"] else track["title"]
        lines += [
            "",
            f"{track['number']:02d}  {title}  {clock(track['duration_ms'] or 0)}",
            f"    ISRC {identifiers.format_isrc(track['isrc'])}",
            *([f"    ISWC {identifiers.format_iswc(track['iswc'])}"] if track["iswc"] else []),
            f"    \u2117 {track['p_line']}",
            f"    AI: {track['contains_ai']}" + (f" ({', '.join(track['tools'])})" if track["tools"] else ""),
            *(
                f"    {row['role']}: {row['name']}"
                + (f", {row['share_percent']} %" if row["share_percent"] != "0" else "")
                for row in track["credits"]
            ),
            *(f"    Credit owed: {credit}" for credit in track["credits_owed"]),
        ]  # fmt: skip
    if copy["sample_data"]:
        lines += ["", "Sample data of a demo label. Its numbers must not leave the house."]
    return "\n".join(lines) + "\n"


def readme(facts: PackageFacts, paths: Iterable[str]) -> str:
    """What is in the package and how to check it."""
    listed = "\n".join(f"  {path}" for path in sorted(paths))
    return f"""\
{facts.release.title} by {facts.release.artist.name}
{facts.release.imprint.name} {facts.release.catalogue_number}, GTIN {facts.release.gtin}

{listed}

ern/            the ERN 4.3.2 message and, below resources/, the files that it names: WAV masters and the cover
flac/           the same masters as FLAC
c2pa/           each file's C2PA manifest once more, for when a tool strips it from the sound
dossiers/       registration dossiers, US Standard Application: what may be claimed, what is excluded, and the evidence
how-made/       how a track was made, where its artist published that: their words, and what was found about them
labels/         what each receiver is told about AI, computed from the ledger
label-copy.*    titles, numbers, lines, credits
{BUNDLE}    entries of the ledger with their proofs; inside, README.txt says how to check them without us
SHA256SUMS      check all files with: sha256sum -c SHA256SUMS

Every label and every document here follows from entries of the ledger; none was typed. The package is addressed to the
label itself: a delivery to a receiver names that receiver in the message.
"""


def to_json(value: Any) -> bytes:
    """JSON for files: sets in order, enumerations as their values."""

    def plain(item: Any) -> Any:
        if isinstance(item, Enum):
            return item.value
        if isinstance(item, set | frozenset):
            return sorted(item)
        raise TypeError(f"{type(item).__name__} has no JSON form here")

    return json.dumps(value, indent=1, ensure_ascii=False, default=plain).encode() + b"\n"
