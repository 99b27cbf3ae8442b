"""What a customer paid for an order line, in the journal: the merchant's, the shop's, the licensor's and the tax office's parts.

The licensor's part is set aside by the rate of the line alone; what is owed in the end, tiers and guarantees counted, the statement
says. A return gives back the same parts: after the last piece has come back nothing of the sale is left on any account.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import astuple, dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Sum

from core.bulk import AmongTexts
from core.errors import Refused
from core.money import Money, rounded
from licensing.ledger.journal import Account, Entry, Kind
from licensing.ledger.reading import ReadLine
from licensing.models import Posting, RoyaltyTerms, SaleLine
from licensing.royalties import values
from licensing.royalties.lines import Goods, Sale
from licensing.royalties.rates import rule_for
from licensing.royalties.splits import LineSplit, split_line
from licensing.royalties.terms import WHOLE_SHARE, Agreement

PARTS = (Account.MERCHANT, Account.PLATFORM, Account.LICENSOR, Account.TAX)


@dataclass(frozen=True, slots=True)
class Split:
    """The four parts in minor units."""

    merchant: int
    platform: int
    licensor: int
    tax: int

    @property
    def total(self) -> int:
        return self.merchant + self.platform + self.licensor + self.tax

    def returned(self, sold: int, back: int) -> "Split":
        """What of it has gone back when `back` of `sold` pieces have: parts of the rounded total, largest remainder."""
        if back >= sold:
            return self
        total = rounded(self.total * back, sold)
        if not total:
            return Split(0, 0, 0, 0)
        return Split(*(part.amount for part in Money(total, "XXX").share_out(astuple(self))))

    def __sub__(self, other: "Split") -> "Split":
        return Split(*(one - two for one, two in zip(astuple(self), astuple(other), strict=True)))

    def postings(self, sign: int = 1) -> list[tuple[Account, int]]:
        """What the customer paid is received, what each is owed is given."""
        parts = zip(PARTS, astuple(self), strict=True)
        return [(Account.CUSTOMER, sign * self.total), *((account, -sign * part) for account, part in parts)]


def entries(account: RoyaltyTerms, agreement: Agreement, lines: Sequence[tuple[SaleLine, ReadLine]]) -> Iterator[Entry]:
    """The entries of newly recorded lines: sales of our own orders, and whatever is returned of such."""
    splits: dict[str, tuple[Split, int, str]] = {}
    for line, read in lines:
        if isinstance(read.line, Sale) and line.source == SaleLine.Source.ORDER:
            split = split_of(read.line, read.said, line, account, agreement)
            splits[line.external_id] = (split, line.quantity, line.currency)
            yield Entry(Kind.SALE, line.currency, split.postings(), line=line)
    early = _returns_before_their_sale(account, lines, splits)
    returns = [*early, *(line for line, _read in lines if line.kind == SaleLine.Kind.RETURN and line.of)]
    back = _returned_before(account, lines, splits)
    splits |= _known_splits(account, {line.of for line in returns} - splits.keys())
    for line in returns:
        if line.of in splits:
            whole, sold, currency = splits[line.of]
            before, back[line.of] = back.get(line.of, 0), back.get(line.of, 0) + line.quantity
            gone = whole.returned(sold, back[line.of]) - whole.returned(sold, before)
            yield Entry(Kind.RETURN, currency, gone.postings(-1), line=line)


def split_of(sale: Sale, said: dict[str, Any], line: SaleLine, account: RoyaltyTerms, agreement: Agreement) -> Split:
    """The four parts of a sale line. Its amount holds the tax that `sale.tax_rate` says; a price without it, with a rate beside it,
    has the tax on top."""
    includes_tax = bool(sale.tax_rate)
    tax_rate = sale.tax_rate if includes_tax else _rate_beside(said)
    made: LineSplit = split_line(
        Money(line.amount or 0, line.currency),
        tax_rate=Fraction(tax_rate),
        includes_tax=includes_tax,
        royalty_rate=royalty_rate(agreement, sale.goods, line),
        platform_rate=Fraction(account.platform_rate),
    )
    return Split(made.merchant.amount, made.platform.amount, made.licensor.amount, made.tax.amount)


def _rate_beside(said: dict[str, Any]) -> Decimal:
    vat = said.get("vat")
    return Decimal(0) if vat is None else values.rate_decimal(vat, "vat")


def royalty_rate(agreement: Agreement, goods: Goods, line: SaleLine) -> Fraction:
    """The rate of a line by itself: of its first tier, weighed by the shares of its properties."""
    return sum(
        (
            rule_for(agreement, name, goods, line.counted_on, where="").tiers[0].rate * Fraction(points, WHOLE_SHARE)
            for name, points in goods.shares
        ),
        Fraction(0),
    )


def _known_splits(account: RoyaltyTerms, ids: Collection[str]) -> dict[str, tuple[Split, int, str]]:
    """The splits of sales that were recorded before, from their journals."""
    if not ids:
        return {}
    found: dict[str, dict[str, Any]] = {}
    rows = Posting.objects.filter(
        AmongTexts("journal__line__external_id", ids), journal__line__licence=account.licence_id,
        journal__kind=Kind.SALE,
    ).values_list("journal__line__external_id", "journal__line__quantity", "currency", "account", "amount")  # fmt: skip
    for name, quantity, currency, of_account, amount in rows:
        one = found.setdefault(name, {"sold": quantity, "currency": currency})
        one[of_account] = -amount
    return {
        name: (Split(*(one.get(part, 0) for part in PARTS)), one["sold"], one["currency"])
        for name, one in found.items()
    }


def _returns_before_their_sale(
    account: RoyaltyTerms, lines: Sequence[tuple[SaleLine, ReadLine]], sold: Collection[str]
) -> list[SaleLine]:
    """Returns that had waited for one of these sales."""
    if not sold:
        return []
    new = [line.pk for line, _read in lines]
    returned = SaleLine.objects.filter(AmongTexts("of", sold), licence=account.licence_id, kind=SaleLine.Kind.RETURN)
    return list(returned.exclude(pk__in=new).order_by("pk"))


def _returned_before(
    account: RoyaltyTerms, lines: Sequence[tuple[SaleLine, ReadLine]], sold: Collection[str]
) -> dict[str, int]:
    """How many of sales that were recorded before had come back before these lines."""
    ids = {line.of for line, _read in lines if line.of} - set(sold)
    if not ids:
        return {}
    new = [line.pk for line, _read in lines]
    returned = SaleLine.objects.filter(AmongTexts("of", ids), licence=account.licence_id, kind=SaleLine.Kind.RETURN)
    return dict(returned.exclude(pk__in=new).order_by().values_list("of").annotate(total=Sum("quantity")))


def refuse_split(account: RoyaltyTerms, agreement: Agreement) -> None:
    """Refuses `SPLIT_TOO_LARGE`: royalty and commission together have to leave something to split."""
    for rule in agreement.rules:
        if rule.tiers[0].rate + Fraction(account.platform_rate) > 1:
            raise Refused("SPLIT_TOO_LARGE", royalty=str(rule.tiers[0].rate), platform=str(account.platform_rate))
