"""What happens under an agreement: sales, returns, deductions, adjustments, payments; and the periods they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from licensing.royalties.terms import Shares

ZERO = Decimal(0)


class Goods(NamedTuple):
    """The dimensions by which sales are grouped. `article` is empty unless the agreement wants a line for each."""

    shares: Shares
    category: str
    territory: str
    channel: str
    basis: str
    currency: str
    is_sell_off: bool
    article: str

    @property
    def properties(self) -> str:
        """ "hero", or "hero:6000+villain:4000" for what several share."""
        if len(self.shares) == 1:
            return self.shares[0][0]
        return "+".join(f"{name}:{points}" for name, points in self.shares)


@dataclass(frozen=True, slots=True)
class Sale:
    """`amount` is that of the whole line, tax of `tax_rate` included (0 when it is without tax). `fx` is a rate of the line's own.

    An order line feeds it as it was sold: its product is the article, its market's rule the tax, its ship-to country the
    territory.
    """

    id: str
    goods: Goods
    quantity: int
    amount: Decimal
    tax_rate: Decimal = ZERO
    sold_on: date | None = None
    fx: Decimal | None = None
    deductions: tuple[tuple[str, Decimal], ...] = ()
    article: str = ""


@dataclass(frozen=True, slots=True)
class Return:
    """Goods that came back and were credited. Where it points decides:

    `of`, a sale line of this or an earlier period: its goods, price, tax, rate and FX. `goods` alone: sales of this period.
    `goods` and `sold_in`, an earlier period: the group of that period. `goods` and `rate`: a sale that is not in these periods.
    `amount` None means `quantity` times the price of the line it points at.
    """

    id: str
    quantity: int
    amount: Decimal | None = None
    tax_rate: Decimal = ZERO
    of: str = ""
    sold_in: str = ""
    goods: Goods | None = None
    rate: Fraction | None = None
    fx: Decimal | None = None
    returned_on: date | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Deduction:
    """`wanted` are the dimensions that it names, as (name, value): exactly one group of the period has to have them."""

    id: str
    type: str
    amount: Decimal
    of: str = ""
    wanted: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A sum that somebody adds to the royalties or takes off them, in the agreement's currency, with the reason."""

    id: str
    amount: int
    reason: str = ""
    of_property: str = ""
    category: str = ""
    territory: str = ""
    channel: str = ""
    basis: str = ""
    on: date | None = None


class PaymentKind(StrEnum):
    STATEMENT = "STATEMENT"
    ADVANCE = "ADVANCE"


@dataclass(frozen=True, slots=True)
class Payment:
    id: str
    amount: int
    kind: PaymentKind = PaymentKind.STATEMENT
    paid_on: date | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the agreement's zone, the last one inside. `fx` are rates that were already chosen for it, by currency."""

    name: str
    first_day: date
    last_day: date
    fx: Mapping[str, Fraction] = field(default_factory=dict)
    sales: tuple[Sale, ...] = ()
    returns: tuple[Return, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    payments: tuple[Payment, ...] = ()


Line = Sale | Return | Deduction | Adjustment | Payment
