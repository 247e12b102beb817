"""Identifiers, references, profile, lines and deals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from lxml import etree

from release import identifiers
from release.ddex.findings import Finding, Severity
from release.ddex.view import MessageView, name_of, text, texts, where

RULES: Final = {
    "isrc_missing": "Every recording has an ISRC.",
    "isrc_invalid": "Every ISRC can be one.",
    "isrc_twice": "No two recordings share an ISRC.",
    "icpn_missing": "The release has a GTIN (ICPN).",
    "icpn_invalid": "The GTIN's check digit is right.",
    "identifier_invalid": "GRid, ISNI, IPI, ISWC and DPID are right.",
    "reference_twice": "No reference is given out twice.",
    "party_unknown": "Every named party is in the party list.",
    "party_unused": "Every party of the list is named somewhere.",
    "resource_unknown": "Every referenced resource is in the resource list.",
    "resource_unused": "Every resource is used by a release.",
    "no_main_release": "There is a main release.",
    "no_recording": "There is a recording.",
    "single_profile": "SimpleAudioSingle: one recording and no track releases.",
    "track_release_missing": "Audio: every recording has its track release.",
    "main_artist_missing": "Recordings and release show a main artist.",
    "p_line_missing": "Every recording and the release have a P line.",
    "c_line_missing": "The release has a C line.",
    "duration_zero": "No recording is of zero length.",
    "no_deal": "Every release has a deal.",
    "deal_incomplete": "Every deal has territory, model and use.",
    "deal_for_nothing": "No deal is for a release that is not in the message.",
    "deal_ends_before_start": "No deal ends before it starts.",
    "deal_before_release": "No deal starts before the release date.",
    "training_licensed": "AI training is not licensed without intent.",
}

_PARTY_REFERENCES: Final = (
    "ContributorPartyReference",
    "ArtistPartyReference",
    "ReleaseLabelReference",
    "RightsControllerPartyReference",
    "RecordCompanyPartyReference",
    "DisplayCreditParty",
    "PartyRelatedPartyReference",
    "CharacterPartyReference",
    "PartyAffiliateReference",
)
_RESOURCE_REFERENCES: Final = ("ReleaseResourceReference", "LinkedReleaseResourceReference")


def _other_identifiers(view: MessageView) -> Iterator[tuple[str, etree._Element]]:
    """Every identifier but ISRC and ICPN, with the name of its check."""
    for tag, kind in (
        ("GRid", "grid"),
        ("ISNI", "isni"),
        ("IpiNameNumber", "ipi_name"),
        ("ISWC", "iswc"),
        ("DPID", "dpid"),
    ):
        for element in view.root.iter(tag):
            yield kind, element
    for path in ("MessageSender/PartyId", "SentOnBehalfOf/PartyId", "MessageRecipient/PartyId"):
        for element in view.root.iterfind(f"MessageHeader/{path}"):
            yield "dpid", element


def _refusal(kind: str, value: str) -> identifiers.BadIdentifier | None:
    try:
        identifiers.CHECKS[kind](value)
    except identifiers.BadIdentifier as error:
        return error
    return None


def identifiers_rule(view: MessageView) -> Iterator[Finding]:
    """ISRC, ICPN and all the others."""
    seen: Counter[str] = Counter()
    for recording in view.recordings:
        found = texts(recording, "SoundRecordingEdition/ResourceId/ISRC")
        if not found:
            yield Finding(
                code="isrc_missing",
                sentence=f"The {name_of(recording)} has no ISRC.",
                cure="Assign an ISRC from the label's range.",
                where=where(recording),
            )
        for value in found:
            seen[value.replace("-", "").upper()] += 1
            if error := _refusal("isrc", value):
                yield _wrong("isrc_invalid", error, recording)
    for value, times in seen.items():
        if times > 1:
            yield Finding(
                code="isrc_twice",
                sentence=f"The ISRC {value} stands on {times} recordings.",
                cure="Give each recording its own ISRC; a remix or an edit needs a new one.",
            )
    release = view.main_release
    if release is not None:
        icpn = text(release, "ReleaseId/ICPN")
        if not icpn:
            yield Finding(
                code="icpn_missing",
                sentence="The release has no GTIN.",
                cure="Assign a GTIN from the label's range.",
                where=where(release),
            )
        elif error := _refusal("gtin", icpn):
            yield _wrong("icpn_invalid", error, release)
    for kind, element in _other_identifiers(view):
        value = (element.text or "").strip()
        if error := _refusal(kind, value):
            yield _wrong("identifier_invalid", error, element)


def _wrong(code: str, error: identifiers.BadIdentifier, element: etree._Element) -> Finding:
    cure = f"Correct it to {error.suggestion}." if error.suggestion else "Correct it in the catalogue."
    return Finding(code=code, sentence=error.message, cure=cure, where=where(element))


def party_references(view: MessageView) -> Iterator[Finding]:
    declared = [reference for reference, _ in view.parties()]
    used = {
        value for tag in _PARTY_REFERENCES for e in view.root.iter(tag) if (value := (e.text or "").strip())
    }
    yield from _twice(declared, "party")
    for reference in sorted(used - set(declared)):
        yield Finding(
            code="party_unknown",
            sentence=f"The message names the party {reference}, who is not in its party list.",
            cure="Add the party, or correct the reference.",
        )
    for reference in sorted(set(declared) - used):
        yield Finding(
            code="party_unused",
            sentence=f"{view.party_names[reference]} is in the party list and is named nowhere.",
            cure="Remove the party, or give it its role.",
            severity=Severity.WARNING,
        )


def resource_references(view: MessageView) -> Iterator[Finding]:
    declared = {text(item, "ResourceReference"): item for item in view.resources}
    yield from _twice([text(item, "ResourceReference") for item in view.resources], "resource")
    used = {
        value
        for tag in _RESOURCE_REFERENCES
        for e in view.root.iter(tag)
        if (value := (e.text or "").strip())
    }
    for reference in sorted(used - set(declared)):
        yield Finding(
            code="resource_unknown",
            sentence=f"A release uses the resource {reference}, which is not in the message.",
            cure="Add the resource, or correct the reference.",
        )
    for reference, item in declared.items():
        if reference not in used:
            yield Finding(
                code="resource_unused",
                sentence=f"The {name_of(item)} is in the message and no release uses it.",
                cure="Put it into the release, or take it out of the message.",
                where=where(item),
            )
    yield from _twice([text(item, "ReleaseReference") for item in view.releases], "release")


def _twice(references: list[str], what: str) -> Iterator[Finding]:
    for reference, times in Counter(references).items():
        if times > 1:
            yield Finding(
                code="reference_twice",
                sentence=f"The {what} reference {reference} is given out {times} times.",
                cure="Number the references anew.",
            )


def profile_shape(view: MessageView) -> Iterator[Finding]:
    if view.main_release is None:
        yield Finding(
            code="no_main_release",
            sentence="The message has no main release.",
            cure="Add the release itself to the release list.",
        )
    if not view.recordings and view.profile in ("", "Audio", "SimpleAudioSingle"):
        yield Finding(
            code="no_recording",
            sentence="The message has no recording.",
            cure="Add at least one track to the release.",
        )
    if view.profile == "SimpleAudioSingle" and (len(view.recordings) > 1 or view.track_releases):
        yield Finding(
            code="single_profile",
            sentence="A SimpleAudioSingle has one recording and no track releases; this one has "
            f"{len(view.recordings)} and {len(view.track_releases)}.",
            cure="Use the profile Audio.",
        )
    if view.profile == "Audio":
        covered = {text(track, "ReleaseResourceReference") for track in view.track_releases}
        for recording in view.recordings:
            if text(recording, "ResourceReference") not in covered:
                yield Finding(
                    code="track_release_missing",
                    sentence=f"The {name_of(recording)} has no track release.",
                    cure="Add a TrackRelease for it, or use the profile SimpleAudioSingle for a single.",
                    where=where(recording),
                )


def lines_and_titles(view: MessageView) -> Iterator[Finding]:
    for recording in view.recordings:
        if not texts(recording, "SoundRecordingEdition/PLine/PLineText"):
            yield Finding(
                code="p_line_missing",
                sentence=f"The {name_of(recording)} has no P line.",
                cure="Say who owns the recording, and since which year.",
                where=where(recording),
            )
        duration = text(recording, "Duration")
        if duration and not any(digit in "123456789" for digit in duration):
            yield Finding(
                code="duration_zero",
                sentence=f"The {name_of(recording)} lasts {duration}.",
                cure="Attach the master; the length comes from it.",
                where=where(recording),
            )
    main = [view.main_release] if view.main_release is not None else []
    for release in main:
        for tag, code in (("PLine", "p_line_missing"), ("CLine", "c_line_missing")):
            if not texts(release, f"{tag}/{tag}Text"):
                yield Finding(
                    code=code,
                    sentence=f"The release has no {tag[0]} line.",
                    cure="Say who owns it, and since which year.",
                    where=where(release),
                )
    for element in [*view.recordings, *main]:
        roles = texts(element, "DisplayArtist/DisplayArtistRole")
        special = texts(element, "DisplayArtist/SpecialDisplayArtist")
        if "MainArtist" not in roles and not special:
            yield Finding(
                code="main_artist_missing",
                sentence=f"The {name_of(element)} shows no main artist.",
                cure="Name the main artist.",
                where=where(element),
            )


def deals(view: MessageView) -> Iterator[Finding]:
    known = {text(release, "ReleaseReference") for release in view.releases}
    dealt: set[str] = set()
    for release_deal in view.root.iterfind("DealList/ReleaseDeal"):
        references = texts(release_deal, "DealReleaseReference")
        selling = [t for t in release_deal.iterfind("Deal/DealTerms") if not _blocks(t)]
        out_of_band = texts(release_deal, "Deal/IsCommunicatedOutOfBand")
        if selling or "true" in out_of_band:
            dealt.update(references)
        for reference in references:
            if reference not in known:
                yield Finding(
                    code="deal_for_nothing",
                    sentence=f"There is a deal for {reference}, which is not in the message.",
                    cure="Correct the reference of the deal.",
                    where=where(release_deal),
                )
    for release in view.releases:
        if text(release, "ReleaseReference") not in dealt:
            yield Finding(
                code="no_deal",
                sentence=f"Nothing may be done with the {name_of(release)}: it has no deal.",
                cure="Add a deal with territory, date, commercial model and use.",
                where=where(release),
            )
    for terms in view.terms:
        missing = [
            name
            for name, there in (
                ("a territory", texts(terms, "TerritoryCode") or texts(terms, "ExcludedTerritoryCode")),
                ("a commercial model", texts(terms, "CommercialModelType")),
                ("a use", texts(terms, "UseType")),
            )
            if not there
        ]
        if missing:
            yield Finding(
                code="deal_incomplete",
                sentence=f"A deal lacks {' and '.join(missing)}.",
                cure="Complete the deal; a receiver reads a gap as no permission.",
                where=where(terms),
            )
        for period in terms.iterfind("ValidityPeriod"):
            start = text(period, "StartDate") or text(period, "StartDateTime")
            end = text(period, "EndDate") or text(period, "EndDateTime")
            if start and end and end < start:
                yield Finding(
                    code="deal_ends_before_start",
                    sentence=f"A deal starts on {start} and ends on {end}.",
                    cure="Correct the dates.",
                    where=where(terms),
                )


def deals_start_with_the_release(view: MessageView) -> Iterator[Finding]:
    release = view.main_release
    on_sale = text(release, "ReleaseDate") if release is not None else ""
    for terms in view.terms:
        start = text(terms, "ValidityPeriod/StartDate")
        early_on_purpose = texts(terms, "IsPreOrderDeal") or _blocks(terms)
        # a date may be given as a year or a month only; both sort before the days that they hold
        if start and on_sale and start < on_sale[: len(start)] and not early_on_purpose:
            yield Finding(
                code="deal_before_release",
                sentence=f"A deal starts on {start}, before the release date {on_sale}.",
                cure="Start the deal with the release; some receivers go live on the earlier date.",
                where=where(terms),
                severity=Severity.WARNING,
            )


def _blocks(terms: etree._Element) -> bool:
    return "BlockAccess" in texts(terms, "RightsClaimPolicy/RightsClaimPolicyType")


def training_is_not_licensed_unseen(view: MessageView) -> Iterator[Finding]:
    for terms in view.terms:
        uses = [use for use in texts(terms, "UseType") if use.startswith("UseForTraining")]
        if uses and not _blocks(terms):
            yield Finding(
                code="training_licensed",
                sentence=f"A deal allows the recipient to train AI with this release ({', '.join(uses)}).",
                cure="If that is not meant, deny training in the release's deals.",
                where=where(terms),
                severity=Severity.WARNING,
            )
