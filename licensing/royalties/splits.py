"""The four ways of an order line: what the customer paid goes to the merchant, the platform, the licensor and the tax office."""

from dataclasses import dataclass
from fractions import Fraction

from core.errors import Refused
from core.money import Money, rounded
from licensing.royalties.rounding import exact_text


@dataclass(frozen=True, slots=True)
class LineSplit:
    """Four parts that add up to what was paid."""

    merchant: Money
    platform: Money
    licensor: Money
    tax: Money

    @property
    def total(self) -> Money:
        return self.merchant + self.platform + self.licensor + self.tax


def split_line(
    paid: Money, *, tax_rate: Fraction, includes_tax: bool, royalty_rate: Fraction, platform_rate: Fraction
) -> LineSplit:
    """Split the amount of an order line (or of its refund, which is negative and mirrors it).

    Tax, royalty and commission are each rounded half to even, from the exact amount without tax; the merchant has the rest, so
    that the parts add up: to `paid`, and with the tax on top where `paid` is without it. Refuses `SPLIT_TOO_LARGE` when royalty and
    commission take more than there is. The licensor's part is that of one line: what is owed is settled by the statement, whose
    tiers and guarantees an order line cannot know.
    """
    if min(tax_rate, royalty_rate, platform_rate) < 0 or royalty_rate + platform_rate > 1:
        raise Refused("SPLIT_TOO_LARGE", royalty=exact_text(royalty_rate), platform=exact_text(platform_rate))
    sign, amount = (-1, -paid.amount) if paid.amount < 0 else (1, paid.amount)
    net = Fraction(amount) / (1 + tax_rate) if includes_tax else Fraction(amount)
    tax = _whole(amount - net if includes_tax else net * tax_rate)
    left = amount - tax if includes_tax else amount
    licensor = min(_whole(net * royalty_rate), left)
    platform = min(_whole(net * platform_rate), left - licensor)
    parts = (left - licensor - platform, platform, licensor, tax)
    return LineSplit(*(Money(sign * part, paid.currency) for part in parts))


def _whole(value: Fraction) -> int:
    return rounded(value.numerator, value.denominator)
