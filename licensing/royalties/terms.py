"""An agreement as the calculation reads it. Amounts are whole minor units of its currency, rates are exact fractions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

WHOLE_SHARE = 10_000
DAY = timedelta(days=1)

#: Properties with their basis points, in the order of their names: the order that decides a tie for the last cent.
Shares = tuple[tuple[str, int], ...]


class PeriodKind(StrEnum):
    MONTH = "MONTH"
    QUARTER = "QUARTER"


class FxMethod(StrEnum):
    FIRST_DAY = "FIRST_DAY"
    LAST_DAY = "LAST_DAY"
    AVERAGE = "AVERAGE"
    FIXED = "FIXED"


class FxGaps(StrEnum):
    """What a day without a rate means: nothing can be said, or the last rate before it goes on."""

    REFUSE = "REFUSE"
    PREVIOUS = "PREVIOUS"


class TierMode(StrEnum):
    INCREMENTAL = "INCREMENTAL"
    WHOLE = "WHOLE"


class TierPeriod(StrEnum):
    """After what the count of a rule's tiers begins again."""

    TERM = "TERM"
    CALENDAR_YEAR = "CALENDAR_YEAR"
    CONTRACT_YEAR = "CONTRACT_YEAR"
    PERIOD = "PERIOD"


class Basis(StrEnum):
    DTC = "DTC"
    WHOLESALE = "WHOLESALE"
    FOB = "FOB"
    RETAIL = "RETAIL"


class LinesPer(StrEnum):
    """Whether a statement has a line per group of the formula, or one for each article of it."""

    GROUP = "GROUP"
    ARTICLE = "ARTICLE"


@dataclass(frozen=True, slots=True)
class Window:
    """First and last day, both inside. None is open."""

    first_day: date | None = None
    last_day: date | None = None

    def holds(self, day: date) -> bool:
        return (self.first_day is None or self.first_day <= day) and (self.last_day is None or day <= self.last_day)

    def turning_days(self) -> set[date]:
        """The days on which the answer of `holds` changes."""
        found = {self.first_day} if self.first_day else set()
        return found | ({self.last_day + DAY} if self.last_day and self.last_day < date.max else set())


@dataclass(frozen=True, slots=True)
class Scope:
    """A set of goods by dimension; an empty dimension means any."""

    properties: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    territories: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    bases: frozenset[str] = frozenset()

    def holds(self, of_property: str, category: str, territory: str, channel: str, basis: str) -> bool:
        return (
            (not self.properties or of_property in self.properties)
            and (not self.categories or category in self.categories)
            and (not self.territories or territory in self.territories)
            and (not self.channels or channel in self.channels)
            and (not self.bases or basis in self.bases)
        )


@dataclass(frozen=True, slots=True)
class Tier:
    """What lies above the tier before, up to and including `up_to`; the last one has no end."""

    up_to: int | None
    rate: Fraction


@dataclass(frozen=True, slots=True)
class RateRule:
    """`floor` is the least royalty per unit, in major units of the agreement's currency."""

    id: str
    scope: Scope
    tiers: tuple[Tier, ...]
    mode: TierMode = TierMode.INCREMENTAL
    floor: Fraction | None = None
    window: Window = Window()


@dataclass(frozen=True, slots=True)
class DeductionPolicy:
    """`allowed` None means every type, an empty set none. `cap` is a share of a group's gross."""

    allowed: frozenset[str] | None = frozenset()
    cap: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Guarantee:
    """What a pool owes in any case for its window. The scope says whose royalties work it off: pools of one territory each are
    not crossed, one pool of several is."""

    pool: str
    amount: int
    scope: Scope
    first_day: date | None
    last_day: date

    def covers(self, day: date) -> bool:
        return (self.first_day is None or self.first_day <= day) and day <= self.last_day


@dataclass(frozen=True, slots=True)
class Advance:
    """Paid on signing, or on a day; worked off by royalties. `pool` names the guarantee that it is part of."""

    amount: int
    paid_on: date | None = None
    pool: str = ""


@dataclass(frozen=True, slots=True)
class FxTable:
    """How much of the agreement's currency one unit of another buys; `source` says whose rates they are."""

    method: FxMethod = FxMethod.FIXED
    source: str = ""
    fixed: Mapping[str, Fraction] = field(default_factory=dict)
    daily: Mapping[str, Mapping[date, Fraction]] = field(default_factory=dict)
    gaps: FxGaps = FxGaps.REFUSE


@dataclass(frozen=True, slots=True)
class Article:
    """What a licensed article is: its category, and the properties that share its sales."""

    category: str = ""
    shares: Shares = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    currency: str
    rules: tuple[RateRule, ...]
    id: str = ""
    period: PeriodKind | None = None
    due_days: int = 30
    zone: str = "UTC"
    term: Window = Window()
    fx: FxTable = FxTable()
    returns_cap: Fraction | None = None
    tier_period: TierPeriod = TierPeriod.TERM
    deductions: DeductionPolicy = DeductionPolicy()
    guarantees: tuple[Guarantee, ...] = ()
    advances: tuple[Advance, ...] = ()
    cmf: Fraction = Fraction(0)
    sell_off_credits: bool = False
    lines_per: LinesPer = LinesPer.GROUP
    articles: Mapping[str, Article] = field(default_factory=dict)
