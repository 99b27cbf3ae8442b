"""Deadlines in business days, reminders, and what silence means."""

import threading
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from core.errors import Refused
from licensing.approvals import reviewing, silence, versions
from licensing.approvals.deadlines import business_day_after, instant_after, is_business_day, known_calendar
from licensing.approvals.words import time_left
from licensing.models import Certificate, Reminder, Round
from tests.factories import NOW
from tests.licensing import approving
from tests.licensing.approving import approver, first_version, member, pass_version, reviewer, submitted, track_of

SHANGHAI = {"calendar": "CN", "zone": "Asia/Shanghai"}
#: Ten business days after Sunday 22 November 2026 in Shanghai: Friday 4 December has ended there.
DUE = datetime(2026, 12, 4, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 9, 20), True),  # a Sunday that is worked for the National Day
        (date(2026, 10, 10), True),  # a Saturday that is worked for it
        (date(2026, 10, 11), False),
        (date(2026, 2, 14), True),  # a Saturday that is worked for the Spring Festival
        (date(2026, 2, 16), False),
    ],
)
def test_china_rests_and_makes_up(day: date, works: bool) -> None:
    assert is_business_day(day, "CN") is works


def test_other_calendars_are_their_own() -> None:
    assert is_business_day(date(2026, 10, 1), "US")
    assert not is_business_day(date(2026, 11, 26), "US")
    assert not is_business_day(date(2026, 3, 31), "US-CA")
    assert is_business_day(date(2026, 3, 31), "US-NY")
    assert known_calendar("US-CA") == "US-CA"
    for wrong in ("XX", "CN-ZZ", ""):
        with pytest.raises(Refused, check=lambda refusal: refusal.code == "unknown_calendar"):
            known_calendar(wrong)


def test_the_day_of_receipt_is_not_counted_and_the_zone_says_which_it_is() -> None:
    evening = datetime(2026, 9, 30, 15, 59, tzinfo=UTC)  # 23:59 of 30 September in Shanghai
    midnight = evening + timedelta(minutes=1)

    assert instant_after(evening, 1, **SHANGHAI) == datetime(2026, 10, 8, 16, tzinfo=UTC)
    assert instant_after(midnight, 1, **SHANGHAI) == datetime(2026, 10, 8, 16, tzinfo=UTC)
    assert instant_after(evening, 3, **SHANGHAI) == datetime(2026, 10, 10, 16, tzinfo=UTC)
    assert instant_after(evening - timedelta(days=1), 1, **SHANGHAI) == datetime(2026, 9, 30, 16, tzinfo=UTC)
    assert business_day_after(date(2026, 10, 9), 2, "CN") == date(2026, 10, 12)


def test_parts_of_a_day_are_parts_of_a_business_day() -> None:
    friday = datetime(2026, 10, 30, 12, tzinfo=UTC)

    half = instant_after(friday, Fraction(1, 2), calendar="US", zone="America/New_York")
    whole = instant_after(friday, 1, calendar="US", zone="America/New_York")

    # The clocks changed on the Sunday in between, which is not counted.
    assert half == datetime(2026, 11, 2, 17, tzinfo=UTC)
    assert whole == datetime(2026, 11, 3, 5, tzinfo=UTC)


def waiting(rule: str = "deemed_disapproved", track: str = "product") -> Round:
    the_licence = approving.licence(silence_rule=rule)
    licensee = member(the_licence)
    return submitted(track_of(first_version(the_licence, licensee), track), licensee)


@pytest.mark.django_db
def test_the_clock_runs_from_receipt_and_an_amendment_moves_it_not() -> None:
    shown = waiting()
    licence = shown.submission.version.licence
    licence.review_days, licence.silence_rule = 1, "deemed_approved"
    licence.save()

    reviewing.open_round(shown, by=approver(), at=NOW + timedelta(days=3))

    shown.refresh_from_db()
    assert (shown.half_at, shown.late_at, shown.due_at) == (
        datetime(2026, 11, 27, 16, tzinfo=UTC),
        datetime(2026, 12, 2, 16, tzinfo=UTC),
        DUE,
    )
    assert shown.silence_rule == "deemed_disapproved"


@pytest.mark.django_db
def test_time_left_is_told_in_business_days() -> None:
    shown = waiting()
    licence = shown.submission.version.licence

    told = [time_left(shown, licence, at=at) for at in (NOW, shown.late_at, DUE - timedelta(hours=1), DUE)]
    late = time_left(shown, licence, at=DUE + timedelta(days=4))

    assert [(left.words, left.tone) for left in told] == [
        ("10 business days left", "calm"),
        ("2 business days left", "soon"),
        ("Due today", "soon"),
        ("Overdue since today", "late"),
    ]
    assert (late.words, late.tone) == ("2 business days overdue", "late")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rule", "becomes", "stage"),
    [
        ("deemed_disapproved", "deemed_disapproved", "concept"),
        ("deemed_approved", "deemed_approved", "pre_production"),
        ("escalated", "escalated", "concept"),
    ],
)
def test_silence_means_what_the_licence_says(rule: str, becomes: str, stage: str) -> None:
    shown = waiting(rule)

    silence.tend_deadlines(at=DUE - timedelta(microseconds=1))
    assert Round.objects.get().state == "submitted"
    for _again in range(2):
        silence.tend_deadlines(at=DUE)

    shown.refresh_from_db()
    shown.submission.refresh_from_db()
    assert (shown.state, shown.submission.stage, shown.decided_by) == (becomes, stage, None)


@pytest.mark.django_db
def test_what_is_escalated_is_decided_late_and_what_is_disapproved_shown_again() -> None:
    escalated = waiting("escalated")
    silence.tend_deadlines(at=DUE)
    reviewing.approve(escalated, by=approver(), at=DUE + timedelta(days=1))

    escalated.refresh_from_db()
    assert escalated.state == "approved"


@pytest.mark.django_db
def test_the_last_silence_issues_the_certificate() -> None:
    the_licence = approving.licence(silence_rule="deemed_approved")
    licensee, judge = member(the_licence), approver()
    version = pass_version(first_version(the_licence, licensee), licensee, judge, ["product", "packaging"])
    submission = track_of(version, "marketing")
    approving.approved(submission, licensee, judge)
    submission.refresh_from_db()
    submitted(submission, licensee)

    silence.tend_deadlines(at=DUE)

    assert list(Certificate.objects.values_list("version", "issued_at")) == [(1, DUE)]


@pytest.mark.django_db
def test_a_withdrawn_version_hears_no_silence() -> None:
    shown = waiting("deemed_approved")
    versions.withdraw_version(shown.submission.version, by=shown.submitted_by, at=NOW)

    silence.tend_deadlines(at=DUE)

    shown.refresh_from_db()
    assert (shown.state, Reminder.objects.count()) == ("submitted", 0)


@pytest.mark.django_db
def test_each_part_of_the_time_is_reminded_of_once() -> None:
    reviewer()
    approver()
    shown = waiting()
    letters = []
    for at in (shown.half_at - timedelta(seconds=1), shown.half_at, shown.half_at, shown.late_at, DUE, DUE):
        mail.outbox.clear()
        silence.tend_deadlines(at=at)
        letters.append(sorted(letter.to[0] for letter in mail.outbox))

    both = ["approver@studio.example", "reviewer@studio.example"]
    assert letters == [[], both, [], both, ["approver@studio.example", "licensee@merchant.example"], []]
    assert list(Reminder.objects.order_by("percent").values_list("percent", flat=True)) == [50, 80, 100]
    assert not Reminder.objects.filter(sent_at=None).exists()


@pytest.mark.django_db
def test_a_reminder_whose_mail_server_is_away_is_sent_later(monkeypatch: pytest.MonkeyPatch) -> None:
    reviewer()
    shown = waiting()

    def away(*_args: Any, **_kwargs: Any) -> None:
        raise ConnectionRefusedError

    with monkeypatch.context() as patched:
        patched.setattr("licensing.approvals.silence.write_reminder", away)
        silence.tend_deadlines(at=shown.half_at)
    silence.tend_deadlines(at=shown.half_at + timedelta(minutes=1))
    assert mail.outbox == []
    silence.tend_deadlines(at=shown.half_at + silence.TRY_AGAIN_AFTER + timedelta(minutes=1))

    assert [letter.to for letter in mail.outbox] == [["reviewer@studio.example"]]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_answer_one_silence_and_write_one_letter() -> None:
    approver()
    shown = waiting("deemed_approved")
    start = threading.Barrier(2)
    failed: list[BaseException] = []

    def work() -> None:
        try:
            start.wait()
            silence.tend_deadlines(at=DUE)
        except BaseException as error:  # noqa: BLE001 told by the thread that asserts
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    shown.submission.refresh_from_db()
    assert failed == []
    assert (shown.submission.stage, shown.submission.rounds.get().state) == ("pre_production", "deemed_approved")
    assert Reminder.objects.filter(percent=100).count() == 1
    assert sorted(letter.to[0] for letter in mail.outbox) == ["approver@studio.example", "licensee@merchant.example"]
