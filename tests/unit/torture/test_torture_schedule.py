"""When which fault comes in a torture run."""

from contextlib import nullcontext

from tests.support.torture.faults import Kind, kinds, schedule

KINDS = kinds(["first", "second"], postgres=True)


def test_a_seed_gives_the_same_faults_again() -> None:
    first, again, other = (list(schedule(seed, 300, KINDS)) for seed in (7, 7, 8))
    assert [one.shown for one in first] == [one.shown for one in again]
    assert [one.shown for one in first] != [one.shown for one in other]


def test_every_kind_comes_and_several_last_at_a_time() -> None:
    planned = list(schedule(7, 600, KINDS))
    assert {one.kind.name for one in planned} == {kind.name for kind in KINDS}
    at_once = [sum(one.at <= at < one.at + one.seconds for one in planned) for at in range(600)]
    assert max(at_once) >= 4


def test_there_is_one_fault_at_a_time_in_each_place() -> None:
    over: dict[str, float] = {}
    for one in schedule(7, 600, KINDS):
        assert one.at >= over.get(one.kind.place, 0.0)
        over[one.kind.place] = one.at + one.seconds + one.kind.rest


def test_a_place_that_is_taken_holds_no_other_up() -> None:
    slow = Kind("slow", "there", lambda world, what: nullcontext(), seconds=(50, 50))
    quick = Kind("quick", "here", lambda world, what: nullcontext(), seconds=(0, 0))
    names = [one.kind.name for one in schedule(1, 40, [slow, quick])]
    assert names.count("slow") == 1
    assert names.count("quick") > 10
