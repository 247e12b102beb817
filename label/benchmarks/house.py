"""A label of 500 artists and years of submissions: a few of each made by the services, the rest as copies of them.

Every copy has entries, private words and times of its own, so that lists, filters and searches meet what they meet in
a real house. Only for a database that is thrown away. All names are made up.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import soundfile as sf
from django.test.utils import override_settings
from django.utils import timezone

from artists import services as people
from artists.models import Agreement, Artist, ArtistMembership, Role, Submission, UploadLink
from artists.services import (
    agreements,
    anr_rules,
    answers,
    consents,
    incoming,
    listening,
    methods,
    review,
    training,
    upload_links,
)
from artists.services import submissions as way_in
from generation import services as studio
from generation.models import Master, Upload
from generation.offering import refresh_offers
from label.benchmarks.checking import played
from label.benchmarks.copies import Told, copy_all, read
from label.demo import song as demo
from label.demo.cast import PASSWORD, Cast, seed_cast
from label.demo.methods import PRACTICES
from provenance import search, sequencer
from provenance.jobs import worker
from provenance.services import Entry


@dataclass(frozen=True, kw_only=True)
class Size:
    artists: int
    submissions: int
    templates: int
    """Submissions made by the way in; the others are copies of these."""
    stages: int
    """So many stages of the board, from an idea on, have songs."""


FULL: Final = Size(artists=500, submissions=20_000, templates=12, stages=6)
QUICK: Final = Size(artists=20, submissions=60, templates=4, stages=2)
#: Two of each role that works for the house, and the artist of the demo.
STAFF: Final = (("anr", Role.ANR), ("release", Role.RELEASE), ("rights", Role.RIGHTS), ("anr3", Role.ANR))
AI: Final = dict.fromkeys(("lyrics", "composition", "vocals", "instruments", "production"), "no")
#: What copies replace, and nobody else says.
_ACT, _PERSON, _LEGAL, _WORDS = "Qzact", "Qzperson", "Qzlegal", "Qzwords"
_SENDER, _MAIL, _TITLE, _SAID = "Qzsender", "qzmail", "Qztitle", "Qzsaid"

#: One submission in 500 says the rare one; each says a few of the common ones.
COMMON: Final = (
    "synth", "guitar", "voice", "tape", "drums", "piano", "bass", "choir", "strings", "field", "recording", "loop",
    "demo", "album", "single", "live",
)  # fmt: skip
RARE, NOWHERE, FOREIGN = "theremin", "contrabassoonless", "夜"
_FIRST: Final = (
    "Pale", "Amber", "Quiet", "Hollow", "Velvet", "Iron", "Salt", "Paper", "Glass", "Winter", "Copper", "Lunar",
    "Feral", "Static", "Ember", "Cobalt", "Wooden", "Silver", "Distant", "Narrow",
)  # fmt: skip
_SECOND: Final = (
    "Harbour", "Lantern", "Orchard", "Ferry", "Engine", "Meadow", "Signal", "Cathedral", "Staircase", "Tide",
    "Antenna", "Garden", "Foundry", "Kite", "Mirror", "Canal", "Radio", "Thicket", "Bellows", "Parade",
)  # fmt: skip
_SCRIPTS: Final = ("夜の灯台", "Ночной причал", "Ørken Æther", "Ñandú Río", "سكون الليل")
_KINDS: Final = ("person", "duo", "group", "person")
_TEMPLATE_ARTISTS: Final = 10
_SONG_S: Final = 6.0


def named(number: int) -> str:
    """A name of its own for every number, some in other scripts."""
    first, second = _FIRST[number % 20], _SECOND[number // 20 % 20]
    if number % 25 == 7:
        return f"{_SCRIPTS[number // 25 % 5]} {number}"
    return f"{first} {second}" + (f" {number // 400 + 1}" if number >= 400 else "")


def said(number: int) -> str:
    """What somebody writes with what they send, the same for the same number."""
    chosen = random.Random(number)  # noqa: S311 - the same words every time
    words = chosen.sample(COMMON, 4)
    text = (
        f"We recorded {words[0]} and {words[1]} in one room in {chosen.choice(_SECOND)} Street, later added "
        f"{words[2]}. It should sound like a {chosen.choice(_FIRST).lower()} {chosen.choice(_SECOND).lower()}; "
        f"the {words[3]} came last."
    )
    return f"{text} There is a {RARE} on it." if number % 500 == 123 else text


def make_house(size: Size) -> Cast:
    """Fills the database; returns the people of the demo and `anr2` and so on beside them."""
    cast = seed_cast()
    _staff(cast)
    refresh_offers()
    artists = _artists(cast, size)
    _work(cast, artists, size)
    _submissions(cast, size)
    sequencer.drain()
    search.drain()
    return cast


# -- artists -----------------------------------------------------------------------------------------------------------


def _staff(cast: Cast) -> None:
    """So that ten work at once: two or three of every role."""
    owner = cast.users["owner"]
    for number, (name, role) in enumerate(STAFF, start=2):
        key = name if name[-1].isdigit() else f"{name}2"
        cast.users[key] = people.create_user(
            email=f"{key}@deadwax.example", full_name=f"Colleague {number} (fictional)", password=PASSWORD,
            role=role, actor=owner,
        )  # fmt: skip
        for page, query in (
            ("roster", "status=signed&tag=ambient"),
            ("roster", "manager=me"),
            ("board", "due=late"),
        ):
            people.save_filter(page=page, name=query[:20], query=query, actor=cast.users[key])
    for place in range(len(_FIRST)):
        people.save_filter(page="roster", name=_FIRST[place], query=f"words={_FIRST[place]}", actor=owner)


def _artists(cast: Cast, size: Size) -> list[Artist]:
    """Templates with all that a page of an artist shows, and copies of each in turn."""
    count = size.artists - Artist.objects.count()
    made = min(_TEMPLATE_ARTISTS, count)
    for place in range(made):
        since = _newest()
        _artist(cast, place)
        numbers = range(place + made, count, made)
        copy_all(read(since), list(numbers), words=_artist_words, told=_artist_told())
    # The demo's artist account acts for a few, as one who has aliases does.
    artists = list(Artist.objects.order_by("name"))
    for artist in artists[:3]:
        people.add_artist_member(artist, user=cast.users["artist"], actor=cast.users["owner"])
    _accounts(cast, artists[3 : 3 + size.artists // 2])
    return artists


def _artist_words(number: int) -> dict[str, str]:
    return {
        _ACT: named(number),
        _PERSON: f"{_SECOND[number % 20]} {_FIRST[number // 20 % 20]}son",
        _LEGAL: f"{_FIRST[(number + 7) % 20]} {_SECOND[(number + 3) % 20]}wright",
        _WORDS: said(number),
    }


def _artist_told() -> Told:
    statuses = ("signed", "signed", "signed", "prospect", "alumni")
    day = timezone.now().date()
    return {
        ("artists_artist", "status"): lambda _, number: statuses[number % 5],
        ("artists_artist", "is_ai_persona"): lambda _, number: number % 40 == 5,
        ("artists_agreement", "ends"): lambda ends, number: ends and day + dt.timedelta(days=number * 3),
        ("artists_agreementoption", "by"): lambda _, number: day + dt.timedelta(days=number - 20),
    }


def _artist(cast: Cast, place: int) -> None:
    """One artist with people, a team, documents, methods, consents and agreements."""
    owner, anr = cast.users["owner"], cast.users["anr"]
    managers = [cast.users["anr"], cast.users["anr2"], cast.users["anr3"], owner]
    artist = people.create_artist(
        name=f"{_ACT} (fictional)", sort_name=_ACT, kind=_KINDS[place % 4], tags=["ambient", f"scene {place % 6}"],
        actor=owner,
    )  # fmt: skip
    first = people.create_person(
        credit_name=f"{_PERSON} (fictional)", legal_name=f"{_LEGAL} (fictional)", society="PRO", country="SE",
        artist=artist, actor=owner,
    )  # fmt: skip
    people.create_person(credit_name=f"{_PERSON} II", legal_name=_LEGAL, artist=artist, actor=owner)
    if place % 5:
        people.add_team_member(artist, role="manager", user=managers[place % 4], actor=owner)
    people.add_team_member(
        artist, role="booking", name=f"{_LEGAL} booking", contact="b@sender.invalid", actor=owner
    )
    for kind in ("contract", "press"):
        people.add_document(
            artist, file=io.BytesIO(f"%PDF-1.4 {kind} {place}".encode()), filename=f"{_ACT} {kind}.pdf", kind=kind,
            note=_WORDS, actor=owner,
        )  # fmt: skip
    practice = PRACTICES[place % 3]
    methods.write_method(
        artist, statement=f"{practice.statement} {_WORDS}", rules=practice.rules, actor=owner
    )
    if place % 2:
        rules = {**practice.rules, "human": ["melody"]}
        methods.write_method(artist, statement=practice.statement, rules=rules, reason=_WORDS, actor=owner)
    training.choose_training(
        artist, answers=dict.fromkeys(training.TRAINING_USES, practice.training), actor=owner
    )
    today = timezone.now().date()
    for kind in ("training", "voice"):
        proposed = consents.propose_consent(
            artist, kind=kind, giver_name=f"{_PERSON} (fictional)", words=_WORDS, fee="EUR 100", starts_on=today,
            actor=owner,
        )  # fmt: skip
        if kind == "voice":
            paper = io.BytesIO(f"%PDF-1.4 agreed {place}".encode())
            consents.give_consent(proposed, document=paper, actor=owner)
    for title in ("Album", "Publishing"):
        row = agreements.draft_agreement(
            artist, title=f"{title}, {_ACT}", kind="recording" if title == "Album" else "publishing", starts=today,
            ends=today + dt.timedelta(days=700), advance="EUR 1000", conditions=_WORDS,
            shares=[{"person": str(first.pk), "role": "performer:lead_vocal" if title == "Album" else "composer",
                     "share_bp": 5000}],
            options=[(today + dt.timedelta(days=90), "a second one")], answer_due=today + dt.timedelta(days=place),
            document=io.BytesIO(f"%PDF-1.4 terms {place}".encode()), actor=anr,
        )  # fmt: skip
        if title == "Album" or place % 3:
            row = agreements.move_agreement(row, status=Agreement.Status.OFFERED, actor=anr)
        if title == "Album" and place % 4:
            agreements.sign_agreement(row, side="artist", name=_PERSON, how="paper", actor=anr)
            agreements.sign_agreement(row, side="label", name="Ottoline Grieg", how="paper", actor=owner)
    people.change_status(artist, status="alumni", reason=_WORDS, actor=owner)
    people.change_status(artist, status="signed", reason=_WORDS, actor=owner)


def _accounts(cast: Cast, artists: list[Artist]) -> None:
    """Accounts of the artists themselves, for the lists of accounts and members. Nobody logs in with these."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        for number, artist in enumerate(artists):
            user = people.create_user(
                email=f"of{number}@sender.invalid", full_name=f"{named(number)} themselves (fictional)",
                password=PASSWORD, role=Role.ARTIST, actor=cast.users["owner"],
            )  # fmt: skip
            people.add_artist_member(artist, user=user, actor=cast.users["owner"])


# -- work --------------------------------------------------------------------------------------------------------------


def _work(cast: Cast, artists: list[Artist], size: Size) -> None:
    """A song for each artist, at every stage of the board, and listening links to what is mastered."""
    member = cast.users["artist"]
    others = [artist for artist in artists if artist.pk != cast.artist.pk]

    def shared(number: int) -> dict[str, str]:
        return {str(cast.artist.pk): str(others[number % len(others)].pk)}

    far = (_idea, _takes, _arranging, _mastered, _released, _released)[: size.stages]
    for place, make in enumerate(far):
        since = _newest()
        make(cast, place)
        worker.run_waiting()  # a copy of a job that waits would wait for ever
        numbers = list(range(place, len(others), len(far)))
        copy_all(read(since), numbers, names=shared, told=_song_told(), batch=12)
    masters = Master.objects.order_by("pk")[: max(3, size.artists // 5)]
    for number, master in enumerate(masters):
        listening.make_listening_link(
            recipient=f"Radio {named(number)}", things=[{"kind": "master", "id": str(master.pk)}], note=said(number),
            actor=cast.users["anr"],
        )  # fmt: skip
    assert ArtistMembership.objects.filter(user=member).exists()


def _song_told() -> Told:
    day = timezone.now().date()
    return {
        ("generation_project", "title"): lambda title, number: f"{title.split(',')[0]}, {named(number)}",
        ("release_release", "release_date"): lambda date, number: (
            date and day + dt.timedelta(days=number % 90 - 5)
        ),
    }


def _run(cast: Cast, place: int) -> demo.Song:
    """A project with one take. Each template has its own sounds: what is shared would be looked at in all copies."""
    artist = cast.users["artist"]
    project = studio.create_project(title="A song", artist=cast.artist, actor=artist)
    brief = studio.save_brief(project, values=demo.brief_values(), actor=artist)
    run = studio.request_run(
        project, brief=brief, engine="sketch", duration_s=_SONG_S, variations=1, prompt=brief.words["prompt"],
        base_seed=100 + place, actor=artist,
    )  # fmt: skip
    demo.finish(run.job)
    return demo.Song(cast, project, run)


def _idea(cast: Cast, place: int) -> None:
    studio.create_project(title="An idea", artist=cast.artist, actor=cast.users["artist"])


def _takes(cast: Cast, place: int) -> None:
    _run(cast, place)


def _arranging(cast: Cast, place: int) -> tuple[demo.Song, Any]:
    started = _run(cast, place)
    kept = demo.audition(started)
    lead, pads = (_own(started, role, 2 * place + at) for at, role in enumerate(("lead_vocal", "pads")))
    return started, demo.arrange(started, kept, lead, pads)


def _own(started: demo.Song, role: str, seed: int) -> Upload:
    file = io.BytesIO()
    sf.write(file, played(seed, _SONG_S).T, 44_100, format="WAV", subtype="PCM_16")
    file.seek(0)
    return studio.import_upload(
        started.project, file=file, filename=f"{role}.wav", name=role.replace("_", " "), role=role,
        declared=Upload.Declared.OWN_PERFORMANCE, actor=started.cast.users["artist"],
    )  # fmt: skip


def _mastered(cast: Cast, place: int) -> tuple[demo.Song, Master]:
    started, arrangement = _arranging(cast, place)
    return started, demo.master(started, arrangement)


def _released(cast: Cast, place: int) -> None:
    started, made = _mastered(cast, place)
    demo.declare(started, made)
    demo.release(started, made)


# -- submissions -------------------------------------------------------------------------------------------------------


def _submissions(cast: Cast, size: Size) -> None:
    """Submissions with a file that was looked at, at every stage; the copies reach back over three years."""
    actor = cast.users["anr"]
    anr_rules.set_criterion(title="Fits the house", actor=actor)
    links = [
        upload_links.make_upload_link(
            name=f"Call of {named(number)}", max_submissions=100_000, days=400, actor=actor
        )[0]
        for number in range(40 if size is FULL else 4)
    ]
    made, done = [], Submission.objects.count()
    for place in range(size.templates):
        since = _newest()
        made.append((since, _submission(cast, links[place % len(links)], place)))
    numbers = itertools.count(Submission.objects.count() + 1)
    each = (size.submissions - done - size.templates) // size.templates
    for place, (since, until) in enumerate(made):
        original = read(since, until=until, pictures=False)
        own = list(itertools.islice(numbers, each))
        copy_all(original, own, words=_sender_words, told=_sent_told(size, place), batch=400)


def _submission(cast: Cast, link: UploadLink, place: int) -> int:
    """One by the way in, and what the team made of it. Gives the last entry of it."""
    data = io.BytesIO()
    sf.write(data, _tune(place), 22_050, format="WAV", subtype="PCM_16")
    length = data.tell()
    data.seek(0)
    row, _ = incoming.begin(link, filename=f"{_TITLE}.wav", length=length, sender=f"house {place}")
    row = incoming.append(row, offset=0, stream=data, length=length)
    row_ai = {**AI, "vocals": "partly"} if place % 3 == 1 else AI
    submission, _ = way_in.submit(
        link, files=[row], sender=f"house {place}", ai=row_ai, rights="own", consent=True, tools=f"a {_SAID} machine",
        artist_name=f"{_SENDER} (fictional)", contact_name=_SENDER, contact_email=f"{_MAIL}@sender.invalid",
        title=_TITLE, message=_SAID,
    )  # fmt: skip
    worker.run_waiting()
    stage = _STAGES[place % len(_STAGES)]
    submission.refresh_from_db()
    if stage == "unheard":
        return _newest()
    file = submission.files.get()
    for name in ("anr", "anr2"):
        user = cast.users[name]
        review.score(submission, values={"coherence": 1 + place % 5, "mix": 3}, actor=user)
    review.note(submission, text=_SAID, file=file, from_ms=500, actor=cast.users["anr"])
    review.vote(submission, vote="maybe", reason=_SAID, actor=cast.users["anr"])
    for step in _WAY.get(stage, ()):
        submission.refresh_from_db()
        review.decide(submission, stage=step, reason=_SAID, actor=cast.users["anr"])
    if stage == "declined":
        submission.refresh_from_db()
        draft = answers.draft_answer(submission, template="no", actor=cast.users["anr"])
        answers.answer(
            submission, template="no", subject=draft.subject, body=draft.body, actor=cast.users["anr"]
        )
        worker.run_waiting()
    return _newest()


#: Most of what was sent in years was declined; every stage is there.
_STAGES: Final = (
    ("declined", "unheard", "heard", "more") + ("declined",) * 4 + ("meet", "offer", "declined", "declined")
)
_WAY: Final = {"declined": ("declined",), "more": ("more",), "meet": ("meet",), "offer": ("more", "offer")}


def _tune(place: int) -> np.ndarray:
    seconds = np.arange(22_050 * 4) / 22_050
    rng = np.random.default_rng(place)
    tune = sum(np.sin(2 * np.pi * pitch * seconds) for pitch in rng.uniform(110, 880, 4)) / 6
    result: np.ndarray = (tune * (1 + np.sin(2 * np.pi * (1 + place) * seconds)) / 2).astype(np.float32)
    return result


def _sender_words(number: int) -> dict[str, str]:
    return {
        _SENDER: named(number),
        _MAIL: f"s{number}",
        _TITLE: f"{_SECOND[number % 20]} {number}",
        _SAID: said(number),
    }


def _sent_told(size: Size, place: int) -> Told:
    """Times of its own for each: the open ones are of the last weeks, what is done reaches back."""
    now = timezone.now()
    stage = _STAGES[place % len(_STAGES)]
    days = 1000 if stage == "declined" else 60

    def sent(number: int) -> dt.datetime:
        share = int(hashlib.sha256(str(number).encode()).hexdigest()[:8], 16) / 2**32
        return now - dt.timedelta(days=share * days)

    def answered(value: Any, number: int) -> Any:
        if stage == "declined" or number % 6:
            return sent(number) + dt.timedelta(days=5) if stage != "unheard" else None
        return value

    def secret(value: Any, number: int) -> str:
        return hashlib.sha256(f"{value}/{number}".encode()).hexdigest()

    snoozed = now.date() + dt.timedelta(days=9)
    table = "artists_submission"
    columns: dict[tuple[str, str], Callable[[Any, int], Any]] = {
        (table, "number"): lambda _, number: number,
        (table, "secret_sha256"): secret,
        (table, "sent_at"): lambda _, number: sent(number),
        (table, "promised_by"): lambda _, number: sent(number) + dt.timedelta(days=58),
        (table, "answered_at"): answered,
        (table, "snoozed_until"): lambda _, number: (
            snoozed if stage == "heard" and number % 10 == 0 else None
        ),
    }
    return columns


def _newest() -> int:
    found: int | None = Entry.objects.order_by("-pk").values_list("pk", flat=True).first()
    return found or 0
