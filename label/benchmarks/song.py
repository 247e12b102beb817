"""One busy song, made by the services alone: what every page of the benchmark is about."""

from __future__ import annotations

from dataclasses import dataclass

from generation import services as studio
from generation.models import Arrangement
from generation.offering import refresh_offers
from label.demo import song as demo
from label.demo.cast import Cast
from provenance.services import Entry


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is made of a song, and of how many songs."""

    takes: int
    take_s: float
    entries: int
    """Entries of one song; autosaves fill up what the path itself does not write."""
    songs: int
    listens: int = 3


FULL = Size(takes=30, take_s=10.0, entries=300, songs=336)
QUICK = Size(takes=3, take_s=4.0, entries=70, songs=12)


def make_song(cast: Cast, size: Size) -> demo.Song:
    """A song from its brief to its package, with the coming and going of a real one."""
    refresh_offers()
    begun = Entry.objects.count()
    artist = cast.users["artist"]
    project = studio.create_project(title=demo.TITLE, artist=cast.artist, actor=artist)
    brief = studio.save_brief(project, values=demo.brief_values(), actor=artist)
    run = studio.request_run(
        project,
        brief=brief,
        engine="sketch",
        duration_s=size.take_s,
        variations=size.takes,
        prompt=brief.words["prompt"],
        base_seed=11,
        actor=artist,
    )
    song = demo.Song(cast, project, run)
    demo.finish(run.job)
    _listen(song, size)
    kept = demo.audition(song)
    lead, pads = demo.bring_in(song)
    arrangement = demo.arrange(song, kept, lead, pads)
    made = demo.master(song, arrangement)
    demo.declare(song, made)
    _, planned = demo.release(song, made)
    demo.package(song, planned)
    while Entry.objects.count() - begun < size.entries:
        _autosave(song, arrangement)
    return song


def _listen(song: demo.Song, size: Size) -> None:
    """A little more of each take every time, by the artist; and the decisions that are taken back later."""
    artist = song.cast.users["artist"]
    for part in range(1, size.listens + 1):
        for take in song.run.takes.select_related("asset").order_by("number"):
            heard_ms = (take.asset.duration_ms or 0) * part // (size.listens + 1)
            studio.record_heard(take, spans_ms=[[0, heard_ms]], blind=True, actor=artist)
    for take in song.run.takes.order_by("number"):
        studio.shortlist_take(take, reason=f"Keep number {take.number} for now.", actor=artist)
        studio.reset_take(take, actor=artist)


def _autosave(song: demo.Song, arrangement: Arrangement) -> None:
    """What the editor saves when a fader was moved."""
    head = studio.head_of(arrangement)
    document = head.document
    track = document["tracks"][head.number % len(document["tracks"])]
    track["gain_millibel"] = -100 - head.number
    studio.save_version(
        arrangement, document=document, base_version=head.number, actor=song.cast.users["artist"]
    )
