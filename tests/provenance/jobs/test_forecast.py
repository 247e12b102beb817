"""How long work will take, by known answers."""

from __future__ import annotations

import pytest

from provenance.jobs.forecast import Place, Running, Waiting, left, places, took


def test_without_history_nothing_is_said() -> None:
    assert took(10, []) is None
    assert left(spent_s=5, done=0, total=10, whole_s=None) is None


def test_the_median_pace_counts_and_one_that_swapped_for_an_hour_does_not() -> None:
    history = [(10, 20_000), (10, 20_000), (10, 3_600_000), (10, 21_000), (10, 19_000)]
    assert took(10, history) == pytest.approx(20.0)
    assert took(20, history) == pytest.approx(40.0)


def test_jobs_of_about_the_same_size_count_before_others() -> None:
    """A model takes as long to load for a short job as for a long one."""
    history = [(10, 20_000)] * 3 + [(1000, 100_000)] * 3
    assert took(12, history) == pytest.approx(24.0)
    assert took(1000, history) == pytest.approx(100.0)
    assert took(100, [(10, 20_000), (10, 20_000)]) == pytest.approx(200.0), "better than nothing"


def test_work_that_says_nothing_is_the_same_for_all() -> None:
    assert took(0, [(0, 4000), (0, 6000), (0, 5000)]) == pytest.approx(5.0)


def test_a_running_jobs_own_pace_counts_the_more_the_further_it_is() -> None:
    assert left(spent_s=30, done=50, total=100, whole_s=None) == pytest.approx(30)
    assert left(spent_s=30, done=0, total=100, whole_s=100) == pytest.approx(70)
    assert left(spent_s=30, done=50, total=100, whole_s=100) == pytest.approx((30 + 70) / 2)
    assert left(spent_s=200, done=0, total=0, whole_s=100) is None, "longer than ever before: nobody knows"


def waiting(key: str, share: str, own_s: float | None, since: float, lift: int = 0) -> Waiting:
    return Waiting(key=key, share=share, lift=lift, since=since, own_s=own_s)


def test_fifty_jobs_of_one_do_not_stand_before_the_one_of_another() -> None:
    many = [waiting(f"a{number}", "a", 10, number) for number in range(50)]
    found = places(
        [Running(share="a", left_s=4)],
        [*many, waiting("b", "b", 10, 99)],
        used_s={"a": 100, "b": 0},
        limits={},
        workers=1,
    )
    assert found["b"] == Place(ahead=0, starts_s=4, ends_s=14)
    assert found["a0"] == Place(ahead=1, starts_s=14, ends_s=24)
    assert found["a49"].ends_s == 14 + 500


def test_several_workers_share_what_waits() -> None:
    jobs = [waiting(str(number), "a", 10, number) for number in range(4)]
    found = places([], jobs, used_s={}, limits={}, workers=2)
    assert [found[str(number)].ends_s for number in range(4)] == [10, 10, 20, 20]


def test_what_was_put_up_goes_first_and_a_limit_holds() -> None:
    jobs = [waiting("a", "a", 10, 0), waiting("b", "b", 10, 1, lift=1), waiting("c", "c", 10, 2)]
    found = places([], jobs, used_s={}, limits={}, workers=1)
    assert [found[key].starts_s for key in "bac"] == [0, 10, 20]
    limited = places(
        [Running(share="a", left_s=30), Running(share="c", left_s=5)],
        [waiting("a", "a", 10, 0)],
        used_s={},
        limits={"a": 1},
        workers=2,
    )
    assert limited["a"].starts_s == 30, "though a worker is free after five seconds"


def test_no_promise_rests_on_what_nobody_knows() -> None:
    found = places(
        [Running(share="x", left_s=None)], [waiting("a", "a", 10, 0)], used_s={}, limits={}, workers=1
    )
    assert found["a"] == Place(ahead=0, starts_s=None, ends_s=None)
    found = places([], [waiting("a", "a", None, 0), waiting("b", "b", 5, 1)], used_s={}, limits={}, workers=1)
    assert found["a"] == Place(ahead=0, starts_s=0, ends_s=None)
    assert found["b"] == Place(ahead=1, starts_s=None, ends_s=None)
