"""A label with one song at every stage, for tests that look at all pages. Made once a module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.cast import Cast
from tests.label.anr_scene import AnrScene, make_anr_scene
from tests.release.conftest import House, make_house
from tests.support import run_jobs

TITLE = "Runout"
#: Words that only the artist's side and the label may read; they must not turn up anywhere else.
SECRET_REASON = "Because of the night in Visby."
SECRET_PROMPT = "a tide that only Mara knows"


@dataclass(frozen=True)
class Scene:
    """Primary keys by what they are of, and the rows behind them."""

    house: House
    project: Any
    run: Any
    take: Any
    stem: Any
    upload: Any
    arrangement: Any
    version: Any
    render: Any
    master: Any
    declaration: Any
    recording: Any
    release: Any
    track: Any
    package: Any
    #: A second release whose gates are closed, and a master that nothing was made of yet.
    draft: Any
    unreleased: Any
    member: Any
    invitation: Any
    secret: str
    anr: AnrScene

    @property
    def cast(self) -> Cast:
        return self.house.cast


def make_scene(cast: Cast, cover: bytes) -> Scene:
    """One packaged release, one closed one, one unreleased master, a collaborator and an open invitation."""
    from artists import services as people
    from generation import services as studio
    from generation.models import Take, Upload
    from generation.prompting import BriefValues
    from release import services

    house = make_house(cast, cover)
    release = house.ready(parts=("voice", "sketch", "choir"))
    house.approve(release)
    package = services.request_package(release, actor=cast.release)
    run_jobs()
    package.refresh_from_db()
    release.refresh_from_db()
    track = release.tracks.get()
    master = track.recording.master
    project = master.project
    studio.save_brief(
        project,
        values=BriefValues(
            purpose="Opening track", mood="a tide", genre="ambient", tempo_bpm=92.0, key="D minor", metre="4/4",
            instruments=("keys",), structure=("intro", "A", "outro"), energy=(0.2, 0.8, 0.3), avoid=("piano",),
            prompt=SECRET_PROMPT,
        ),
        actor=cast.mara,
    )  # fmt: skip
    take = Take.objects.get(run__project=project)
    studio.reset_take(take, actor=cast.mara)
    studio.shortlist_take(take, reason=SECRET_REASON, actor=cast.mara)
    member = studio.add_member(project, user=cast.collaborator, can_edit=False, actor=cast.mara)
    invitation, secret = people.invite_user(email="new@label.invalid", role="anr", actor=cast.owner)
    unreleased = house.master(parts=("voice",))
    second = house.master(parts=("voice", "choir"))
    house.declare(second, performance__pads="human")
    draft = house.release(house.recording(second, title="Second Side"), title="Second Side", cover=None)
    return Scene(
        house=house, project=project, run=take.run, take=take, stem=take.stems.get(),
        upload=Upload.objects.filter(project=project).first(), arrangement=master.render.version.arrangement,
        version=master.render.version, render=master.render, master=master,
        declaration=master.declarations.first(), recording=track.recording, release=release, track=track,
        package=package, draft=draft, unreleased=unreleased, member=member, invitation=invitation, secret=secret,
        anr=make_anr_scene(cast, master),
    )  # fmt: skip
