"""A dossier of a plainly fictional song, with fixed ids and dates."""

from __future__ import annotations

from datetime import UTC, date, datetime

from provenance.authorship import RegionFinding
from provenance.elements import Basis, Origin
from provenance.pictures import stripe
from release import documents
from release.documents import Form
from release.labels import ElementOrigins

FINDINGS = tuple(
    ElementOrigins(element=element, origins=frozenset(origins))
    for element, origins in {
        "lyrics": {"human"},
        "melody": {"human"},
        "harmony": {"procedural"},
        "arrangement": {"human", "trained_model"},
        "performance:lead_vocal": {"human"},
        "performance:strings": {"trained_model"},
        "performance:bass": {"procedural"},
        "production": {"human", "procedural", "trained_model"},
        "mix": {"human"},
        "mastering": {"procedural"},
        "artwork": {"human"},
    }.items()
)
WRITER = documents.ClaimAuthor(
    name="Żaneta Miłosz-Example",
    elements=("lyrics", "melody", "harmony", "arrangement"),
    citizenship="Poland",
    domicile="Germany",
    year_born=1994,
)
SINGER = documents.ClaimAuthor(
    name="Nadia Quark-Beispiel",
    pseudonym="Nula Quark",
    elements=("performance:lead_vocal", "production", "mix"),
    domicile="Germany",
)
TOOLS = ("Larkspur 2 (Example Audio)",)
EVIDENCE = "The ledger entries for each element are listed in the attached evidence index."


def region(track: str, role: str, start_s: int, end_s: int, origin: Origin) -> RegionFinding:
    return RegionFinding(
        track=track,
        role=role,
        from_ms=start_s * 1000,
        to_ms=end_s * 1000,
        origin=origin,
        origins=frozenset({origin}),
        basis=Basis.OBSERVED,
        asset="a" * 64,
        sources=(),
    )


STRIPE = stripe(
    [
        region("Voice", "lead_vocal", 12, 95, Origin.HUMAN),
        region("Voice", "lead_vocal", 110, 190, Origin.HUMAN),
        region("Strings", "strings", 60, 190, Origin.TRAINED_MODEL),
        region("Bass", "bass", 0, 205, Origin.PROCEDURAL),
        region("Found sound", "effects", 0, 14, Origin.THIRD_PARTY),
    ],
    duration_ms=205_400,
    for_print=True,
    uid="sample",
)


def application(form: Form, findings=FINDINGS, authors=(WRITER, SINGER)) -> documents.Application:
    return documents.Application(
        texts=documents.claim_texts(form, findings, authors, tools=TOOLS, evidence=EVIDENCE),
        title="Runout",
        completed_year=2026,
        published_on=date(2026, 12, 4) if form is Form.SR else None,
        published_in="Germany" if form is Form.SR else "",
        claimants=(
            documents.Claimant(
                name="Deadwax Demo Records",
                address="1 Example Street, Sampletown",
                transfer="By written agreement",
            ),
        ),
    )


def row(n: int, element: str, origin: str, basis: str, sentence: str) -> documents.EvidenceRow:
    return documents.EvidenceRow(
        element=element,
        origin=origin,
        basis=basis,
        sentence=sentence,
        at=f"2026-11-0{1 + n % 8}T1{n % 10}:20:00Z",
        entry_index=100 + n,
        entry_digest=f"{n:02x}" * 32,
    )


ROWS = (
    row(1, "lyrics", "human", "declared", "The artist entered the words."),
    row(2, "melody", "human", "declared", "The artist uploaded a recording as their own performance."),
    row(
        3,
        "harmony",
        "procedural",
        "observed",
        "The sketch engine made chords by rules and chance, seed 4711.",
    ),
    row(4, "performance:bass", "procedural", "observed", "The sketch engine played the bass by soundfont."),
    row(
        5,
        "performance:strings",
        "trained_model",
        "imported",
        "Imported with a credential that names Larkspur 2.",
    ),
    row(6, "arrangement", "human", "observed", "The artist placed, trimmed and faded 14 clips."),
    row(7, "arrangement", "trained_model", "imported", "The strings came with their own arrangement."),
    row(
        8,
        "performance:lead_vocal",
        "human",
        "declared",
        "The artist uploaded a recording as their own performance.",
    ),
    row(9, "mix", "human", "observed", "The artist set gain and pan of 5 tracks."),
    row(10, "mastering", "procedural", "observed", "Loudness was brought to -14 LUFS by the platform."),
)

METHOD = documents.MethodRecord(
    artist="Żaneta Miłosz-Example (fictional)",
    number=3,
    dated="1 October 2026",
    statement="The frame is taken away. If one chord of it still sounds, the piece is not finished.",
    checked_on="20 November 2026, 10:58 UTC",
    entry_digest="5e" * 32,
    comparisons=14,
    rules=(
        documents.RuleRecord(
            sentence="No generated scaffold may be in a master.",
            verdict="confirmed",
            because="No path leads from 2 generated scaffolds to the master, and in 14 comparisons none was heard.",
            rests_on="lineage, sound and statement",
            limits="Mixed into this very master on purpose, each was heard down to 6 dB below it.",
            entries=("ab" * 32, "cd" * 32),
        ),
        documents.RuleRecord(
            sentence="The melody must be human.",
            verdict="undecided",
            because="Nobody knows who made all of the melody.",
            rests_on="lineage",
        ),
        documents.RuleRecord(
            sentence="Only these tools may have made what is in a master: sketch.",
            verdict="refuted",
            because="Take 2 of prompt run 4 came by audiocraft.",
            rests_on="lineage",
            entries=tuple(f"{n:02x}" * 32 for n in range(8)),
        ),
    ),
    grounds=(
        ("lineage", "The platform saw every step between the piece and the master."),
        ("sound", "The recordings themselves were compared; how often that errs is stated."),
        ("statement", "Somebody stated it, and nothing else shows it."),
    ),
    measured="Of pairs of different recordings 0 of 2000 (at most 0.18 %) were taken for the same sound.",
    published_at="https://label.example/made/the-frame-is-gone/",
)

DOSSIER = documents.Dossier(
    title="Runout",
    artist="Nula Quark",
    label="Deadwax Demo Records",
    isrc="QZ-DWX-26-00001",
    iswc="T-034.524.680-1",
    gtin="5012345000015",
    catalogue_number="DWX-001",
    release_title="Runout (Single)",
    duration_text="3:25",
    master_sha256="3f" * 32,
    findings=FINDINGS,
    applications=(application(Form.PA), application(Form.SR)),
    evidence=ROWS,
    statements=(
        documents.Statement(
            element="lyrics",
            text="I wrote all words myself, by hand, between March and May 2026.",
            stated_by="Nula Quark",
            at="2026-11-09T10:00:00Z",
            entry_digest="ab" * 32,
        ),
        documents.Statement(
            element="performance:lead_vocal",
            text="I sang it in one evening; nothing was generated or cloned.",
            stated_by="Nula Quark",
            at="2026-11-09T10:00:00Z",
            entry_digest="ab" * 32,
        ),
    ),
    tools=(
        documents.ToolRow(
            name="Larkspur 2",
            provider="Example Audio (fictional)",
            origin="trained_model",
            made="strings, imported as one file",
            terms="plan Studio, terms of 1 September 2026",
        ),
        documents.ToolRow(
            name="Sketch 1", provider="this platform", origin="procedural", made="chords, bass", terms="own"
        ),
    ),
    method=METHOD,
    ledger=documents.LedgerFacts(
        origin="example.invalid/ledger", size=4242, root="9c" * 32, bundle="runout-evidence.zip"
    ),
    contact=documents.Contact(
        name="Rita Example", organization="Deadwax Demo Records", email="rights@example.invalid"
    ),
    stripe_svg=STRIPE,
    stripe_description="Voice human, strings trained model, bass procedural, found sound third party.",
    made_at=datetime(2026, 11, 20, 11, 0, tzinfo=UTC),
    is_fictional=True,
)
