"""The people of the demo label. None of them exists."""

from __future__ import annotations

from dataclasses import dataclass

from artists import services as people
from artists.models import Artist, Person, Role, User
from generation.services import seed_catalogue
from label.demo.signers import Signers
from release.models import Imprint
from release.services import create_imprint

#: One password for all demo accounts; an installation that matters starts with --no-demo.
PASSWORD = "etched in the dead wax"  # noqa: S105 - printed at every start of the demo
ACCOUNTS = (
    ("owner", "Ottoline Grieg (fictional)", Role.OWNER),
    ("anr", "Anselm Quill (fictional)", Role.ANR),
    ("release", "Remy Saltash (fictional)", Role.RELEASE),
    ("rights", "Rhoda Finch (fictional)", Role.RIGHTS),
    ("artist", "Mara Lindqvist (fictional)", Role.ARTIST),
)


def address(name: str) -> str:
    return f"{name}@deadwax.example"


@dataclass(frozen=True)
class Cast:
    """Accounts by role name, the artist, their contributor, and the imprint."""

    users: dict[str, User]
    artist: Artist
    person: Person
    imprint: Imprint
    #: Their keys for signing, made when they are first needed and gone with the process.
    signers: Signers


def seed_cast() -> Cast:
    """The demo label's people, made once; a second call finds them."""
    users = {}
    for name, full_name, role in ACCOUNTS:
        users[name] = User.objects.filter(email=address(name)).first() or people.create_user(
            email=address(name), full_name=full_name, password=PASSWORD, role=role
        )
    owner = users["owner"]
    artist = Artist.objects.filter(name="Nightjar Assembly (fictional)").first() or people.create_artist(
        name="Nightjar Assembly (fictional)",
        sort_name="Nightjar Assembly",
        kind=Artist.Kind.GROUP,
        about=(
            "Six voices from a harbour town that is on no map. They sing over floors that a machine laid, in halls "
            "where one hears the floor give way."
        ),
        actor=owner,
    )
    people.add_artist_member(artist, user=users["artist"], actor=owner)
    person = artist.people.first() or people.create_person(
        credit_name="Mara Lindqvist (fictional)", ipi="99999999919", artist=artist, actor=owner
    )
    seed_catalogue()
    imprint = Imprint.objects.filter(name="Lock Groove (fictional)").first() or create_imprint(
        name="Lock Groove (fictional)",
        p_line_owner="Lock Groove (fictional)",
        c_line_owner="Lock Groove (fictional)",
        isrc_prefix="QZDWX",
        gtin_prefix="2000000",
        catalogue_prefix="LGR",
        dpid="PADPIDAFICTIONAL1W",
        is_fictional=True,
        actor=owner,
    )
    return Cast(users, artist, person, imprint, Signers(owner))
