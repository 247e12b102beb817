"""How soon pages come, over the real server, from a database of the size that a label has after some years."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path

from django.urls import reverse

from artists import services as people
from artists.models import Artist, Role, User
from generation.models import Master, Project, Take
from label.benchmarks.copies import copy_song
from label.benchmarks.server import Reader, Server, serving
from label.benchmarks.song import FULL, QUICK, make_song
from label.benchmarks.table import Beside, Figure, Goal, p95
from label.demo.cast import PASSWORD, Cast, address, seed_cast
from label.streams import readable
from provenance import finding, search, sequencer
from provenance.services import Entry
from release.models import Recording, Release

GOAL_S = 0.150
ARTISTS = 10
READERS = ("owner", "anr", "artist")
#: Pages that need nothing to exist.
PLAIN = (
    ("today", "/"),
    ("projects", "/projects/"),
    ("releases", "/releases/"),
    ("roster", "/roster/"),
    ("ledger", "/ledger/"),
    ("ledger of today", "/ledger/?when=today"),
    ("ledger of 2020", "/ledger/?since=2020-01-01&until=2020-12-31"),
    ("ledger of takes", "/ledger/?kind=takes"),
    ("ledger of what was declared", "/ledger/?basis=declared"),
    ("ledger by a word", "/ledger/?words=kept"),
    ("ledger by words of long ago", "/ledger/?words=take&until=2020-12-31"),
    ("how the record stands", "/ledger/health/"),
    ("receipts", "/ledger/receipts/"),
    ("check", "/check/"),
    ("account", "/account/"),
    ("API projects", "/api/projects/"),
    ("API artists", "/api/artists/"),
    ("API jobs", "/api/jobs/"),
    ("API recordings", "/api/recordings/"),
    ("API releases", "/api/releases/"),
    ("API ledger", "/api/ledger/"),
    ("API ledger health", "/api/ledger/health/"),
)
BASE = ("log-in page", "/login/")


def pages(*, quick: bool, log: Path) -> Iterator[Figure]:
    """Every main page for three readers, in rounds, with a page without data beside them."""
    cast = _fill(quick=quick)
    takes, entries = Take.objects.count(), Entry.objects.count()
    asked = {name: _pages_of(cast, name) for name in READERS}
    spent: dict[tuple[str, str], list[float]] = {}
    bare: list[float] = []
    with serving(log) as server:
        readers = {name: reader_for(server, name) for name in READERS}
        stranger = Reader(server.port)
        for number in range(3 if quick else 26):
            base_s = stranger.page(BASE[1]).spent_s
            if number:
                bare.append(base_s)
            for who, reader in readers.items():
                for page, path in asked[who]:
                    spent_s = reader.page(path).spent_s
                    if number:  # the first round warms up
                        spent.setdefault((page, who), []).append(spent_s)
    beside = Beside(f"the {BASE[0]}", p95(bare))
    every = [value for values in spent.values() for value in values]
    yield Figure(
        name=f"pages, p95 over all, {takes} takes and {entries} entries",
        value=p95(every),
        unit="s",
        goal=Goal("<=", GOAL_S),
        beside=beside,
        note=f"{len(spent)} pages and readers, {len(every)} requests, median {statistics.median(every):.3f} s",
    )
    for (page, who), values in sorted(spent.items(), key=lambda item: -p95(item[1])):
        yield Figure(
            name=f"  {page}, {who}",
            value=p95(values),
            unit="s",
            goal=Goal("<=", GOAL_S),
            beside=beside,
            note=f"median {statistics.median(values):.3f}, least {min(values):.3f} s",
        )


def reader_for(server: Server, name: str) -> Reader:
    """Logged in as one of the demo's people."""
    reader = Reader(server.port)
    reader.log_in(address(name), PASSWORD)
    return reader


def _fill(*, quick: bool) -> Cast:
    """A label with years behind it; returns its people."""
    size = QUICK if quick else FULL
    cast = seed_cast()
    artists = [
        (cast.artist, cast.users["artist"]),
        *(_artist(cast, number) for number in range(2, ARTISTS + 1)),
    ]
    since = Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]
    make_song(cast, size)
    copy_song(since=since, copies=size.songs - 1, artists=artists)
    sequencer.drain()
    search.drain()
    return cast


def _artist(cast: Cast, number: int) -> tuple[Artist, User]:
    owner = cast.users["owner"]
    user = people.create_user(
        email=f"artist{number}@deadwax.example",
        full_name=f"Person {number} (fictional)",
        password=PASSWORD,
        role=Role.ARTIST,
    )
    artist = people.create_artist(name=f"Act {number} (fictional)", kind=Artist.Kind.GROUP, actor=owner)
    people.add_artist_member(artist, user=user, actor=owner)
    return artist, user


def _pages_of(cast: Cast, who: str) -> list[tuple[str, str]]:
    """All pages that this reader may open, of a copy in the middle of the years."""
    user = cast.users[who]
    songs = Project.objects.filter(artist=cast.artist).order_by("entry_id")
    project = songs[songs.count() // 2]
    run, arrangement = project.runs.get(), project.arrangements.get()
    master = Master.objects.get(render__version__arrangement=arrangement)
    recording = Recording.objects.get(master=master)
    release = Release.objects.get(tracks__recording=recording)
    take = run.takes.order_by("number")[0]
    entry = take.entry
    found = [
        ("project", reverse("generation:project", args=[project.pk])),
        ("brief", reverse("generation:brief", args=[project.pk])),
        (f"run board of {run.takes.count()}", reverse("generation:run", args=[run.pk])),
        ("arrangement", reverse("generation:arrangement", args=[arrangement.pk])),
        ("render", reverse("generation:render", args=[master.render_id])),
        ("master", reverse("generation:master", args=[master.pk])),
        ("proof", reverse("label:proof", args=[master.pk])),
        ("declaration", reverse("release:declaration", args=[master.pk])),
        ("recording", reverse("release:recording", args=[recording.pk])),
        ("release", reverse("release:release", args=[release.pk])),
        ("package", reverse("release:package", args=[release.packages.all()[0].pk])),
        ("artist", reverse("artists:artist", args=[cast.artist.pk])),
        ("ledger of a project", f"/ledger/?about={project.stream}"),
        ("ledger of a kind", "/ledger/?kind=take.shortlisted"),
        ("ledger of an artist", f"/ledger/?about=artist:{cast.artist.pk}"),
        ("ledger of a person", f"/ledger/?person={cast.users['artist'].pk}"),
        ("ledger of a person and kind", f"/ledger/?person={cast.users['owner'].pk}&kind=take.shortlisted"),
        ("ledger by all at once", f"/ledger/?words=take&kind=takes&when=today&about={project.stream}"),
        ("seal of a project", f"/ledger/seal/?about={project.stream}"),
        ("seal of a release", f"/ledger/seal/?about={release.stream}"),
        ("feed of a run", f"/ledger/feed/?about=run:{run.pk}"),
        ("entry", reverse("label:ledger-entry", args=[bytes(entry.leaf_hash).hex()])),
        ("API run", f"/api/runs/{run.pk}/"),
        ("API takes of a run", f"/api/runs/{run.pk}/takes/"),
        ("API runs of a project", f"/api/projects/{project.pk}/runs/"),
        ("API gates", f"/api/releases/{release.pk}/gates/"),
        ("API entry", f"/api/ledger/{bytes(entry.leaf_hash).hex()}/"),
    ]
    if before := _page_1000(user):
        found.append(("ledger, page 1000", f"/ledger/?before={before}"))
    if who == "owner":
        found.append(("people", "/people/"))
    if who == "artist":
        found.append(("new run", reverse("generation:run-new", args=[project.pk])))
    return [*PLAIN, *found]


def _page_1000(user: User) -> int | None:
    """Where the 1000th page of somebody who reads everything begins; for others the middle of what they read."""
    allowed = readable(user)
    rows = [
        key for key, stream in Entry.objects.order_by("-pk").values_list("pk", "stream") if stream in allowed
    ]
    skipped = min(999 * finding.PAGE, len(rows) // 2)
    return rows[skipped - 1] if skipped else None
