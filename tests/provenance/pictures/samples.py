"""A song for pictures: every origin, several steps, plainly fictional names."""

from __future__ import annotations

from generation import attribution as rules
from provenance.authorship import EntryBody
from tests.provenance.authorship.ledgerlike import entry, sha

TRACKS = [
    ("Bowed lead", "lead", "lead", [(0, 49), (59, 113)]),
    ("Lead double", "lead", "double", [(67, 113)]),
    ("Bass", "bass", "bass", [(23, 113)]),
    ("Pads", "pads", "pads", [(0, 128)]),
    ("Choir", "backing_vocal", "choir", [(74, 97)]),
    ("Percussion", "percussion", "loop", [(38, 54)]),
    ("Percussion", "percussion", "drums", [(74, 113)]),
    ("Found tape", "effects", "stray", [(0, 28), (113, 128)]),
]


def song() -> list[EntryBody]:
    """Entries of a song of 2:08 with seven tracks; its master is `sha("master")`, the FLAC `sha("flac")`."""
    clips = [
        rules.Placed(track=t, role=r, from_ms=a * 1000, to_ms=b * 1000, asset=sha(x), source=x, cut=True)
        for t, r, x, spans in TRACKS
        for a, b in spans
    ]
    double = rules.own_performance(sha("double"), "lead", from_assets={"melody": [sha("melody")]})
    sketched = rules.sketch(
        {sha("take"): "full_mix", sha("bass"): "bass", sha("drums"): "percussion", sha("melody"): "lead"}
    )
    imported = rules.merge(
        rules.external_tool(sha("pads"), "pads", imported=True),
        rules.external_tool(sha("choir"), "backing_vocal", imported=True),
    )
    masters = rules.merge(
        rules.master(sha("master"), sha("render"), by=rules.Origin.HUMAN),
        rules.transcode(sha("flac"), sha("master")),
    )
    run = ("run:4f0c",)
    return [
        entry(
            "run.requested",
            minute=0,
            subjects=run,
            public={"number": 4, "engine": "sketch", "variations": 12},
        ),
        entry(
            "take.generated",
            minute=1,
            subjects=(*run, "take:5"),
            authorship=sketched,
            public={"number": 5, "engine": "sketch 1.0", "seed": 57},
        ),
        entry(
            "upload.imported", minute=2, authorship=rules.own_performance(sha("lead"), "lead", observed=True)
        ),
        entry("upload.imported", minute=3, authorship=double),
        entry("upload.imported", minute=4, authorship=imported),
        entry("upload.imported", minute=5, authorship=rules.third_party(sha("loop"), "percussion")),
        entry(
            "arrangement.saved",
            minute=6,
            subjects=("version:9",),
            public={"number": 9, "edit_counts": {"clip.move": 30, "track.gain": 11}},
        ),
        entry(
            "render.finished",
            minute=7,
            subjects=("version:9", "render:1"),
            authorship=rules.render(sha("render"), clips, hand_mixed=True),
            public={"number": 9},
        ),
        entry(
            "master.finished",
            minute=8,
            subjects=("render:1", "master:1"),
            authorship=masters,
            inputs={sha("render"): "mix"},
            public={"number": 1, "report": {"after_lufs_milli": -14000}},
        ),
    ]
