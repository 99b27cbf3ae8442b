"""The verbs of coming in: states with reasons and letters, documents that end, two at once."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.utils import timezone

from accounts.letters import WAITS, send_letters
from accounts.models import AuditEntry, Letter
from core.errors import Refused
from core.sealing import seal, unseal
from merchants import invitations, onboarding, services
from merchants.models import Event, Invitation, Merchant, Requirement, Submittal
from tests.factories import make_merchant, make_user

PDF = ("a.pdf", b"%PDF-1.7\n%%EOF\n")
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def merchant(db: None) -> Merchant:
    row = make_merchant("mill", state="applied", country="DE")
    row.members.create(user=make_user("ming", email="ming@mill.example"), role="owner")
    return row


def document(**fields: Any) -> Requirement:
    return Requirement.objects.create(kind="document", name_en="Licence", name_zh="执照", has_expiry=True, **fields)


def handed_in(merchant: Merchant, point: Requirement, last_day: date, *, accepted: bool = True) -> Submittal:
    by = merchant.members.get().user
    row = onboarding.give(merchant, point, by=by, at=AT, file=PDF, expires_on=last_day)
    return onboarding.accept(row, by=None, at=AT) if accepted else row


def test_a_state_that_is_left_says_why_to_owners_programs_and_the_trail(merchant: Merchant) -> None:
    Merchant.objects.update(state="approved")

    services.suspend_merchant(merchant, by=None, reason="Papers missing")

    assert AuditEntry.objects.get().changes == {"state": ["approved", "suspended"], "reason": "Papers missing"}
    assert Event.objects.get().data["state"] == "suspended"
    send_letters(at=timezone.now())
    assert [letter.to for letter in mail.outbox] == [["ming@mill.example"]]
    assert "Papers missing" in str(mail.outbox[0].body)


def test_a_letter_is_not_lost_when_the_mail_server_is_away(merchant: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    Merchant.objects.update(state="approved")
    services.suspend_merchant(merchant, by=None, reason="Papers missing")
    at = timezone.now()

    def away(self: Any, messages: Any) -> int:
        raise OSError("away")

    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", away)
        lost = send_letters(at=at)
    too_early = send_letters(at=at)
    later = send_letters(at=at + WAITS[0] + timedelta(seconds=1))

    assert (lost, too_early, later) == (0, 0, 1)
    assert Letter.objects.get().said == {}


def test_approval_waits_for_what_is_required(merchant: Merchant) -> None:
    point = document()
    row = handed_in(merchant, point, date(2027, 1, 31), accepted=False)
    onboarding.submit_for_review(merchant, by=None, at=AT)

    with pytest.raises(Refused, match="not complete: Licence"):
        onboarding.approve_merchant(merchant, by=None, at=AT)
    onboarding.accept(row, by=None, at=AT)

    assert onboarding.approve_merchant(merchant, by=None, at=AT).state == "approved"


@pytest.mark.parametrize("fields", [{"is_required": False}, {"countries": ["CN"]}, {"is_active": False}])
def test_what_is_not_asked_of_this_merchant_holds_nothing_up(fields: dict[str, Any], merchant: Merchant) -> None:
    document(**fields)

    assert onboarding.approve_merchant(merchant, by=None, at=AT).state == "approved"


def test_the_gate_watches_the_document_that_ends_first(merchant: Merchant) -> None:
    first, second = document(), document()
    handed_in(merchant, first, date(2027, 3, 31))
    handed_in(merchant, second, date(2027, 1, 31))
    merchant.refresh_from_db()
    before = merchant.documents_expire_on

    renewed = handed_in(merchant, second, date(2028, 1, 31), accepted=False)
    merchant.refresh_from_db()
    waiting = merchant.documents_expire_on
    onboarding.accept(renewed, by=None, at=AT)
    merchant.refresh_from_db()

    assert (before, waiting, merchant.documents_expire_on) == (date(2027, 1, 31), date(2027, 1, 31), date(2027, 3, 31))


def test_owners_are_reminded_three_times_and_not_after_a_renewal(merchant: Merchant) -> None:
    point = document()
    handed_in(merchant, point, date(2027, 1, 31))
    onboarding.approve_merchant(merchant, by=None, at=AT)
    Letter.objects.all().delete()
    last = datetime(2027, 1, 31, 12, tzinfo=UTC)

    for days in (40, 31, 30, 29, 8, 7, 7, 2, 1):
        onboarding.remind_of_documents(at=last - timedelta(days=days))
    told = list(Letter.objects.order_by("pk").values_list("about", flat=True))
    by = merchant.members.get().user
    at = last - timedelta(days=5)
    onboarding.give(merchant, point, by=by, at=at, file=PDF, expires_on=date(2029, 1, 31))
    Letter.objects.all().delete()
    onboarding.remind_of_documents(at=last - timedelta(days=1))

    assert [about.split(":")[1] for about in told] == ["30", "7", "1"]
    assert not Letter.objects.exists()


def test_a_document_that_is_over_is_not_taken(merchant: Merchant) -> None:
    with pytest.raises(Refused, match="ended on 2026-11-22"):
        handed_in(merchant, document(), date(2026, 11, 22))


def test_what_is_decided_is_decided_once(merchant: Merchant) -> None:
    row = handed_in(merchant, document(), date(2027, 1, 31))

    with pytest.raises(Refused, match="already"):
        onboarding.send_back(row, reason="No", by=None, at=AT)

    row.refresh_from_db()
    assert row.state == "accepted"


def test_what_is_given_anew_replaces_what_waits(merchant: Merchant) -> None:
    point = document()
    old = handed_in(merchant, point, date(2027, 1, 31), accepted=False)
    new = handed_in(merchant, point, date(2028, 1, 31), accepted=False)

    with pytest.raises(Refused):
        onboarding.accept(old, by=None, at=AT)
    assert [row.pk for row in Submittal.objects.filter(state="given")] == [new.pk]


def test_what_is_sealed_is_read_with_the_same_key_alone(settings: Any) -> None:
    sealed = seal("DE89")
    old = settings.SECRET_KEY

    assert "DE89" not in sealed
    assert unseal(sealed) == "DE89"
    settings.SECRET_KEY = "another-" + old
    with pytest.raises(ValueError, match="another key"):
        unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(sealed) == "DE89"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_answer_one_invitation_at_once_make_one_member() -> None:
    merchant = make_merchant("mill")
    invitations.invite(merchant, email="lin@mill.example", role="orders", language="en", by=None, at=AT)
    token = Letter.objects.get().said["address"].split("/")[-2]
    lin = make_user("lin", email="lin@mill.example")

    results = at_once(2, lambda: invitations.accept(token, lin, at=AT))

    assert sorted(results) == ["invitation_over", "ok"]
    assert merchant.members.count() == 1
    assert Invitation.objects.get().accepted_by == lin


def at_once(times: int, act: Callable[[], Any]) -> list[str]:
    barrier = Barrier(times)

    def run() -> str:
        try:
            barrier.wait()
            act()
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()
        return "ok"

    with ThreadPoolExecutor(times) as pool:
        return [one.result() for one in [pool.submit(run) for _ in range(times)]]


def test_no_applicant_takes_the_name_of_another_merchants_sandbox(merchant: Merchant) -> None:
    onboarding.apply(
        company="Mill Sandbox",
        country="DE",
        contact="Lin",
        email="lin@rival.example",
        interest="",
        language="en",
        at=AT,
    )
    send_letters(at=timezone.now())
    link = re.search(r"/panel/en/apply/(?:\w+/)?([\w-]{30,})/", str(mail.outbox[0].body))
    assert link

    onboarding.confirm_application(link[1], at=AT)

    assert Merchant.objects.exclude(pk=merchant.pk).get().slug == "mill-2"
