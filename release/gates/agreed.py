"""What was agreed with the artists of a release, held against its day and where it goes. It warns; people decide."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone

from artists.services.agreement_shares import remarks
from release.gates.gate import Gate
from release.gates.known import Known
from release.models import Release
from release.reading import Contents


def of_agreements(release: Release, contents: Contents, known: Known) -> Iterator[Gate]:
    artists = {track.recording.artist_id: track.recording.artist for track in contents.tracks}
    on = release.release_date or timezone.now().date()
    for key, artist in artists.items():
        for one in remarks(artist, known.agreements.get(key, ()), on=on, territories=release.territories):
            yield Gate(
                code=f"agreement_{one.code}",
                level="warn",
                sentence=one.sentence,
                why="Nothing here changes by itself: credits that were saved stay as they are.",
                cure="artists:agreement",
                cure_args=(one.agreement.pk,),
                cure_title="The agreement",
            )
