"""The content of a NewReleaseMessage as frozen dataclasses, in the words of ERN 4.3.2.

Identifiers come in their compact form (`release.identifiers`). Parties are joined by `key`, a name of the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal

from release.errors import UserFault

ContainsAi = Literal["All", "Partly", "None"]
ParentalWarning = Literal["Explicit", "NotExplicit", "ExplicitContentEdited", "NoAdviceAvailable"]
Training = Literal["deny", "silent", "license"]
MessageProfile = Literal["Audio", "SimpleAudioSingle"]

GENERATIVE_AI: Final = "GenerativeAI"


class BadMessage(UserFault):
    """The release cannot be written as a message; the text says which part to correct."""

    code = "bad_message"


@dataclass(frozen=True, kw_only=True)
class MessagingParty:
    """Sender or recipient. `dpid` without separators."""

    dpid: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Party:
    """Somebody who is named in the message: an artist, a writer, a label."""

    key: str
    name: str
    isni: str = ""
    ipi_name: str = ""
    dpid: str = ""
    name_ascii: str = ""
    """The name in Latin letters, where `name` is not."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """A contributor role of DDEX's allowed values, with the instruments it was done on."""

    value: str
    instruments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Contributor:
    """A person with roles, or generative AI with roles where `party` is empty."""

    party: str = ""
    roles: tuple[Role, ...]
    ai: ContainsAi | None = None

    @property
    def is_ai(self) -> bool:
        return not self.party


@dataclass(frozen=True, kw_only=True)
class DisplayArtist:
    """An artist as the release shows it."""

    party: str
    role: Literal["MainArtist", "FeaturedArtist"] = "MainArtist"


@dataclass(frozen=True, kw_only=True)
class Line:
    """A P line or C line, without its sign: year and company."""

    year: int
    company: str

    @property
    def text(self) -> str:
        return f"{self.year} {self.company}"


@dataclass(frozen=True, kw_only=True)
class AudioFile:
    """A delivered audio file. `uri` is relative to the message's folder."""

    uri: str
    sha256: str
    codec: Literal["PCM", "FLAC", "MP3"]
    sample_rate_hz: int
    channels: int
    bits_per_sample: int | None
    size_bytes: int | None = None

    @property
    def container(self) -> str:
        """DDEX knows a container word for WAV only; FLAC and MP3 files carry their own stream."""
        return "WAV" if self.codec == "PCM" else ""


@dataclass(frozen=True, kw_only=True)
class ImageFile:
    """A delivered picture. `uri` is relative to the message's folder."""

    uri: str
    sha256: str
    codec: Literal["JPEG", "PNG"]
    width_px: int
    height_px: int
    size_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class SoundRecording:
    """One recording. Composers and lyricists are contributors as well."""

    isrc: str
    title: str
    version: str = ""
    artist_name: str
    artists: tuple[DisplayArtist, ...]
    contributors: tuple[Contributor, ...]
    p_line: Line
    duration_ms: int
    file: AudioFile
    contains_ai: ContainsAi
    parental_warning: ParentalWarning = "NotExplicit"
    iswc: str = ""
    mastered_on: date | None = None
    language: str = ""
    """Language of performance, ISO 639, such as "en"; "" for none or not stated."""
    instrumental: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Image:
    """The front cover."""

    proprietary_id: str
    title: str
    file: ImageFile
    contains_ai: ContainsAi
    contributors: tuple[Contributor, ...] = ()
    c_line: Line | None = None
    parental_warning: ParentalWarning = "NotExplicit"


@dataclass(frozen=True, kw_only=True)
class Deal:
    """What the recipient may do, where and since when. `territories`: ISO codes or ("Worldwide",)."""

    commercial_model: str
    use_types: tuple[str, ...]
    starts_on: date
    ends_on: date | None = None
    territories: tuple[str, ...] = ("Worldwide",)
    excluded_territories: tuple[str, ...] = ()
    """Given instead of `territories`: everywhere but there."""
    policy: Literal["", "BlockAccess"] = ""


@dataclass(frozen=True, kw_only=True)
class Release:
    """The product. `label` is the key of the imprint's party."""

    type: Literal["Single", "EP", "Album"]
    icpn: str
    catalogue_number: str
    grid: str = ""
    title: str
    version: str = ""
    artist_name: str
    artists: tuple[DisplayArtist, ...]
    label: str
    p_line: Line
    c_line: Line
    genre: str
    subgenre: str = ""
    release_date: date
    original_release_date: date | None = None
    parental_warning: ParentalWarning = "NotExplicit"
    contains_ai: ContainsAi


@dataclass(frozen=True, kw_only=True)
class NewRelease:
    """One NewReleaseMessage. Recordings are in the order of the track list."""

    message_id: str
    thread_id: str = ""
    sender: MessagingParty
    on_behalf_of: MessagingParty | None = None
    recipients: tuple[MessagingParty, ...]
    created_at: datetime
    """With a time zone."""
    is_test: bool = False
    profile: MessageProfile = "Audio"
    language: str = "en"
    """Language and script of the message's texts, IETF, such as "en" or "ja-Jpan"."""
    parties: tuple[Party, ...]
    recordings: tuple[SoundRecording, ...]
    cover: Image | None
    release: Release
    deals: tuple[Deal, ...]
    training: Training = "deny"
    """What the message says about training AI with it: an explicit block, nothing, or a licence."""
    avs_version: str = "9"


STREAMING: Final = ("OnDemandStream", "NonInteractiveStream")


def standard_deals(
    *,
    starts_on: date,
    territories: tuple[str, ...] = ("Worldwide",),
    excluded_territories: tuple[str, ...] = (),
) -> tuple[Deal, ...]:
    """The usual three deals of a digital release: subscription, advertising, download."""
    common = {"starts_on": starts_on, "ends_on": None}
    where = {"territories": territories, "excluded_territories": excluded_territories}
    return tuple(
        Deal(commercial_model=model, use_types=uses, **common, **where)  # type: ignore[arg-type]
        for model, uses in (
            ("SubscriptionModel", (*STREAMING, "ConditionalDownload")),
            ("AdvertisementSupportedModel", STREAMING),
            ("PayAsYouGoModel", ("PermanentDownload",)),
        )
    )
