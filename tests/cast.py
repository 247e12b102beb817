"""The cast that tests share: one person of each role, one artist with a collaborator, and strangers. All invented."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import override_settings

from artists import services as people
from artists.models import Artist, User

PASSWORD = "a-Fictional-Passphrase-7"
#: PBKDF2 takes a third of a second a person; tests that log in over a real server pass `fast=False`.
_FAST = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@dataclass(frozen=True)
class Cast:
    owner: User
    anr: User
    release: User
    rights: User
    #: Acts as `artist`.
    mara: User
    #: Works on projects into which somebody lets him; acts for nobody.
    collaborator: User
    #: Acts as `other_artist`, and has nothing to do with `artist`.
    stranger: User
    artist: Artist
    other_artist: Artist

    @property
    def staff(self) -> tuple[User, ...]:
        return (self.owner, self.anr, self.release, self.rights)


def make_cast(*, fast: bool = True) -> Cast:
    """Everybody, by the same services that the pages use."""
    with override_settings(PASSWORD_HASHERS=_FAST) if fast else override_settings():
        owner = _person("owner", "Odile Fabel (fictional)", "owner")
        mara = _person("mara", "Mara Lindqvist (fictional)", "artist")
        stranger = _person("stranger", "Sten Ferner (fictional)", "artist")
        artist = people.create_artist(name="Nightjar Assembly (fictional)", kind="group", actor=owner)
        other = people.create_artist(name="Far Side Choir (fictional)", kind="group", actor=owner)
        people.add_artist_member(artist, user=mara, actor=owner)
        people.add_artist_member(other, user=stranger, actor=owner)
        return Cast(
            owner=owner,
            anr=_person("anr", "Anselm Rook (fictional)", "anr"),
            release=_person("release", "Rela Sund (fictional)", "release"),
            rights=_person("rights", "Ria Echter (fictional)", "rights"),
            mara=mara,
            collaborator=_person("collaborator", "Cole Tarn (fictional)", "artist"),
            stranger=stranger,
            artist=artist,
            other_artist=other,
        )


def _person(name: str, full_name: str, role: str) -> User:
    return people.create_user(
        email=f"{name}@label.invalid", full_name=full_name, password=PASSWORD, role=role
    )
