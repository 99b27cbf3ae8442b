"""Exclusivity over time, territory and amendments; and the end of a term."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from core.errors import Refused
from licensing import services
from licensing.models import Grant, Licence
from licensing.services import GrantTerms
from tests.factories import make_category, make_film, make_licence, make_merchant

State = Licence.State
pytestmark = pytest.mark.django_db


def collides(call: Callable[[], Any]) -> bool:
    """Whether it is refused because of LIC-THEIRS; any other refusal is an error."""
    try:
        call()
    except Refused as refused:
        if (refused.code, refused.facts) != ("grant_overlaps", {"licence": "LIC-THEIRS"}):
            raise
        return True
    return False


def pair(theirs: dict[str, Any], mine: dict[str, Any]) -> Licence:
    """Another merchant's executed licence LIC-THEIRS and a draft of the same film."""
    film = make_film()
    make_licence(film, make_merchant(), number="LIC-THEIRS", **theirs)
    return make_licence(film, make_merchant(), **{"state": State.DRAFT} | mine)


@pytest.mark.parametrize(
    "theirs, mine, expected",
    [
        # They sell off while I am to be the only one.
        (
            {"ends_on": date(2026, 5, 31), "sell_off_days": 30},
            {"starts_on": date(2026, 6, 1), "is_exclusive": True},
            True,
        ),
        (
            {"ends_on": date(2026, 5, 31), "sell_off_days": 30},
            {"starts_on": date(2026, 7, 1), "is_exclusive": True},
            False,
        ),
        # They were the only one for their term; their sell-off is not exclusive.
        (
            {"ends_on": date(2026, 5, 31), "sell_off_days": 30, "is_exclusive": True},
            {"starts_on": date(2026, 6, 1)},
            False,
        ),
        # I sell off while they are to be the only one.
        (
            {"starts_on": date(2026, 6, 1), "is_exclusive": True},
            {"ends_on": date(2026, 5, 31), "sell_off_days": 1},
            True,
        ),
        ({"starts_on": date(2026, 6, 1), "is_exclusive": True}, {"ends_on": date(2026, 5, 31)}, False),
        # Days are those of each one's zone: New York's last day of May ends after Shanghai's first of June began.
        (
            {"ends_on": date(2026, 5, 31), "time_zone": "America/New_York", "is_exclusive": True},
            {"starts_on": date(2026, 6, 1)},
            True,
        ),
        (
            {"ends_on": date(2026, 5, 31), "is_exclusive": True},
            {"starts_on": date(2026, 6, 1), "time_zone": "America/New_York"},
            False,
        ),
        # What has expired was had in its days all the same.
        ({"state": State.EXPIRED, "is_exclusive": True}, {}, True),
    ],
)
def test_time(theirs: dict[str, Any], mine: dict[str, Any], expected: bool) -> None:
    licence = pair(theirs, mine)

    assert collides(lambda: services.execute_licence(licence, by=None)) is expected


@pytest.mark.parametrize(
    "theirs, mine, expected",
    [
        # An exclusion of one grant beats another grant of the same licence, as at the gate.
        ([("*", "CN"), ("CN", "")], [("CN", "")], False),
        ([("*", ""), ("CN", "")], [("CN", "")], True),
        ([("US", ""), ("CN", "")], [("*", "US CN")], False),
        ([("US", ""), ("CN", "")], [("*", "US")], True),
        ([("*", "US CN")], [("*", "JP")], True),
        ([("*", "*")], [("*", "")], False),
    ],
)
def test_world_and_exclusions(theirs: Any, mine: Any, expected: bool) -> None:
    film = make_film()
    made = [
        make_licence(film, make_merchant(), number="LIC-THEIRS", is_exclusive=True),
        make_licence(film, make_merchant(), state=State.DRAFT),
    ]
    Grant.objects.all().delete()
    for licence, rows in zip(made, (theirs, mine), strict=True):
        for countries, excluded in rows:
            Grant.objects.create(
                licence=licence, countries=countries.split(), excluded_countries=excluded.split(), channels=["*"]
            )

    assert collides(lambda: services.execute_licence(made[1], by=None)) is expected


def test_a_category_that_neither_names_is_shared_by_grants_of_all() -> None:
    film, mugs, shirts = make_film(), make_category("mugs"), make_category("shirts")
    make_licence(film, make_merchant(), number="LIC-THEIRS", is_exclusive=True, category=mugs)
    licence = make_licence(film, make_merchant(), category=shirts)

    assert collides(lambda: services.set_grants(licence, [GrantTerms(None, ["*"], ["own_shop"])], by=None)) is True
    assert licence.grants.get().category == shirts


def test_a_longer_term_and_a_longer_sell_off_are_looked_at_too() -> None:
    licence = pair(
        {"starts_on": date(2027, 1, 1), "is_exclusive": True}, {"ends_on": date(2026, 12, 1), "state": State.EXECUTED}
    )

    assert collides(lambda: services.edit_licence(licence, by=None, ends_on=date(2026, 12, 31))) is False
    assert collides(lambda: services.edit_licence(licence, by=None, ends_on=date(2027, 1, 1))) is True
    assert collides(lambda: services.edit_licence(licence, by=None, sell_off_days=1)) is True

    licence.refresh_from_db()
    assert (licence.ends_on, licence.sell_off_days) == (date(2026, 12, 31), 0)


def test_a_draft_that_is_made_exclusive_is_refused_when_it_is_saved() -> None:
    licence = pair({}, {})

    assert collides(lambda: services.edit_licence(licence, by=None, is_exclusive=True)) is True
    assert collides(
        lambda: services.create_licence(
            by=None, number="LIC-9", film=licence.film, merchant=make_merchant(), is_exclusive=True,
            starts_on=date(2026, 1, 1), ends_on=date(2026, 1, 1), grants=[GrantTerms(None, ["FR"])],
        )
    ) is True  # fmt: skip
    assert not Licence.objects.filter(number="LIC-9").exists()


def test_a_suspended_licence_keeps_its_place_until_it_is_reinstated() -> None:
    licence = pair({"state": State.SUSPENDED, "is_exclusive": True}, {})

    assert collides(lambda: services.execute_licence(licence, by=None)) is True
    services.reinstate_licence(Licence.objects.get(number="LIC-THEIRS"), by=None)
    assert collides(lambda: services.execute_licence(licence, by=None)) is True


def _two_amendments_at_once() -> list[date]:
    """An exclusive licence is made to begin earlier as another's term is made longer: both save at the same moment."""
    film = make_film()
    late = make_licence(
        film, make_merchant(), is_exclusive=True, starts_on=date(2027, 1, 1), ends_on=date(2027, 6, 30),
    )  # fmt: skip
    early = make_licence(film, make_merchant(), ends_on=date(2026, 12, 31))
    Grant.objects.filter(licence=late).update(countries=["FR"])
    start = Barrier(2)

    def save(change: Callable[[], Any]) -> None:
        try:
            start.wait(timeout=10)
            change()
        except Refused:
            pass
        finally:
            connection.close()

    # The one takes in Germany in 2027, the other grants Germany exclusively then.
    Grant.objects.filter(licence=early).update(countries=["DE"])
    changes = [
        lambda: services.edit_licence(early, by=None, ends_on=date(2027, 3, 31)),
        lambda: services.set_grants(late, [GrantTerms(None, ["FR", "DE"])], by=None),
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save, changes))
    grown = [Licence.objects.get(pk=early.pk).ends_on == date(2027, 3, 31)]
    return [*grown, Grant.objects.get(licence=late).countries == ["FR", "DE"]]  # type: ignore[return-value]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_amendments_that_collide_one_is_saved() -> None:
    assert sorted(_two_amendments_at_once()) == [False, True]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_films_lock_both_amendments_would_be_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above can fail."""
    between, check = Barrier(2), services.refuse_overlap

    def check_and_wait(licence: Licence) -> None:
        check(licence)
        between.wait(timeout=10)

    monkeypatch.setattr("licensing.locks.lock_film", lambda film: None)
    monkeypatch.setattr(services, "refuse_overlap", check_and_wait)

    assert _two_amendments_at_once() == [True, True]


# -- amendments and the end -------------------------------------------------------------------------


def test_an_amendment_moves_what_amendments_move() -> None:
    licence = make_licence(make_film(), make_merchant())
    terms = {
        "sell_off_days": 60, "unit_cap": 500, "needs_labels": True, "needs_approval": True, "silence_rule": "escalated",
        "review_days": 5, "calendar": "US", "grace_days": 3,
    }  # fmt: skip

    services.edit_licence(licence, by=None, floors={"USD": 1500, "CNY": 9900}, **terms)

    licence.refresh_from_db()
    assert {name: getattr(licence, name) for name in terms} == terms
    assert dict(licence.price_floors.values_list("currency", "amount")) == {"USD": 1500, "CNY": 9900}


@pytest.mark.parametrize(
    "change, code",
    [
        ({"unit_cap": 6}, "unit_cap_below_used"),
        ({"calendar": "Mars"}, "unknown_calendar"),
        ({"sell_off_days": 9_999}, "too_many_days"),
        ({"floors": {"ABC": 5}}, "unknown_currency"),
        ({"floors": {"USD": 0}}, "price_not_positive"),
    ],
)
def test_an_amendment_that_cannot_be_is_refused(change: dict[str, Any], code: str) -> None:
    licence = make_licence(make_film(), make_merchant(), units_used=7)

    with pytest.raises(Refused) as refused:
        services.edit_licence(licence, by=None, **change)

    licence.refresh_from_db()
    assert refused.value.code == code
    assert (licence.unit_cap, licence.calendar, licence.sell_off_days, licence.price_floors.count()) == (
        None,
        "CN",
        0,
        0,
    )


#: The term ends with 30 June in Shanghai, the sell-off with 10 July, the days of grace with 13 July.
OVER = datetime(2026, 7, 13, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "state, at, expected",
    [
        (State.EXECUTED, OVER, State.EXPIRED),
        (State.EXECUTED, OVER.replace(hour=15, minute=59), State.EXECUTED),
        (State.SUSPENDED, OVER, State.SUSPENDED),
        (State.DRAFT, OVER, State.DRAFT),
        (State.TERMINATED, OVER, State.TERMINATED),
    ],
)
def test_beat_expires_what_is_over_and_executed(state: State, at: datetime, expected: State) -> None:
    licence = make_licence(
        make_film(), make_merchant(), state=state, ends_on=date(2026, 6, 30), sell_off_days=10, grace_days=3
    )

    count = services.end_terms(at=at)
    again = services.end_terms(at=at)

    licence.refresh_from_db()
    assert (licence.state, count, again) == (expected, int(expected == State.EXPIRED and state != expected), 0)


def test_a_licence_is_not_expired_before_it_is_over_and_not_amended_afterwards() -> None:
    licence = make_licence(make_film(), make_merchant(), state=State.SUSPENDED, ends_on=date(2026, 7, 13))

    with pytest.raises(Refused) as early:
        services.expire_licence(licence, by=None, at=OVER.replace(hour=15))
    services.expire_licence(licence, by=None, at=OVER)
    with pytest.raises(Refused) as late:
        services.edit_licence(licence, by=None, ends_on=date(2027, 1, 1))

    assert (early.value.code, early.value.facts) == ("licence_not_over", {"day": "2026-07-14"})
    assert late.value.code == "wrong_state"
