"""What the gates know of masters, read for all tracks at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from artists.models import Agreement
from artists.services.agreement_shares import speaking
from generation.services import TermsUse, sounds_of, standings, terms_by_master
from generation.services.methods import Standing
from provenance.signatures import signed_entries
from release.consent_effects import Lapse, Unasked, consents_by_master, unsampled_by_master
from release.evidence import Evidence, evidence_of
from release.reading import Contents


@dataclass(frozen=True)
class Known:
    """What the ledger and the catalogue know of masters, by master id, and what was agreed, by artist id."""

    evidence: Mapping[object, Evidence]
    terms: Mapping[object, Sequence[TermsUse]]
    #: Entries of declarations that their actor signed.
    signed: frozenset[int]
    methods: Mapping[object, Standing]
    #: Consents that something in it was made under.
    agreed: Mapping[object, Sequence[Lapse]]
    unasked: Mapping[object, Sequence[Unasked]]
    agreements: Mapping[object, Sequence[Agreement]]


def known_of(contents: Collection[Contents], *, warnings: bool = True) -> Known:
    """What is known of all that is on some releases, in about as many queries as for one track.

    `warnings` False: without agreements, from which nothing follows that blocks.
    """
    recordings = [track.recording for one in contents for track in one.tracks]
    masters = [recording.master for recording in recordings]
    artists = {recording.artist_id: recording.artist for recording in recordings}
    evidence = evidence_of(master for master in masters if master.wav is not None)
    declared = [one.declaration.entry_id for one in evidence.values() if one.declaration]
    sounds = sounds_of((one.master, one.bodies) for one in evidence.values())
    terms, agreed, unasked = terms_by_master(sounds), consents_by_master(sounds), unsampled_by_master(sounds)
    signed = signed_entries(declared) if declared else frozenset[int]()
    agreements = speaking(artists.values()) if artists and warnings else {}
    return Known(evidence, terms, signed, standings(sounds.inside), agreed, unasked, agreements)
