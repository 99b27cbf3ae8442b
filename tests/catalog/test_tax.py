"""Tax: exact to the cent, by country and day, and never guessed."""

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import AuditEntry
from catalog.models import TaxRate
from catalog.tax import rate_of, set_tax_class, set_tax_rate, tax_of, tax_rate
from core.errors import Refused
from core.money import round_minor, rounded
from tests.factories import NOW, make_market, make_product, make_user


@pytest.mark.parametrize(
    "amount, rate, included, tax",
    [
        (11900, "0.19", True, 1900),
        (10000, "0.19", False, 1900),
        (3600, "0.055", True, 188),
        (21, "0.05", True, 1),
        (10, "0.05", False, 0),  # half of 1 goes to the even 0
        (30, "0.05", False, 2),  # half of 3 goes to the even 2
        (-30, "0.05", False, -2),
        (19900, "0.13", True, 2289),
        (19900, "0", True, 0),
        (10**15, "0.25500", True, 203187250996016),
    ],
)
def test_tax_is_exact_to_the_minor_unit(amount: int, rate: str, included: bool, tax: int) -> None:
    assert tax_of(amount, Decimal(rate), included=included) == tax


@given(st.integers(-(10**15), 10**15), st.integers(0, 99_999))
def test_tax_within_and_on_top_agree_with_fractions(amount: int, points: int) -> None:
    rate, exact = Decimal(points).scaleb(-5), Fraction(points, 100_000)

    assert tax_of(amount, rate, included=False) == round(amount * exact)
    assert tax_of(amount, rate, included=True) == round(amount * exact / (1 + exact))


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_there_is_one_rounding_and_it_goes_to_the_even(numerator: int, denominator: int) -> None:
    assert rounded(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.decimals(-(10**9), 10**9, places=4))
def test_decimals_are_rounded_by_the_same_function(value: Decimal) -> None:
    assert round_minor(value) == int(value.quantize(Decimal(1), ROUND_HALF_EVEN))


# -- rates ------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_rate_holds_from_its_day_on_in_the_countrys_own_calendar() -> None:
    eu = make_market("eu")
    set_tax_rate(eu, "DE", Decimal("0.16"), starts_on=date(2026, 1, 1), by=None)
    set_tax_rate(eu, "DE", Decimal("0.19"), starts_on=date(2026, 12, 1), by=None)
    midnight = datetime(2026, 11, 30, 23, tzinfo=UTC)

    found = [
        tax_rate(eu, country, "standard", at=at)
        for country, at in (
            ("DE", datetime(2025, 12, 31, 22, tzinfo=UTC)), ("DE", midnight.replace(hour=22)), ("DE", midnight),
            ("FR", midnight),
        )
    ]  # fmt: skip

    assert [row and row.rate for row in found] == [None, Decimal("0.16"), Decimal("0.19"), None]
    assert tax_rate(eu, "DE", "reduced", at=midnight) is None


@pytest.mark.django_db
def test_a_region_s_own_rate_wins_there_and_nowhere_else() -> None:
    us = make_market("us")
    set_tax_rate(us, "US", Decimal("0.05"), starts_on=date(2026, 11, 1), by=None)
    set_tax_rate(us, "US", Decimal("0.04"), starts_on=date(2025, 1, 1), by=None, region=" ny ")
    set_tax_rate(us, "US", Decimal("0.09"), starts_on=date(2027, 1, 1), by=None, region="CA")

    found = [tax_rate(us, "US", "standard", at=NOW, region=region) for region in ("", "NY", "CA", "TX", "ny")]

    assert [row and str(row.rate) for row in found] == ["0.05000", "0.04000", "0.05000", "0.05000", "0.05000"]
    assert [one.changes["region"] for one in AuditEntry.objects.order_by("pk")] == ["", "NY", "CA"]


@pytest.mark.django_db
def test_the_pages_of_the_market_turn_on_the_day_of_a_rate() -> None:
    eu = make_market("eu")
    version = eu.shelf_version

    set_tax_rate(eu, "DE", Decimal("0.19"), starts_on=date(2026, 12, 1), by=make_user())

    eu.refresh_from_db()
    assert list(eu.boundaries.values_list("at", flat=True)) == [datetime(2026, 11, 30, 23, tzinfo=UTC)]
    assert eu.shelf_version > version
    assert AuditEntry.objects.get(verb="market.tax_rate_set").changes["rate"] == [None, "0.19"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "country, rate, code",
    [
        ("US", "0.19", "country_elsewhere"),
        ("XX", "0.19", "unknown_country"),
        ("DE", "1", "bad_tax_rate"),
        ("DE", "-0.01", "bad_tax_rate"),
        ("DE", "0.1234567", "bad_tax_rate"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(country: str, rate: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        set_tax_rate(make_market("eu"), country, Decimal(rate), starts_on=date(2026, 1, 1), by=None)

    assert refusal.value.code == code
    assert not TaxRate.objects.exists()


def test_of_rates_that_are_all_to_come_there_is_none() -> None:
    rate = TaxRate(country="DE", rate=Decimal("0.19"), starts_on=date(2027, 1, 1))

    assert rate_of([rate], "DE", at=NOW) is None


@pytest.mark.django_db
def test_a_product_changes_its_class_by_a_verb() -> None:
    product = make_product()

    set_tax_class(product, "reduced", by=None)
    with pytest.raises(Refused) as refusal:
        set_tax_class(product, "cheap", by=None)

    product.refresh_from_db()
    assert (product.tax_class, refusal.value.code) == ("reduced", "bad_tax_class")
    assert AuditEntry.objects.get().changes == {"tax_class": ["standard", "reduced"]}
