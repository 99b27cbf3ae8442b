"""Letters before something ends: once each, in the licence's days, to who has to know, in their language."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import connection

from licensing import notices
from licensing.documents import add_document, retire_document
from licensing.models import Licence, LicenceNotice
from licensing.notices import Ending, send_notices
from merchants.models import Member
from tests.factories import make_film, make_licence, make_merchant, make_user

pytestmark = pytest.mark.django_db

LAST = date(2026, 12, 31)


def on(day: date, hours: float = 12) -> datetime:
    """An instant of that day in Shanghai, so many hours into it."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8) + timedelta(hours=hours)


def licence_of(country: str = "HK", **terms: Any) -> Licence:
    merchant = make_merchant(country=country)
    owner = make_user("owner", is_staff=False, is_superuser=False, email="owner@shop.example")
    Member.objects.create(merchant=merchant, user=owner, role="owner")
    clerk = make_user("clerk", is_staff=False, is_superuser=False, email="clerk@shop.example")
    Member.objects.create(merchant=merchant, user=clerk, role="orders")
    return make_licence(make_film(title_en="The Ferryman"), merchant, number="LIC-1", **{"ends_on": LAST} | terms)


def staff() -> None:
    user = make_user("rights", is_superuser=False, email="rights@studio.example")
    user.user_permissions.set(Permission.objects.filter(codename="change_licence"))
    make_user("boss", email="boss@studio.example")  # may everything, and asked for no letters


def sent() -> list[tuple[str, str]]:
    found = [(letter.to[0], letter.subject) for letter in mail.outbox]
    mail.outbox.clear()
    return found


def test_each_letter_is_sent_once_on_its_day() -> None:
    licence_of()
    days = [LAST - timedelta(days=left) for left in (92, 91, 90, 89, 60, 31, 30, 29, 8, 7, 6, 1, 0, -1)]

    found = {}
    for day in days:
        for hour in (0.1, 12, 23.9):
            send_notices(at=on(day, hour))
            for _to, subject in sent():
                found[(LAST - day).days, hour] = subject

    assert found == {
        (90, 0.1): "Licence LIC-1 ends in 90 days",
        (30, 0.1): "Licence LIC-1 ends in 30 days",
        (7, 0.1): "Licence LIC-1 ends in 7 days",
    }
    assert LicenceNotice.objects.count() == 3


@pytest.mark.parametrize("left, days_before", [(91, None), (89, 90), (29, 30), (6, 7), (0, 7), (-1, None)])
def test_who_starts_late_sends_the_nearest_only(left: int, days_before: int | None) -> None:
    licence_of()

    send_notices(at=on(LAST - timedelta(days=left)))
    send_notices(at=on(LAST - timedelta(days=left)))

    assert list(LicenceNotice.objects.values_list("days_before", flat=True)) == ([days_before] if days_before else [])
    assert len(sent()) == (1 if days_before else 0)


def test_the_day_is_the_licences_own() -> None:
    licence_of(time_zone="America/New_York")
    midnight = datetime(
        2026, 10, 2, 4, 0, tzinfo=UTC
    )  # 90 days before 31 December, where New York is four hours behind

    before = send_notices(at=midnight - timedelta(microseconds=1))
    after = send_notices(at=midnight)

    assert (before, after) == (0, 1)


def test_owners_and_the_staff_of_licensing_read_it_in_their_language() -> None:
    staff()
    licence_of(country="CN", calendar="US")

    send_notices(at=on(LAST - timedelta(days=30)))

    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert sorted(letters) == ["owner@shop.example", "rights@studio.example"]
    assert letters["rights@studio.example"].subject == "Licence LIC-1 ends in 30 days"
    assert "/desk/licensing/licence/" in letters["rights@studio.example"].body
    assert "LIC-1" in letters["owner@shop.example"].subject
    assert "Licence" not in letters["owner@shop.example"].subject
    assert "/desk/" not in letters["owner@shop.example"].body


@pytest.mark.parametrize("state", ["draft", "terminated", "expired"])
def test_what_is_not_in_force_is_not_written_about(state: str) -> None:
    licence_of(state=state)

    assert send_notices(at=on(LAST - timedelta(days=30))) == 0


def test_the_sell_off_is_written_about_once_the_term_is_over() -> None:
    licence_of(sell_off_days=60)

    send_notices(at=on(LAST))
    last_day = sent()
    send_notices(at=on(LAST + timedelta(days=1)))
    first_of_sell_off = sent()
    send_notices(at=on(LAST + timedelta(days=30)))
    in_30 = sent()

    assert [subject for _to, subject in last_day] == ["Licence LIC-1 ends today"]
    assert [subject for _to, subject in first_of_sell_off] == ["The sell-off of licence LIC-1 ends in 59 days"]
    assert [subject for _to, subject in in_30] == ["The sell-off of licence LIC-1 ends in 30 days"]


def test_a_longer_term_is_written_about_anew() -> None:
    licence = licence_of()
    send_notices(at=on(LAST - timedelta(days=30)))
    Licence.objects.update(ends_on=LAST + timedelta(days=365))

    quiet = send_notices(at=on(LAST - timedelta(days=29)))
    anew = send_notices(at=on(LAST + timedelta(days=335)))

    assert (quiet, anew) == (0, 1)
    assert licence.notices.count() == 2


def test_documents_are_written_about_until_they_have_a_successor() -> None:
    licence = licence_of(ends_on=LAST + timedelta(days=900))
    made = {"by": None, "kind": "insurance", "at": on(LAST - timedelta(days=200))}
    first = add_document(licence, title="Insurance", expires_on=LAST, is_required=True, **made)
    other = add_document(licence, title="Audit", expires_on=LAST, **made)

    send_notices(at=on(LAST - timedelta(days=90)))
    both = sent()
    add_document(licence, title="Insurance 2027", expires_on=LAST + timedelta(days=365), replaces=first, **made)
    retire_document(other, by=None, at=on(LAST - timedelta(days=80)))
    none = send_notices(at=on(LAST - timedelta(days=30)))

    first.refresh_from_db()
    assert sorted(subject for _to, subject in both) == [
        "Audit of licence LIC-1 runs out in 90 days",
        "Insurance of licence LIC-1 runs out in 90 days",
    ]
    assert none == 0
    assert first.is_required is False


def test_a_letter_that_could_not_be_sent_is_sent_by_the_next_run(settings: Any, monkeypatch: Any) -> None:
    licence_of()

    class Away:
        def send(self) -> None:
            raise OSError("no mail server")

    with monkeypatch.context() as patched:
        patched.setattr(notices, "letter", lambda *args, **kwargs: Away())
        away = send_notices(at=on(LAST - timedelta(days=30)))
        kept = LicenceNotice.objects.count()
    back = send_notices(at=on(LAST - timedelta(days=29)))

    assert (away, kept, back) == (0, 0, 1)


def _four_runs_at_once(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many letters four runs send that all find the same one due."""
    licence_of()
    together, look = Barrier(4), notices.due_notices

    def look_and_wait(at: datetime) -> Iterator[Ending]:
        found = list(look(at))
        together.wait(timeout=10)
        return iter(found)

    def run(_number: int) -> int:
        try:
            return send_notices(at=on(LAST - timedelta(days=30)))
        finally:
            connection.close()

    monkeypatch.setattr(notices, "due_notices", look_and_wait)
    with ThreadPoolExecutor(4) as pool:
        return sum(pool.map(run, range(4)))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_four_runs_at_once_one_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (_four_runs_at_once(monkeypatch), len(mail.outbox)) == (1, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_row_that_claims_it_all_four_would_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above can fail."""
    monkeypatch.setattr(notices, "_claim", lambda ending, at: LicenceNotice(licence=ending.licence))

    assert (_four_runs_at_once(monkeypatch), len(mail.outbox)) == (4, 4)
