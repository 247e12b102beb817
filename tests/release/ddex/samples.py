"""A single and an EP of a plainly fictional label, with fixed ids and dates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from release import ddex
from release.identifiers import next_gtin, next_isrc
from release.labels import ElementOrigins

SENDER = ddex.MessagingParty(dpid="PADPIDA2007050901U", name="Deadwax Demo Records")
RECIPIENT = ddex.MessagingParty(dpid="PADPIDA2012073007R", name="Example Distribution")

PARTIES = (
    ddex.Party(key="artist", name="Nula Quark", isni="000000012281955X"),
    ddex.Party(key="writer", name="Żaneta Miłosz-Example", ipi_name="00014107338"),
    ddex.Party(key="mixer", name="山田 例子", name_ascii="Yamada Reiko"),
    ddex.Party(key="label", name="Deadwax Demo Records", dpid="PADPIDA2007050901U"),
)


def origins(**elements: set[str]) -> list[ElementOrigins]:
    return [
        ElementOrigins(element=name.replace("__", ":"), origins=frozenset(found))
        for name, found in elements.items()
    ]


PARTLY = origins(
    lyrics={"human"},
    melody={"human"},
    harmony={"procedural"},
    arrangement={"human", "trained_model"},
    performance__lead_vocal={"human"},
    performance__strings={"trained_model"},
    performance__bass={"procedural"},
    mix={"human"},
)
HUMAN = origins(melody={"human"}, performance__keys={"human"}, mix={"human"})
ALL_AI = origins(
    melody={"trained_model"}, performance__full_mix={"trained_model"}, production={"trained_model"}
)

PEOPLE = (
    ddex.Credit(party="writer", elements=("lyrics", "melody", "arrangement")),
    ddex.Credit(party="artist", elements=("performance:lead_vocal",)),
    ddex.Credit(party="mixer", elements=("mix",)),
)

P_LINE = ddex.Line(year=2026, company="Deadwax Demo Records")


def recording(n: int, title: str, findings, people, contains_ai) -> ddex.SoundRecording:
    credits_ = ddex.contributors_for(findings, people)
    assert not ddex.errors(credits_.problems)
    return ddex.SoundRecording(
        isrc=next_isrc("QZDWX", 2026, n),
        title=title,
        artist_name="Nula Quark",
        artists=(ddex.DisplayArtist(party="artist"),),
        contributors=credits_.contributors,
        p_line=P_LINE,
        duration_ms=205_400,
        file=ddex.AudioFile(
            uri=f"resources/{n:02d}.flac",
            sha256=f"{n:064x}",
            codec="FLAC",
            sample_rate_hz=44_100,
            channels=2,
            bits_per_sample=24,
            size_bytes=21_000_000,
        ),
        contains_ai=contains_ai,
        language="en",
        iswc="T0345246801" if n == 1 else "",
        mastered_on=date(2026, 11, 2),
        instrumental=False,
    )


COVER = ddex.Image(
    proprietary_id="DWX-001-cover",
    title="Runout",
    file=ddex.ImageFile(
        uri="resources/cover.jpg",
        sha256="c" * 64,
        codec="JPEG",
        width_px=3000,
        height_px=3000,
        size_bytes=900_000,
    ),
    contains_ai="None",
    contributors=ddex.cover_contributors(
        origins(artwork={"human"}), [ddex.Credit(party="artist", elements=("artwork",))]
    ).contributors,
    c_line=ddex.Line(year=2026, company="Deadwax Demo Records"),
)

RELEASE = ddex.Release(
    type="Single",
    icpn=next_gtin("5012345", 1),
    catalogue_number="DWX-001",
    grid="A12425GABC1234002M",
    title="Runout",
    artist_name="Nula Quark",
    artists=(ddex.DisplayArtist(party="artist"),),
    label="label",
    p_line=P_LINE,
    c_line=P_LINE,
    genre="Electronic",
    subgenre="Ambient",
    release_date=date(2026, 12, 4),
    contains_ai="Partly",
)

SINGLE = ddex.NewRelease(
    message_id="DWX-001-0001",
    thread_id="DWX-001",
    sender=SENDER,
    recipients=(RECIPIENT,),
    created_at=datetime(2026, 11, 20, 11, 0, tzinfo=UTC),
    is_test=True,
    profile="SimpleAudioSingle",
    parties=PARTIES,
    recordings=(recording(1, "Runout", PARTLY, PEOPLE, "Partly"),),
    cover=COVER,
    release=RELEASE,
    deals=ddex.standard_deals(starts_on=date(2026, 12, 4)),
)

EP = replace(
    SINGLE,
    message_id="DWX-002-0001",
    thread_id="DWX-002",
    profile="Audio",
    recordings=(
        replace(recording(1, "Runout", PARTLY, PEOPLE, "Partly"), version="Long Groove"),
        recording(
            2,
            "Hand & Ear <live>",
            HUMAN,
            [ddex.Credit(party="artist", elements=("melody", "performance:keys", "mix"))],
            "None",
        ),
        replace(
            recording(3, "Machine Song", ALL_AI, [], "All"), parental_warning="Explicit", instrumental=True
        ),
    ),
    release=replace(
        RELEASE,
        type="EP",
        icpn=next_gtin("5012345", 2),
        catalogue_number="DWX-002",
        grid="",
        title="Dead Wax",
    ),
    deals=ddex.standard_deals(starts_on=date(2026, 12, 4), excluded_territories=("CN", "RU")),
)
