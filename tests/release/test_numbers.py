"""Numbers are given out gapless, once, and never again: also when many ask at the same time, or change their mind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from provenance.models import Entry
from release import identifiers, services
from release.models import NumberAllocation
from release.services import numbers


@pytest.mark.django_db
def test_numbers_follow_each_other_with_their_entries(house):
    given = [numbers.allocate_isrc(house.imprint, year=2026, actor=house.cast.release) for _ in range(3)]
    assert given == ["QZDWX2600001", "QZDWX2600002", "QZDWX2600003"]
    assert numbers.allocate_isrc(house.imprint, year=2027, actor=house.cast.release) == "QZDWX2700001"
    gtins = [numbers.allocate_gtin(house.imprint, actor=house.cast.release) for _ in range(2)]
    assert [identifiers.check_gtin(value) for value in gtins] == gtins
    assert gtins[0] != gtins[1]
    assert numbers.allocate_catalogue_number(house.imprint, actor=house.cast.release) == "DWX-001"
    said = Entry.objects.filter(kind="number.allocated")
    assert said.count() == NumberAllocation.objects.count() == 7


@pytest.mark.django_db(transaction=True)
def test_twelve_at_once_get_twelve_numbers_without_a_gap(house):
    def ask(_: int) -> str:
        try:
            return numbers.allocate_isrc(house.imprint, year=2026, actor=house.cast.release)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        given = list(pool.map(ask, range(12)))
    assert sorted(given) == [f"QZDWX26{n:05d}" for n in range(1, 13)]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_leaves_no_gap_and_no_entry(house):
    before = Entry.objects.count()

    @transaction.atomic
    def plan() -> None:
        assert numbers.allocate_gtin(house.imprint, actor=house.cast.release) == "4012345000016"
        raise RuntimeError("somebody changed their mind")

    with pytest.raises(RuntimeError, match="changed their mind"):
        plan()
    assert Entry.objects.count() == before
    assert numbers.allocate_gtin(house.imprint, actor=house.cast.release) == "4012345000016"


@pytest.mark.django_db
def test_two_imprints_that_share_a_prefix_share_its_series(house):
    twin = services.create_imprint(
        name="Second Groove (fictional)", p_line_owner="X", c_line_owner="X", isrc_prefix="QZ-DWX",
        gtin_prefix="4012345", catalogue_prefix="DWX", actor=house.cast.owner,
    )  # fmt: skip
    first = numbers.allocate_isrc(house.imprint, year=2026, actor=house.cast.release)
    second = numbers.allocate_isrc(twin, year=2026, actor=house.cast.release)
    assert (first, second) == ("QZDWX2600001", "QZDWX2600002")


@pytest.mark.django_db(transaction=True)
def test_two_imprints_with_one_prefix_at_once_never_give_out_one_number(house):
    twin = services.create_imprint(
        name="Second Groove (fictional)", p_line_owner="X", c_line_owner="X", isrc_prefix="QZDWX",
        gtin_prefix="4012345", catalogue_prefix="DWX", actor=house.cast.owner,
    )  # fmt: skip

    def ask(imprint: object) -> str:
        try:
            return numbers.allocate_isrc(imprint, year=2026, actor=house.cast.release)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        given = list(pool.map(ask, [house.imprint, twin] * 6))
    assert sorted(given) == [f"QZDWX26{n:05d}" for n in range(1, 13)]
