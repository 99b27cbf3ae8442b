"""Where a royalty is rounded. Everything between these points is exact: `Decimal` sums and `Fraction` quotients."""

from decimal import Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction

from core.money import minor_digits, rounded

#: Sums and products of what a line may say (15 digits before the point, 12 behind) fit; what did not would raise.
EXACT = Context(prec=90, traps=[Inexact, InvalidOperation])


def to_minor(value: Fraction, currency: str) -> int:
    """R of the specification: half to even, to whole minor units of `currency` (JPY 0, KWD 3 decimals)."""
    scaled = value * 10 ** minor_digits(currency)
    return rounded(scaled.numerator, scaled.denominator)


def round_base(net: Fraction, currency: str) -> int:
    """First point: a group's net sales in the agreement's currency."""
    return to_minor(net, currency)


def round_royalty(value: Fraction, currency: str) -> int:
    """Second point: the royalty of a line and tier slice, and what the floor per unit asks for."""
    return to_minor(value, currency)


def round_fund(value: Fraction, currency: str) -> int:
    """Third point: the contribution to the common marketing fund."""
    return to_minor(value, currency)


def round_cap(value: Fraction, currency: str) -> Fraction:
    """The caps of deductions and returns are sums of money too: round(gross × cap), in the currency of the sale."""
    return major(to_minor(value, currency), currency)


def major(minor: int, currency: str) -> Fraction:
    return Fraction(minor, 10 ** minor_digits(currency))


def money_text(minor: int, currency: str) -> str:
    """Whole minor units as decimal text: 1234 USD is "12.34", 1234 JPY is "1234"."""
    digits = minor_digits(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def exact_text(value: Fraction) -> str:
    """A rate as decimal text; one whose decimals never end, as a fraction: "0.1378", "2071/15000"."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return str(value)
    number = EXACT.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{EXACT.normalize(number):f}"
