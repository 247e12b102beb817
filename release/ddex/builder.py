"""Writes a NewReleaseMessage of ERN 4.3.2. The same message gives the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from lxml import etree

from release.ddex.message import (
    GENERATIVE_AI,
    AudioFile,
    BadMessage,
    ContainsAi,
    Contributor,
    Deal,
    DisplayArtist,
    Image,
    ImageFile,
    Line,
    MessagingParty,
    NewRelease,
    Party,
    Release,
    SoundRecording,
    Training,
)

NAMESPACE: Final = "http://ddex.net/xml/ern/432"
TRAINING_USES: Final = ("UseForTrainingGenerativeAI", "UseForTrainingNonGenerativeAI")


def build(message: NewRelease) -> bytes:
    """The message as UTF-8 XML. Raises BadMessage where a part is missing or cannot be written."""
    _guard(message)
    references = {party.key: f"P{place}" for place, party in enumerate(message.parties, start=1)}
    try:
        return _Writer(message, references).write()
    except KeyError as error:
        raise BadMessage(f"The release names {error.args[0]!r}, who is not among its parties.") from error
    except ValueError as error:
        # lxml refuses NUL bytes and control characters, which XML cannot carry
        raise BadMessage(f"A text of the release holds characters that cannot be sent: {error}") from error


def _guard(message: NewRelease) -> None:
    """What no receiver could read, and a schema would explain badly."""
    if not message.recordings:
        raise BadMessage("The release has no tracks. Add at least one recording.")
    if message.profile == "SimpleAudioSingle" and len(message.recordings) != 1:
        raise BadMessage("A message of profile SimpleAudioSingle carries exactly one recording.")
    if message.created_at.tzinfo is None:
        raise BadMessage("The time of the message needs a time zone.")
    if not message.recipients:
        raise BadMessage("The message has no recipient. Name one with its DDEX party id.")
    keys = [party.key for party in message.parties]
    if len(keys) != len(set(keys)):
        raise BadMessage("Two parties of the release have the same key.")
    for recording in message.recordings:
        if not recording.isrc:
            raise BadMessage(f"The recording {recording.title!r} has no ISRC. Assign one first.")
        if recording.duration_ms <= 0:
            raise BadMessage(f"The recording {recording.title!r} has no length. Attach its master.")
        if not recording.artists:
            raise BadMessage(f"The recording {recording.title!r} shows no artist.")
    if not message.release.artists:
        raise BadMessage("The release shows no artist.")


def iso_duration(duration_ms: int) -> str:
    """ISO 8601 duration in whole seconds, rounded half up: 205400 ms is PT3M25S."""
    seconds = max(1, (duration_ms + 500) // 1000)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{minutes}M" if hours or minutes else "") + f"{seconds}S"


def _child(
    parent: etree._Element, tag: str, text: str | int | None = None, **attributes: str
) -> etree._Element:
    """A new last child; an empty text would be an empty element, so the caller decides whether to write it."""
    element = etree.SubElement(parent, tag, attributes)
    if text is not None:
        element.text = str(text)
    return element


_EVERYWHERE: Final = {"ApplicableTerritoryCode": "Worldwide", "IsDefault": "true"}


class _Writer:
    """Holds the references of one message while it is written."""

    def __init__(self, message: NewRelease, references: dict[str, str]) -> None:
        self.message = message
        self.references = references
        self.namespace = f"DPID:{(message.on_behalf_of or message.sender).dpid}"
        self.cover_reference = f"A{len(message.recordings) + 1}"

    def write(self) -> bytes:
        message = self.message
        root = etree.Element(
            f"{{{NAMESPACE}}}NewReleaseMessage",
            {
                "ReleaseProfileVersionId": message.profile,
                "AvsVersionId": message.avs_version,
                "LanguageAndScriptCode": message.language,
            },
            nsmap={"ern": NAMESPACE},
        )
        self.header(root)
        parties = _child(root, "PartyList")
        for party in message.parties:
            self.party(parties, party)
        resources = _child(root, "ResourceList")
        for place, recording in enumerate(message.recordings, start=1):
            self.recording(resources, recording, place)
        if message.cover:
            self.cover(resources, message.cover)
        releases = _child(root, "ReleaseList")
        self.release(releases, message.release)
        track_references = []
        if message.profile == "Audio":
            for place, recording in enumerate(message.recordings, start=1):
                track_references.append(self.track_release(releases, recording, place))
        self.deals(root, ["R0", *track_references])
        etree.indent(root, space="  ")
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)

    # header and parties

    def header(self, root: etree._Element) -> None:
        message = self.message
        header = _child(root, "MessageHeader")
        if message.thread_id:
            _child(header, "MessageThreadId", message.thread_id)
        _child(header, "MessageId", message.message_id)
        self.messaging_party(header, "MessageSender", message.sender)
        if message.on_behalf_of:
            self.messaging_party(header, "SentOnBehalfOf", message.on_behalf_of)
        for recipient in message.recipients:
            self.messaging_party(header, "MessageRecipient", recipient)
        _child(header, "MessageCreatedDateTime", _timestamp(message.created_at))
        _child(header, "MessageControlType", "TestMessage" if message.is_test else "LiveMessage")

    def messaging_party(self, header: etree._Element, tag: str, party: MessagingParty) -> None:
        element = _child(header, tag)
        _child(element, "PartyId", party.dpid)
        _child(_child(element, "PartyName"), "FullName", party.name)

    def party(self, parent: etree._Element, party: Party) -> None:
        element = _child(parent, "Party")
        _child(element, "PartyReference", self.references[party.key])
        name = _child(element, "PartyName")
        _child(name, "FullName", party.name)
        if party.name_ascii:
            _child(name, "FullNameAsciiTranscribed", party.name_ascii)
        if party.isni or party.dpid or party.ipi_name:
            ids = _child(element, "PartyId")
            if party.isni:
                _child(ids, "ISNI", party.isni)
            if party.dpid:
                _child(ids, "DPID", party.dpid)
            if party.ipi_name:
                _child(ids, "IpiNameNumber", party.ipi_name)

    # parts that recordings, images and releases share

    def titles(self, parent: etree._Element, title: str, version: str) -> None:
        shown = f"{title} ({version})" if version else title
        _child(parent, "DisplayTitleText", shown, **_EVERYWHERE)
        element = _child(parent, "DisplayTitle", **_EVERYWHERE)
        _child(element, "TitleText", title)
        if version:
            _child(element, "SubTitle", version, IsDisplayedInTitle="true", SubTitleType="Version")

    def artists(self, parent: etree._Element, name: str, artists: tuple[DisplayArtist, ...]) -> None:
        _child(parent, "DisplayArtistName", name, **_EVERYWHERE)
        for place, artist in enumerate(artists, start=1):
            element = _child(parent, "DisplayArtist", SequenceNumber=str(place))
            _child(element, "ArtistPartyReference", self.references[artist.party])
            _child(element, "DisplayArtistRole", artist.role)

    def contributors(self, parent: etree._Element, contributors: tuple[Contributor, ...]) -> None:
        for place, contributor in enumerate(contributors, start=1):
            element = _child(parent, "Contributor", SequenceNumber=str(place))
            if contributor.is_ai:
                _child(element, "SpecialContributor", GENERATIVE_AI)
            else:
                _child(element, "ContributorPartyReference", self.references[contributor.party])
            for role in contributor.roles:
                role_element = _child(element, "Role")
                _child(role_element, "Value", role.value)
                for instrument in role.instruments:
                    _child(role_element, "InstrumentType", instrument)
            if contributor.ai:
                _child(element, "AiContribution", contributor.ai)

    def line(self, parent: etree._Element, tag: str, line: Line) -> None:
        element = _child(parent, tag)
        _child(element, "Year", f"{line.year:04d}")
        _child(element, f"{tag}Company", line.company)
        _child(element, f"{tag}Text", f"({tag[0]}) {line.text}")

    def file(self, parent: etree._Element, file: AudioFile | ImageFile) -> None:
        element = _child(parent, "File")
        _child(element, "URI", file.uri)
        hash_sum = _child(element, "HashSum")
        _child(hash_sum, "Algorithm", "SHA-256")
        _child(hash_sum, "HashSumValue", file.sha256)
        if file.size_bytes:
            _child(element, "FileSize", file.size_bytes)

    def contains_ai(self, parent: etree._Element, value: ContainsAi) -> None:
        _child(parent, "ContainsAI", value)

    # resources

    def recording(self, parent: etree._Element, recording: SoundRecording, place: int) -> None:
        element = _child(parent, "SoundRecording")
        _child(element, "ResourceReference", f"A{place}")
        _child(element, "Type", "MusicalWorkSoundRecording")
        edition = _child(element, "SoundRecordingEdition")
        _child(_child(edition, "ResourceId"), "ISRC", recording.isrc)
        self.line(edition, "PLine", recording.p_line)
        _child(
            edition,
            "RecordingMode",
            {1: "Mono", 2: "Stereo"}.get(recording.file.channels, "MultichannelAudio"),
        )
        self.audio(edition, recording.file, place)
        if recording.iswc:
            _child(_child(element, "WorkId"), "ISWC", recording.iswc)
        self.titles(element, recording.title, recording.version)
        self.artists(element, recording.artist_name, recording.artists)
        self.contributors(element, recording.contributors)
        _child(element, "Duration", iso_duration(recording.duration_ms))
        if recording.mastered_on:
            _child(element, "MasteredDate", recording.mastered_on.isoformat())
        _child(element, "ParentalWarningType", recording.parental_warning)
        self.contains_ai(element, recording.contains_ai)
        if recording.instrumental is not None:
            _child(element, "IsInstrumental", "true" if recording.instrumental else "false")
        if recording.language:
            _child(element, "LanguageOfPerformance", recording.language)

    def audio(self, parent: etree._Element, file: AudioFile, place: int) -> None:
        details = _child(parent, "TechnicalDetails")
        _child(details, "TechnicalResourceDetailsReference", f"T{place}")
        delivery = _child(details, "DeliveryFile")
        _child(delivery, "Type", "AudioFile")
        if file.container:
            _child(delivery, "ContainerFormat", file.container)
        _child(delivery, "AudioCodecType", file.codec)
        _child(delivery, "NumberOfChannels", file.channels)
        kilohertz = f"{file.sample_rate_hz / 1000:.3f}".rstrip("0").rstrip(".")
        _child(delivery, "SamplingRate", kilohertz, UnitOfMeasure="kHz")
        if file.bits_per_sample:
            _child(delivery, "BitsPerSample", file.bits_per_sample)
        self.file(delivery, file)
        _child(delivery, "IsProvidedInDelivery", "true")

    def cover(self, parent: etree._Element, cover: Image) -> None:
        element = _child(parent, "Image")
        _child(element, "ResourceReference", self.cover_reference)
        _child(element, "Type", "FrontCoverImage")
        _child(_child(element, "ResourceId"), "ProprietaryId", cover.proprietary_id, Namespace=self.namespace)
        self.titles(element, cover.title, "")
        self.contributors(element, cover.contributors)
        if cover.c_line:
            self.line(element, "CLine", cover.c_line)
        _child(element, "ParentalWarningType", cover.parental_warning)
        self.contains_ai(element, cover.contains_ai)
        details = _child(element, "TechnicalDetails")
        _child(details, "TechnicalResourceDetailsReference", f"T{self.cover_reference[1:]}")
        _child(details, "ImageCodecType", cover.file.codec)
        _child(details, "ImageHeight", cover.file.height_px, UnitOfMeasure="Pixel")
        _child(details, "ImageWidth", cover.file.width_px, UnitOfMeasure="Pixel")
        self.file(details, cover.file)
        _child(details, "IsProvidedInDelivery", "true")

    # releases and deals

    def release(self, parent: etree._Element, release: Release) -> None:
        element = _child(parent, "Release")
        _child(element, "ReleaseReference", "R0")
        _child(element, "ReleaseType", release.type)
        ids = _child(element, "ReleaseId")
        if release.grid:
            _child(ids, "GRid", release.grid)
        _child(ids, "ICPN", release.icpn)
        if release.catalogue_number:
            _child(ids, "CatalogNumber", release.catalogue_number, Namespace=self.namespace)
        self.titles(element, release.title, release.version)
        self.artists(element, release.artist_name, release.artists)
        _child(element, "ReleaseLabelReference", self.references[release.label], **_EVERYWHERE)
        self.line(element, "PLine", release.p_line)
        self.line(element, "CLine", release.c_line)
        total_ms = sum(recording.duration_ms for recording in self.message.recordings)
        _child(element, "Duration", iso_duration(total_ms))
        self.genre(element)
        _child(element, "ReleaseDate", release.release_date.isoformat(), **_EVERYWHERE)
        original = release.original_release_date or release.release_date
        _child(element, "OriginalReleaseDate", original.isoformat(), **_EVERYWHERE)
        _child(element, "ParentalWarningType", release.parental_warning)
        group = _child(element, "ResourceGroup")
        for place in range(1, len(self.message.recordings) + 1):
            item = _child(group, "ResourceGroupContentItem")
            _child(item, "SequenceNumber", place)
            _child(item, "ReleaseResourceReference", f"A{place}")
        if self.message.cover:
            _child(group, "LinkedReleaseResourceReference", self.cover_reference, LinkDescription="CoverArt")
        self.contains_ai(element, release.contains_ai)

    def track_release(self, parent: etree._Element, recording: SoundRecording, place: int) -> str:
        """Writes one track release and returns its reference."""
        release = self.message.release
        element = _child(parent, "TrackRelease")
        _child(element, "ReleaseReference", f"R{place}")
        own_id = f"{release.icpn}_{recording.isrc}"
        _child(_child(element, "ReleaseId"), "ProprietaryId", own_id, Namespace=self.namespace)
        self.titles(element, recording.title, recording.version)
        _child(element, "ReleaseResourceReference", f"A{place}")
        if self.message.cover:
            _child(
                element, "LinkedReleaseResourceReference", self.cover_reference, LinkDescription="CoverArt"
            )
        _child(element, "ReleaseLabelReference", self.references[release.label], **_EVERYWHERE)
        self.genre(element)
        return f"R{place}"

    def genre(self, parent: etree._Element) -> None:
        release = self.message.release
        element = _child(parent, "DisplayGenre", **_EVERYWHERE)
        _child(element, "GenreText", release.genre)
        if release.subgenre:
            _child(element, "SubGenre", release.subgenre)

    def deals(self, root: etree._Element, release_references: list[str]) -> None:
        deals = (*self.message.deals, *training_deals(self.message.training, self.message.deals))
        if not deals:
            return
        release_deal = _child(_child(root, "DealList"), "ReleaseDeal")
        for reference in release_references:
            _child(release_deal, "DealReleaseReference", reference)
        for deal in deals:
            self.deal(release_deal, deal)

    def deal(self, parent: etree._Element, deal: Deal) -> None:
        terms = _child(_child(parent, "Deal"), "DealTerms")
        tag, codes = "TerritoryCode", deal.territories
        if deal.excluded_territories:
            tag, codes = "ExcludedTerritoryCode", deal.excluded_territories
        for code in codes:
            _child(terms, tag, code)
        period = _child(terms, "ValidityPeriod")
        _child(period, "StartDate", deal.starts_on.isoformat())
        if deal.ends_on:
            _child(period, "EndDate", deal.ends_on.isoformat())
        _child(terms, "CommercialModelType", deal.commercial_model)
        for use in deal.use_types:
            _child(terms, "UseType", use)
        if deal.policy:
            _child(_child(terms, "RightsClaimPolicy"), "RightsClaimPolicyType", deal.policy)


def training_deals(training: Training, deals: tuple[Deal, ...]) -> tuple[Deal, ...]:
    """The deal that blocks or licenses AI training; none for "silent", or where there is nothing to sell.

    A use type in a deal authorises it (DDEX allowed values, UseForTrainingGenerativeAI), so a denial is a rights
    claim with the policy to block, never a plain mention.
    """
    if training == "silent" or not deals:
        return ()
    first = min(deals, key=lambda deal: deal.starts_on)
    if training == "deny":
        return (
            Deal(
                commercial_model="RightsClaimModel",
                use_types=TRAINING_USES,
                starts_on=first.starts_on,
                policy="BlockAccess",
            ),
        )
    return (
        Deal(
            commercial_model="SubscriptionModel",
            use_types=TRAINING_USES,
            starts_on=first.starts_on,
            territories=first.territories,
            excluded_territories=first.excluded_territories,
        ),
    )


def _timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
