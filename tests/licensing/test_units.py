"""A licence's units are counted once: in all, and of declared stock in the sell-off."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import AuditEntry
from core.errors import Refused
from licensing import units
from licensing.models import InventoryLine, InventoryStatement, Licence
from licensing.sell_off import declare_inventory
from licensing.units import give_back_units, take_units
from tests.factories import make_film, make_licence, make_merchant

#: The term ends with 30 June in Shanghai; the last day of the sell-off is 29 August.
IN_TERM = datetime(2026, 6, 30, 15, 59, 59, 999999, tzinfo=UTC)
IN_SELL_OFF = datetime(2026, 6, 30, 16, 0, tzinfo=UTC)
LATER = datetime(2026, 7, 20, tzinfo=UTC)


def licence_of(**terms: Any) -> Licence:
    return make_licence(
        make_film(), make_merchant(), number="LIC-1", **{"ends_on": date(2026, 6, 30), "sell_off_days": 60} | terms
    )


def declared(licence: Licence, lines: dict[str, int], stated_on: date = date(2026, 7, 1), at: datetime = LATER) -> Any:
    return declare_inventory(licence, lines, stated_on=stated_on, by=None, at=at)


def counts(licence: Licence) -> tuple[int, dict[str, int]]:
    """Units used, and units sold of each declared article by the statement that counts."""
    last = InventoryStatement.objects.order_by("-created_at", "-pk").first()
    sold = dict(last.lines.values_list("sku", "sold")) if last else {}
    return Licence.objects.get(pk=licence.pk).units_used, sold


def refusal(call: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code, refused.value.facts


@pytest.mark.django_db
def test_units_are_taken_up_to_the_cap() -> None:
    licence = licence_of(unit_cap=10)

    take_units(licence, "TEE", 7, at=IN_TERM)
    found = refusal(lambda: take_units(licence, "TEE", 4, at=IN_TERM))
    take_units(licence, "MUG", 3, at=IN_TERM)

    assert found == ("unit_cap_reached", {"licence": "LIC-1", "cap": 10, "left": 3})
    assert counts(licence) == (10, {})


@pytest.mark.django_db
def test_units_are_counted_without_a_cap_too_so_that_one_can_be_set_later() -> None:
    licence = licence_of(unit_cap=None)

    take_units(licence, "TEE", 7, at=IN_TERM)

    assert counts(licence) == (7, {})


@pytest.mark.django_db
def test_after_the_term_only_declared_stock_is_taken() -> None:
    licence = licence_of()
    before = refusal(lambda: take_units(licence, "TEE", 1, at=IN_SELL_OFF))
    declared(licence, {"TEE": 5})

    take_units(licence, "TEE", 4, at=LATER)
    too_many = refusal(lambda: take_units(licence, "TEE", 2, at=LATER))
    other = refusal(lambda: take_units(licence, "MUG", 1, at=LATER))

    assert before == ("sell_off_quantity_exhausted", {"sku": "TEE", "left": 0})
    assert too_many == ("sell_off_quantity_exhausted", {"sku": "TEE", "left": 1})
    assert other == ("sell_off_quantity_exhausted", {"sku": "MUG", "left": 0})
    assert counts(licence) == (4, {"TEE": 4})


@pytest.mark.django_db
def test_a_refusal_counts_nothing_even_when_its_transaction_goes_on() -> None:
    licence = licence_of(unit_cap=100)

    with transaction.atomic():
        found = refusal(lambda: take_units(licence, "TEE", 1, at=LATER))

    assert found[0] == "sell_off_quantity_exhausted"
    assert counts(licence) == (0, {})


@pytest.mark.django_db
def test_the_last_declared_unit_turns_the_shelf_and_no_other(django_capture_on_commit_callbacks: Any) -> None:
    licence = licence_of()
    declared(licence, {"TEE": 3})

    with django_capture_on_commit_callbacks() as first:
        take_units(licence, "TEE", 2, at=LATER)
    with django_capture_on_commit_callbacks() as last:
        take_units(licence, "TEE", 1, at=LATER)
    moved = Licence.objects.get().updated_at
    with django_capture_on_commit_callbacks() as back:
        give_back_units(licence, "TEE", 1, taken_at=LATER, at=LATER)

    assert (len(first), len(last), len(back), moved) == (0, 1, 1, LATER)
    assert counts(licence) == (2, {"TEE": 2})


@pytest.mark.django_db
def test_what_comes_back_can_be_sold_again_where_it_was_counted() -> None:
    licence = licence_of(unit_cap=10)
    take_units(licence, "TEE", 4, at=IN_TERM)
    declared(licence, {"TEE": 5})
    take_units(licence, "TEE", 2, at=LATER)

    give_back_units(licence, "TEE", 3, taken_at=IN_TERM, at=LATER)
    in_term = counts(licence)
    give_back_units(licence, "TEE", 1, taken_at=LATER, at=LATER)

    assert in_term == (3, {"TEE": 2})
    assert counts(licence) == (2, {"TEE": 1})
    assert refusal(lambda: give_back_units(licence, "TEE", 3, taken_at=LATER, at=LATER)) == ("not_taken", {})
    assert counts(licence) == (2, {"TEE": 1})


@pytest.mark.django_db
def test_a_new_count_is_of_what_is_left_and_knows_nothing_of_what_was_sold_before() -> None:
    licence = licence_of()
    declared(licence, {"TEE": 9})
    take_units(licence, "TEE", 4, at=LATER)
    declared(licence, {"TEE": 5}, stated_on=date(2026, 7, 25), at=datetime(2026, 7, 26, tzinfo=UTC))

    give_back_units(licence, "TEE", 1, taken_at=LATER, at=datetime(2026, 7, 27, tzinfo=UTC))

    assert counts(licence) == (3, {"TEE": 0})


# -- statements -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_correction_keeps_what_was_sold_and_goes_no_lower() -> None:
    licence = licence_of()
    declared(licence, {"TEE": 9, "MUG": 2})
    take_units(licence, "TEE", 4, at=LATER)

    lower = refusal(lambda: declared(licence, {"TEE": 3}))
    corrected = declared(licence, {"TEE": 6, "CAP": 1})

    assert lower == ("inventory_below_sold", {"sku": "TEE", "sold": 4})
    assert list(corrected.lines.order_by("sku").values_list("sku", "declared", "sold")) == [
        ("CAP", 1, 0),
        ("TEE", 6, 4),
    ]
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True)) == ["licence.inventory_declared"] * 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "terms, lines, stated_on, code",
    [
        ({"sell_off_days": 0}, {"TEE": 1}, date(2026, 7, 1), "no_sell_off"),
        ({"state": "draft"}, {"TEE": 1}, date(2026, 7, 1), "wrong_state"),
        ({"state": "terminated"}, {"TEE": 1}, date(2026, 7, 1), "wrong_state"),
        ({}, {" ": 1}, date(2026, 7, 1), "inventory_empty"),
        ({}, {"TEE": -1}, date(2026, 7, 1), "stock_negative"),
        ({}, {"TEE": 1}, date(2026, 7, 21), "inventory_in_future"),
    ],
)
def test_a_statement_that_cannot_be_is_refused(
    terms: dict[str, Any], lines: dict[str, int], stated_on: date, code: str
) -> None:
    licence = licence_of(**terms)

    assert refusal(lambda: declared(licence, lines, stated_on))[0] == code
    assert not InventoryStatement.objects.exists()


@pytest.mark.django_db
def test_an_older_statement_does_not_replace_a_newer_one() -> None:
    licence = licence_of()
    declared(licence, {"TEE": 5}, date(2026, 7, 10))

    found = refusal(lambda: declared(licence, {"TEE": 50}, date(2026, 7, 1)))

    assert found == ("inventory_outdated", {"day": "2026-07-10"})
    assert InventoryLine.objects.get().declared == 5


# -- many at once -----------------------------------------------------------------------------------

TAKERS, LEFT = 40, 10


def _forty_take_one_each(licence: Licence, at: datetime) -> int:
    """How many of forty who come at the same moment get one unit."""
    start = Barrier(8)

    def take(number: int) -> bool:
        try:
            if number < 8:
                start.wait(timeout=10)
            take_units(licence, "TEE", 1, at=at)
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        return sum(pool.map(take, range(TAKERS)))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_forty_takers_of_the_last_ten_units_of_a_cap_ten_get_one() -> None:
    licence = licence_of(unit_cap=LEFT)

    assert _forty_take_one_each(licence, IN_TERM) == LEFT
    assert counts(licence) == (LEFT, {})


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_forty_takers_of_the_last_ten_declared_units_ten_get_one() -> None:
    licence = licence_of()
    declared(licence, {"TEE": LEFT})

    assert _forty_take_one_each(licence, LATER) == LEFT
    assert counts(licence) == (LEFT, {"TEE": LEFT})


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_looks_first_and_counts_afterwards_lets_more_take_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the tests above can fail: the same takers, who read what is left and write what they think is right."""
    licence = licence_of(unit_cap=LEFT)
    between = Barrier(8)

    def look_then_count(found: Licence, sku: str, quantity: int, *, at: datetime) -> None:
        row = Licence.objects.get(pk=found.pk)
        if row.units_used + quantity > LEFT:
            raise Refused("unit_cap_reached")
        if row.units_used == 0:
            between.wait(timeout=10)
        Licence.objects.filter(pk=found.pk).update(units_used=row.units_used + quantity)

    monkeypatch.setitem(globals(), "take_units", look_then_count)

    assert _forty_take_one_each(licence, IN_TERM) > LEFT
    assert counts(licence)[0] <= LEFT
    assert units.take_units is not look_then_count


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_correction_while_units_are_sold_loses_none_of_them() -> None:
    licence = licence_of()
    declared(licence, {"TEE": 30})

    def take(_number: int) -> None:
        try:
            take_units(licence, "TEE", 1, at=LATER)
        finally:
            connection.close()

    def correct(number: int) -> None:
        try:
            declared(licence, {"TEE": 30 + number}, at=LATER.replace(hour=number + 1))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        done = [pool.submit(take, n) if n % 4 else pool.submit(correct, n // 4) for n in range(24)]
        for future in done:
            future.result()

    assert counts(licence) == (18, {"TEE": 18})
