"""Actions on people and the roster: each leaves its entry, and refuses with what to do."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from artists import services
from artists.errors import AlreadyThere, ArtistsUserFault, InvitationOver
from artists.identifiers import BadIdentifier
from artists.models import Artist, Invitation, Standing, User
from provenance.ledger import body_of, disclose, in_words
from provenance.models import Entry
from tests.cast import Cast

GOOD = "a-Fictional-Passphrase-9"


def newest(kind: str) -> Entry:
    return Entry.objects.filter(kind=kind).latest("id")


def test_an_enrolment_seals_the_name_and_commits_to_it(cast: Cast) -> None:
    user = services.create_user(
        email="Nova@Label.invalid",
        full_name="Nova Ström (fictional)",
        password=GOOD,
        role="anr",
        actor=cast.owner,
    )
    entry = newest("user.enrolled")
    assert user.email == "nova@label.invalid"
    assert disclose(entry) == {"name": "Nova Ström (fictional)"}
    assert "Nova" not in bytes(entry.body).decode()
    assert user.standing.name_commitment == body_of(entry)["private"]["name"]


def test_later_entries_of_a_person_carry_the_commitment_to_the_name_and_not_the_name(cast: Cast) -> None:
    services.create_artist(name="Slate Choir (fictional)", actor=cast.owner)
    actor = body_of(newest("artist.created"))["actor"]
    assert actor == {
        "type": "human",
        "id": str(cast.owner.pk),
        "name": cast.owner.standing.name_commitment,
    }


@pytest.mark.parametrize("password", ["short", "1234567890123", "password12"])
def test_a_weak_password_is_refused_and_nobody_is_enrolled(cast: Cast, password: str) -> None:
    before = User.objects.count()
    with pytest.raises(ArtistsUserFault) as refused:
        services.create_user(
            email="weak@label.invalid", full_name="W (fictional)", password=password, role="anr"
        )
    assert refused.value.code == "weak_password"
    assert User.objects.count() == before


def test_one_address_has_one_account_whatever_its_case(cast: Cast) -> None:
    with pytest.raises(AlreadyThere):
        services.create_user(
            email="OWNER@label.invalid", full_name="O (fictional)", password=GOOD, role="anr"
        )


def test_an_invitation_makes_an_artists_account_once(cast: Cast) -> None:
    invitation, secret = services.invite_user(
        email="ny@label.invalid", role="artist", artist=cast.artist, actor=cast.owner
    )
    assert secret not in str(Invitation.objects.filter(pk=invitation.pk).values())
    user = services.accept_invitation(secret=secret, full_name="Ny Person (fictional)", password=GOOD)
    assert user.role == "artist"
    assert cast.artist.memberships.filter(user=user, active=True).exists()
    assert newest("invitation.accepted").actor_id == str(user.pk)
    with pytest.raises(InvitationOver):
        services.accept_invitation(secret=secret, full_name="Twice (fictional)", password=GOOD)


def test_an_old_withdrawn_or_made_up_invitation_is_over(cast: Cast) -> None:
    invitation, secret = services.invite_user(email="late@label.invalid", role="anr", actor=cast.owner)
    services.withdraw_invitation(invitation, actor=cast.owner)
    for wrong in (secret, "made-up", "\udcff"):
        with pytest.raises(InvitationOver):
            services.invitation_by_secret(wrong)
    stale = Invitation(email="x@label.invalid", role="anr", expires_at=timezone.now() - dt.timedelta(days=1))
    assert not stale.open


def test_an_artists_invitation_names_the_artist(cast: Cast) -> None:
    with pytest.raises(ArtistsUserFault, match="which artist"):
        services.invite_user(email="n@label.invalid", role="artist", actor=cast.owner)


def test_a_role_changes_with_an_entry_and_the_last_owner_stays(cast: Cast) -> None:
    services.change_role(cast.anr, role="rights", actor=cast.owner)
    assert User.objects.get(pk=cast.anr.pk).role == "rights"
    assert in_words(newest("user.role_changed")) == "changed a role from anr to rights"
    with pytest.raises(ArtistsUserFault, match="last owner"):
        services.change_role(cast.owner, role="anr", actor=cast.owner)
    with pytest.raises(ArtistsUserFault, match="last owner"):
        services.deactivate_user(cast.owner, actor=cast.owner)


def test_a_role_cannot_change_behind_the_ledgers_back(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="ledger entry"), transaction.atomic():
        Standing.objects.filter(user=cast.anr).update(role="owner")
    assert User.objects.get(pk=cast.anr.pk).role == "anr"


def test_a_closed_account_has_no_role(cast: Cast) -> None:
    services.deactivate_user(cast.anr, actor=cast.owner)
    closed = User.objects.get(pk=cast.anr.pk)
    assert (closed.is_active, closed.role, closed.is_label_staff) == (False, "", False)


def test_changing_nothing_writes_nothing(cast: Cast) -> None:
    before = Entry.objects.count()
    services.change_artist(cast.artist, actor=cast.owner, name=cast.artist.name)
    assert Entry.objects.count() == before
    services.change_artist(cast.artist, actor=cast.owner, name="Nightjar Choir (fictional)")
    assert Artist.objects.get(pk=cast.artist.pk).name == "Nightjar Choir (fictional)"


def test_a_wrong_check_number_names_the_right_one(cast: Cast) -> None:
    with pytest.raises(BadIdentifier, match="00014107338"):
        services.create_person(credit_name="P (fictional)", ipi="00014107339", actor=cast.owner)
    with pytest.raises(BadIdentifier, match="0000000121032683"):
        services.create_artist(name="Q (fictional)", isni="0000000121032682", actor=cast.owner)
    assert (
        services.create_person(credit_name="P (fictional)", ipi="14107338", actor=cast.owner).ipi
        == "00014107338"
    )


def test_a_legal_name_is_only_in_the_vault(cast: Cast) -> None:
    person = services.create_person(
        credit_name="Vesper (fictional)", legal_name="Hesper Doe (fictional)", actor=cast.owner
    )
    entry = newest("person.created")
    assert disclose(entry) == {"legal_name": "Hesper Doe (fictional)"}
    assert "Hesper" not in bytes(entry.body).decode() + str(vars(person))
