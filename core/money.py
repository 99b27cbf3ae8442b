"""Money: whole numbers of a currency's smallest unit, with the currency beside them. No floats anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache, lru_cache

from babel.core import get_global
from babel.numbers import format_currency

from core.errors import Refused

BASIS_POINTS = 10_000


@cache
def minor_digits(currency: str) -> int:
    """How many decimals `currency` has by ISO 4217: CNY 2, JPY 0, KWD 3."""
    fractions = get_global("currency_fractions")
    return int(fractions.get(currency, fractions["DEFAULT"])[0])


def rounded(numerator: int, denominator: int) -> int:
    """The one place where an amount is rounded: the nearest whole number, half to even, exact whatever the size."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole & 1))


def round_minor(value: Decimal) -> int:
    """A decimal number of minor units, rounded half to even."""
    return rounded(*value.as_integer_ratio())


def less_basis_points(amount: int, points: int) -> int:
    """`amount` minor units less `points` basis points (2,000 is 20 %), rounded half to even."""
    return rounded(amount * (BASIS_POINTS - points), BASIS_POINTS)


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`amount` minor units of `currency` (ISO 4217)."""

    amount: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        """A decimal with a point, as files and APIs write it: "19.90". Refuses `invalid` for anything else."""
        try:
            value = Decimal(text.strip())
        except InvalidOperation:
            raise Refused("invalid", problem=f"“{text}” is not an amount") from None
        minor = value.scaleb(minor_digits(currency)) if value.is_finite() else None
        if minor is None or minor != minor.to_integral_value() or abs(minor) >= 10**15:
            raise Refused("invalid", problem=f"“{text}” is not an amount in {currency}")
        return cls(int(minor), currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.amount).scaleb(-minor_digits(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal:.{minor_digits(self.currency)}f}"

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise Refused("currency_mismatch", left=self.currency, right=other.currency)
        return Money(self.amount + other.amount, self.currency)

    def share_out(self, weights: Sequence[int]) -> list["Money"]:
        """Parts in proportion to `weights` that add up to the whole (largest remainder, first wins a tie)."""
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("weights have to be positive")
        floors = [self.amount * weight // total for weight in weights]
        remainders = sorted(range(len(weights)), key=lambda i: (-(self.amount * weights[i] % total), i))
        for i in remainders[: self.amount - sum(floors)]:
            floors[i] += 1
        return [Money(part, self.currency) for part in floors]

    def in_locale(self, locale: str) -> str:
        """As a reader of `locale` writes it: "$19.90", "¥639"."""
        return _formatted(self.amount, self.currency, locale.replace("-", "_"))


@lru_cache(maxsize=20_000)
def _formatted(amount: int, currency: str, locale: str) -> str:
    digits = minor_digits(currency)
    # Whole yuan prices are written without decimals, as Chinese shops do.
    pattern = "¤#,##0" if currency == "CNY" and amount % 100 == 0 else None
    value = Decimal(amount).scaleb(-digits)
    return format_currency(value, currency, format=pattern, locale=locale, currency_digits=pattern is None)
