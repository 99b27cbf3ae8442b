"""The same request twice runs once: the second finds the first's row, and later its answer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.db.models import Manager

from core.errors import Refused
from merchants.idempotency import KEPT_FOR, LONGEST_RUN, Answer, Run, begin, finish, give_up, prune
from merchants.models import IdempotentRequest, Merchant
from merchants.tasks import prune_idempotency
from tests.factories import NOW, make_merchant

SAME, OTHER = "a" * 64, "b" * 64
ANSWER = Answer(200, {"Content-Type": "application/json"}, b'{"created":1}')
TICK = timedelta(microseconds=1)


def begun(merchant: Merchant, key: str = "k1", fingerprint: str = SAME, *, at=NOW) -> Run:
    run = begin(merchant, key, fingerprint, at=at)
    assert isinstance(run, Run)
    return run


def refusal(merchant: Merchant, fingerprint: str = SAME, *, at=NOW) -> str:
    with pytest.raises(Refused) as refused:
        begin(merchant, "k1", fingerprint, at=at)
    return refused.value.code


@pytest.mark.django_db
def test_the_second_waits_for_the_first_and_then_gets_its_answer() -> None:
    merchant = make_merchant()
    run = begun(merchant)

    assert refusal(merchant) == "idempotency_running"
    finish(run, ANSWER)
    assert begin(merchant, "k1", SAME, at=NOW) == ANSWER
    assert IdempotentRequest.objects.count() == 1


@pytest.mark.django_db
def test_another_request_under_the_same_key_is_refused_while_the_first_runs_and_after() -> None:
    merchant = make_merchant()
    run = begun(merchant)

    assert refusal(merchant, OTHER) == "idempotency_key_reused"
    finish(run, ANSWER)
    assert refusal(merchant, OTHER) == "idempotency_key_reused"


@pytest.mark.django_db
def test_a_key_is_its_merchant_s_own() -> None:
    mine, theirs = make_merchant(), make_merchant()
    finish(begun(mine), ANSWER)

    assert begun(theirs)
    assert begun(mine, "k2")


@pytest.mark.django_db
def test_what_failed_through_our_fault_is_done_again() -> None:
    merchant = make_merchant()
    give_up(begun(merchant))

    assert begun(merchant)


@pytest.mark.django_db
def test_a_run_that_was_killed_is_taken_over_and_cannot_answer_any_more() -> None:
    merchant = make_merchant()
    killed = begun(merchant)

    assert refusal(merchant, at=NOW + LONGEST_RUN - TICK) == "idempotency_running"
    assert refusal(merchant, OTHER, at=NOW + LONGEST_RUN) == "idempotency_key_reused"
    successor = begun(merchant, at=NOW + LONGEST_RUN)
    finish(killed, Answer(500, {}, b"late"))
    give_up(killed)
    assert refusal(merchant, at=NOW + LONGEST_RUN) == "idempotency_running"
    finish(successor, ANSWER)
    assert begin(merchant, "k1", SAME, at=NOW + LONGEST_RUN) == ANSWER


@pytest.mark.django_db
def test_an_answer_is_kept_for_a_day() -> None:
    merchant = make_merchant()
    finish(begun(merchant), ANSWER)

    assert begin(merchant, "k1", SAME, at=NOW + KEPT_FOR - TICK) == ANSWER
    assert begun(merchant, fingerprint=OTHER, at=NOW + KEPT_FOR)


@pytest.mark.django_db
def test_pruning_takes_what_is_older_than_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    merchant = make_merchant()
    for key, age in (("old", KEPT_FOR), ("young", KEPT_FOR - TICK)):
        finish(begun(merchant, key, at=NOW - age), ANSWER)
    begun(merchant, "old-and-never-done", at=NOW - 2 * KEPT_FOR)

    assert prune(at=NOW) == 2
    assert [row.key for row in IdempotentRequest.objects.all()] == ["young"]
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW + TICK)
    assert prune_idempotency() == 1


def _begin_at_once(merchant: Merchant, how_many: int) -> list[str]:
    """What becomes of so many who begin the same request at the same moment."""
    start = Barrier(how_many)

    def try_to_begin(_who: int) -> str:
        try:
            start.wait(timeout=10)
            return type(begin(merchant, "k1", SAME, at=NOW)).__name__
        except Refused as refused:
            return refused.code
        finally:
            connection.close()

    with ThreadPoolExecutor(how_many) as pool:
        return sorted(pool.map(try_to_begin, range(how_many)))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_those_who_begin_at_once_one_runs() -> None:
    merchant = make_merchant()

    assert _begin_at_once(merchant, 4) == ["Run"] + ["idempotency_running"] * 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_those_who_take_over_at_once_one_runs() -> None:
    merchant = make_merchant()
    begun(merchant, at=NOW - LONGEST_RUN)

    assert _begin_at_once(merchant, 4) == ["Run"] + ["idempotency_running"] * 3


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_looking_first_and_writing_then_would_let_both_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the tests above can fail: the same race, where a row is looked for and its uniqueness not relied on."""
    merchant, between = make_merchant(), Barrier(2)
    create = Manager.create

    def look_and_create(manager: Manager, **told):
        is_there = IdempotentRequest.objects.filter(merchant=merchant, key="k1").exists()
        between.wait(timeout=10)
        assert not is_there
        return create(manager, **told | {"key": f"k1-{told['run']}"})

    monkeypatch.setattr(type(IdempotentRequest.objects), "create", look_and_create)

    assert _begin_at_once(merchant, 2) == ["Run", "Run"]
