"""The four parts of an order line always add up to what was paid."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Refused
from core.money import Money
from licensing.royalties.splits import LineSplit, split_line

shares = st.integers(0, 5_000).map(lambda points: Fraction(points, 10_000))


def parts(split: LineSplit) -> tuple[str, str, str, str]:
    return str(split.merchant), str(split.platform), str(split.licensor), str(split.tax)


def test_a_price_with_tax_is_split_four_ways() -> None:
    split = split_line(
        Money(11_900, "EUR"),
        tax_rate=Fraction(19, 100),
        includes_tax=True,
        royalty_rate=Fraction(12, 100),
        platform_rate=Fraction(15, 100),
    )

    assert parts(split) == ("73.00", "15.00", "12.00", "19.00")


def test_tax_stands_on_top_of_a_price_without_it() -> None:
    split = split_line(
        Money(10_000, "USD"),
        tax_rate=Fraction(8875, 100_000),
        includes_tax=False,
        royalty_rate=Fraction(1, 10),
        platform_rate=Fraction(0),
    )

    assert parts(split) == ("90.00", "0.00", "10.00", "8.88")
    assert split.total == Money(10_888, "USD")


@settings(max_examples=200, deadline=None)
@given(st.integers(-10_000, 10_000), shares, shares, shares, st.sampled_from(["USD", "JPY", "KWD"]), st.booleans())
def test_the_parts_add_up_and_a_refund_mirrors_the_sale(amount, tax, royalty, platform, currency, includes_tax) -> None:
    terms = {"tax_rate": tax, "includes_tax": includes_tax, "royalty_rate": royalty, "platform_rate": platform}

    split = split_line(Money(amount, currency), **terms)
    back = split_line(Money(-amount, currency), **terms)

    assert split.total.amount == amount + (0 if includes_tax else split.tax.amount)
    assert back.total.amount == -split.total.amount
    assert [part.amount * amount >= 0 for part in (split.merchant, split.platform, split.licensor, split.tax)] == [
        True
    ] * 4


@pytest.mark.parametrize(("royalty", "platform"), [(Fraction(6, 10), Fraction(5, 10)), (Fraction(-1, 10), Fraction(0))])
def test_more_than_there_is_cannot_be_split(royalty: Fraction, platform: Fraction) -> None:
    with pytest.raises(Refused, match="no more than there is"):
        split_line(
            Money(100, "USD"), tax_rate=Fraction(0), includes_tax=True, royalty_rate=royalty, platform_rate=platform
        )
