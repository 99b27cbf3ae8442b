"""Money: whole minor units, one place that rounds, parts that add up."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Refused
from core.money import Money, less_basis_points, minor_digits, round_minor

amounts = st.integers(-(10**12), 10**12)
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(lambda found: sum(found) > 0)


@pytest.mark.parametrize(
    ("currency", "digits"), [("CNY", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("HUF", 2), ("CLF", 4)]
)
def test_a_currency_has_its_own_number_of_decimals(currency, digits):
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("19.90", "CNY", 1990),
        (" 19.9 ", "USD", 1990),
        ("1990", "JPY", 1990),
        ("1.234", "KWD", 1234),
        ("-0.05", "EUR", -5),
        ("2E1", "USD", 2000),
    ],
)
def test_a_decimal_is_read_in_the_currencys_own_units(text, currency, amount):
    assert Money.parse(text, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("19.999", "USD"), ("1.5", "JPY"), ("1.2345", "KWD"),
        ("NaN", "USD"), ("sNaN", "USD"), ("Infinity", "USD"), ("-Infinity", "USD"),
        ("", "USD"), ("free", "USD"), ("1,234.00", "USD"), ("$5", "USD"), ("1 000", "USD"), ("0x10", "USD"),
        ("99999999999999999", "USD"), ("1e400", "USD"), ("1\x00", "USD"),
    ],
)  # fmt: skip
def test_what_is_not_an_amount_is_refused_in_words(text, currency):
    with pytest.raises(Refused) as refused:
        Money.parse(text, currency)

    assert refused.value.code == "invalid"
    assert "is not an amount" in refused.value.sentence


def test_a_float_is_not_an_amount():
    with pytest.raises((TypeError, AttributeError)):
        Money.parse(19.9, "USD")


@given(amounts, st.sampled_from(["CNY", "JPY", "KWD"]))
def test_writing_and_reading_come_back_to_the_same_amount(amount, currency):
    assert Money.parse(str(Money(amount, currency)), currency) == Money(amount, currency)


@given(amounts, weights)
def test_parts_add_up_to_the_whole_and_each_is_within_one_unit_of_its_share(amount, weights):
    parts = [part.amount for part in Money(amount, "CNY").share_out(weights)]

    assert sum(parts) == amount
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Decimal(amount) * weight / sum(weights)) < 1


def test_the_largest_remainder_gets_the_odd_cent_and_the_first_wins_a_tie():
    assert [part.amount for part in Money(100, "EUR").share_out([1, 1, 1])] == [34, 33, 33]
    assert [part.amount for part in Money(101, "EUR").share_out([10, 20, 70])] == [10, 20, 71]
    assert [part.amount for part in Money(5, "EUR").share_out([0, 1])] == [0, 5]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_weights_that_share_nothing_are_a_bug(weights):
    with pytest.raises(ValueError, match="weights have to be positive"):
        Money(100, "EUR").share_out(weights)


@pytest.mark.parametrize(
    ("value", "amount"), [("0.5", 0), ("1.5", 2), ("2.5", 2), ("2.51", 3), ("-0.5", 0), ("-1.5", -2)]
)
def test_a_tie_is_rounded_to_the_even_unit(value, amount):
    assert round_minor(Decimal(value)) == amount


@given(st.integers(0, 10**10), st.integers(0, 10_000))
def test_a_percentage_in_whole_numbers_equals_the_decimal_one(amount, points):
    exact = Decimal(amount) * (10_000 - points) / 10_000

    assert less_basis_points(amount, points) == int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def test_two_currencies_are_never_added_up():
    assert Money(100, "EUR") + Money(1, "EUR") == Money(101, "EUR")
    with pytest.raises(Refused, match="EUR and USD"):
        Money(100, "EUR") + Money(1, "USD")


@pytest.mark.parametrize(
    ("money", "locale", "written"),
    [
        (Money(1990, "USD"), "en", "$19.90"),
        (Money(63900, "CNY"), "zh-hans", "¥639"),
        (Money(63950, "CNY"), "zh-hans", "¥639.50"),
        (Money(1990, "JPY"), "en", "¥1,990"),
        (Money(1234, "KWD"), "en", "KWD1.234"),
    ],
)
def test_readers_see_money_in_the_way_of_their_language(money, locale, written):
    assert money.in_locale(locale) == written
