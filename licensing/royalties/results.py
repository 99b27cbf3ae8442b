"""A statement and what it is made of. Rounded figures are whole minor units; gross, returns and net are exact, in major units of
the currency of the sale, and rounded only where they are printed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from licensing.royalties.lines import Goods, Payment, Period
from licensing.royalties.rates import Slice


@dataclass(frozen=True, slots=True)
class Part:
    """What one property has of a group: its share of the base, and the royalty on it."""

    of_property: str
    points: int
    base: int
    rule: str
    slices: tuple[Slice, ...]
    #: What a return of it gives back: a share of its base, or so much per unit where the floor decided.
    rate: Fraction
    floor: Fraction | None
    floor_royalty: int | None
    royalty: int
    pool: str | None

    @property
    def is_floored(self) -> bool:
        return self.floor_royalty is not None and self.floor_royalty > sum(part.royalty for part in self.slices)


@dataclass(frozen=True, slots=True)
class Group:
    """Sales of one period that agree in property, category, territory, channel, basis and currency."""

    id: str
    cell: int
    since: date
    goods: Goods
    units: int
    returned_units: int
    gross: Fraction
    returns_claimed: Fraction
    returns: Fraction
    deductions_claimed: Fraction
    deductions: Fraction
    not_allowed: tuple[tuple[str, Fraction], ...]
    net: Fraction
    fx: Fraction
    #: The rate that its lines brought themselves, if they did.
    own_fx: Decimal | None
    base: int
    parts: tuple[Part, ...]
    sale_ids: tuple[str, ...]
    return_ids: tuple[str, ...]

    @property
    def royalty(self) -> int:
        return sum(part.royalty for part in self.parts)


@dataclass(frozen=True, slots=True)
class LatePart:
    of_property: str
    base: int
    rate: Fraction
    per_unit: Fraction | None
    royalty: int
    pool: str | None


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    """A line of step 7: goods of an earlier period that came back, or a sum that somebody set. `royalty` has its sign."""

    kind: str
    id: str
    royalty: int
    reason: str = ""
    of: str = ""
    sold_in: str = ""
    group: str = ""
    units: int = 0
    currency: str = ""
    claimed: Fraction = Fraction(0)
    net: Fraction = Fraction(0)
    fx: Fraction = Fraction(1)
    base: int = 0
    parts: tuple[LatePart, ...] = ()
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolState:
    """A guarantee at the end of a period. `shortfall` is the formula's; what is asked for is less by the part of the advance that
    no royalty has worked off, because that has been paid already."""

    pool: str
    amount: int
    last_day: date
    credited: int
    is_ended: bool
    shortfall: int
    advance_set_off: int
    shortfall_due: int


@dataclass(frozen=True, slots=True)
class Carried:
    """What one statement hands to the next; a closed statement is stored with it, and the next run may begin there."""

    statements: int = 0
    earned: int = 0
    royalties_due: int = 0
    #: Advances that came as payment lines, and how much of all advances went against shortfalls.
    advances_paid: int = 0
    set_off: int = 0
    fund: int = 0
    fund_due: int = 0
    shortfall_due: int = 0
    paid: int = 0
    tiers: tuple[tuple[tuple[str, str], int], ...] = ()
    credited: tuple[tuple[str, int], ...] = ()
    ended: tuple[str, ...] = ()
    digest: bytes = b""


@dataclass(frozen=True, slots=True)
class Statement:
    """One period of an agreement. Money is whole minor units of `currency`; `carried` is the state after it."""

    agreement: str
    number: int
    period: Period
    currency: str
    due_on: date
    groups: tuple[Group, ...]
    adjustment_lines: tuple[AdjustmentLine, ...]
    payments: tuple[Payment, ...]
    guarantees: tuple[PoolState, ...]
    rates: tuple[tuple[str, Fraction], ...]
    base: int
    royalty: int
    adjustments: int
    earned: int
    advances: int
    due: int
    shortfall: int
    shortfall_due: int
    cmf: int
    cmf_due: int
    paid: int
    carried: Carried

    @property
    def digest(self) -> str:
        """Of everything that this statement and those before it were made from."""
        return self.carried.digest.hex()

    @property
    def unrecouped(self) -> int:
        """What of the advances no royalty, and no shortfall, has worked off."""
        return max(0, self.advances - self.carried.set_off - max(0, self.carried.earned))

    @property
    def payable(self) -> int:
        """What this statement asks for."""
        return self.due + self.shortfall_due + self.cmf_due

    @property
    def paid_in_all(self) -> int:
        """What the licensee pays for royalties up to here: advances, royalties due, shortfalls. The fund stands beside it."""
        return self.advances + self.carried.royalties_due + self.carried.shortfall_due

    @property
    def balance(self) -> int:
        """What of everything asked for up to here has not been paid."""
        return self.carried.royalties_due + self.carried.shortfall_due + self.carried.fund_due - self.carried.paid
