"""Two at once at one round: of two who answer a silence one does, and a decision or the silence counts, never both. Each
with what happens without the lock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import connection

from accounts.models import AuditEntry
from core.errors import Refused
from licensing.approvals import reviewing, silence
from licensing.approvals.locks import lock_round
from licensing.models import Round
from tests.licensing import approving
from tests.licensing.approving import first_version, in_review, member, reviewer, track_of
from tests.licensing.test_approvals_time import DUE

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def unlocked(shown: Round) -> Round:
    return Round.objects.select_related("submission__version__article", "submission__version__licence__merchant").get(
        pk=shown.pk
    )


@pytest.fixture
def shown() -> Round:
    the_licence = approving.licence(silence_rule="deemed_disapproved")
    licensee = member(the_licence)
    return in_review(track_of(first_version(the_licence, licensee), "product"), licensee, reviewer())


def at_once(monkeypatch: pytest.MonkeyPatch, lock: Callable[[Round], Round], *calls: Callable[[], Any]) -> list[Any]:
    """What each comes back with. Each goes on when all have read the round, or when the others plainly wait for it."""
    read = Barrier(len(calls))

    def together(one: Round) -> Round:
        locked = lock(one)
        try:
            read.wait(0.5)
        except BrokenBarrierError:
            pass
        return locked

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call().state
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()

    monkeypatch.setattr(silence, "lock_round", together)
    monkeypatch.setattr(reviewing, "lock_round", together)
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def told() -> list[str]:
    """How the round was ended, as the audit has it."""
    ends = ("round.silence", "round.revision_required")
    return sorted(AuditEntry.objects.filter(verb__in=ends).values_list("verb", flat=True))


def answer(shown: Round) -> Callable[[], Round]:
    return lambda: silence.answer_silence(Round.objects.get(pk=shown.pk), at=DUE)


def send_back(shown: Round) -> Callable[[], Round]:
    return lambda: reviewing.require_revision(
        Round.objects.get(pk=shown.pk), by=shown.opened_by, at=DUE, reasons=["colour"]
    )


def test_of_two_who_answer_a_silence_one_does(shown: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    found = at_once(monkeypatch, lock_round, answer(shown), answer(shown))

    assert found == ["deemed_disapproved"] * 2
    assert told() == ["round.silence"]


def test_without_the_lock_both_answer_it(shown: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    at_once(monkeypatch, unlocked, answer(shown), answer(shown))

    assert told() == ["round.silence"] * 2


def test_a_decision_or_the_silence_counts(shown: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    found = at_once(monkeypatch, lock_round, send_back(shown), answer(shown))

    shown.refresh_from_db()
    assert (shown.state, told(), found) in [
        ("revision_required", ["round.revision_required"], ["revision_required", "revision_required"]),
        ("deemed_disapproved", ["round.silence"], ["wrong_state", "deemed_disapproved"]),
    ]


def test_without_the_lock_both_are_told_and_one_is_lost(shown: Round, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: whoever writes last overwrites the other, who was told that it counts."""
    found = at_once(monkeypatch, unlocked, send_back(shown), answer(shown))

    assert found == ["revision_required", "deemed_disapproved"]
    assert told() == ["round.revision_required", "round.silence"]
