"""What a label knows of its artists, for the demo: pictures, people behind them, a team, terms, a consent asked for."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from artists import services as people
from artists.models import Artist
from artists.services import agreements, consents, roster, team
from label.demo.cast import Cast
from label.demo.pictures import coast

_PEOPLE = {
    "Ilva Rask (fictional)": ("Ilva Rask (fictional)",),
    "Corvin Aldermoor (fictional)": ("Corvin Aldermoor (fictional)",),
    "Tam & Ode (fictional)": ("Tam Verrault (fictional)", "Ode Kessling (fictional)"),
}


def seed_roster(cast: Cast, others: list[Artist]) -> None:
    """Call once: each call adds to what is there."""
    owner, anr = cast.users["owner"], cast.users["anr"]
    for number, artist in enumerate((cast.artist, *others)):
        roster.set_picture(artist, data=coast(20 + number), filename="coast.jpg", actor=owner)
        team.add_team_member(artist, role="anr", user=anr, actor=owner)
        for name in _PEOPLE.get(artist.name, ()):
            people.create_person(credit_name=name, country="SE", artist=artist, actor=owner)
    team.add_team_member(
        cast.artist, role="manager", name="Petra Holmquist (fictional)", contact="petra@holmquist.invalid", actor=owner
    )  # fmt: skip
    today = timezone.now().date()
    terms = agreements.draft_agreement(
        cast.artist,
        title="Two records",
        starts=today - dt.timedelta(days=200),
        ends=today + dt.timedelta(days=530),
        shares=[{"person": cast.person.pk, "role": "composer", "share_bp": 10_000}],
        options=[(today + dt.timedelta(days=75), "A third record on the same terms", 30)],
        answer_due=today + dt.timedelta(days=9),
        advance="4 000 EUR on delivery",
        conditions="Masters are delivered with a session that can be opened and a declaration that is signed.",
        actor=owner,
    )
    agreements.move_agreement(terms, status="offered", actor=owner)
    consents.propose_consent(
        cast.artist,
        kind="voice",
        giver_name=cast.users["artist"].full_name,
        giver=cast.users["artist"],
        words="A model of my voice for choirs behind my own voice. Never for a lead.",
        engines=("fabelton-choir",),
        starts_on=today,
        ends_on=today + dt.timedelta(days=365),
        after="stays",
        actor=cast.users["rights"],
    )
