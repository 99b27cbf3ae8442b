"""What merchants are owed for goods that the shop sold for them, and paying it.

The ledger says how much: the merchant's part of every sale that licensing was told of, less what returns take back, and with it
what the studio funds of a discount. The parcels say when: once everything was sent, and a while after. A fact is paid in one payout
or in none.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import record
from core.bulk import AmongTexts
from core.errors import Refused
from licensing.ledger.journal import Account
from licensing.models import Posting, SaleLine
from licensing.takedowns import Frozen, frozen_at
from merchants.models import Merchant
from orders.facts import external_id
from orders.frozen import touched
from orders.models import Order, OrderLine, Payout, PayoutLine, SaleFact, ShipmentLine
from orders.refunds import share_of

#: Of which facts are read at once.
_PAGE = 2_000


@dataclass(frozen=True, slots=True)
class Due:
    """A sale (above zero) or a return that is paid out now. `studio_amount` of it is what the studio funds."""

    fact: SaleFact
    amount: int
    studio_amount: int


@dataclass(frozen=True, slots=True)
class Held:
    """A fact that is not paid out yet. `amount` is None where the ledger does not know it. `code` is one of `REASONS`."""

    fact: SaleFact
    amount: int | None
    code: str
    until: datetime | None = None

    @property
    def reason(self) -> str:
        """In the reader's language."""
        if self.code == "not_split":
            return _("The royalty ledger has not taken it: %(problem)s") % {"problem": self.fact.problem or "–"}
        return REASONS[self.code]()


#: Why something is not paid out, by its code.
REASONS: Mapping[str, Callable[[], str]] = {
    "not_split": lambda: _("The royalty ledger has not taken it."),
    "frozen": lambda: _("A dispute holds it."),
    "not_sent": lambda: _("It has not been sent yet."),
    "refund_open": lambda: _("Pieces of it are being given back."),
    "waiting": lambda: _("It was sent too recently."),
    "with_its_sale": lambda: _("It goes with its sale, which is not paid out yet."),
}


@dataclass(slots=True)
class Payable:
    """What a merchant is owed in one currency at one moment."""

    merchant: Merchant
    currency: str
    due: list[Due] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    @property
    def amount(self) -> int:
        """Below zero when more came back than was sold since the last payout: then it is carried on."""
        return sum(one.amount for one in self.due)

    @property
    def held_amount(self) -> int:
        return sum(one.amount or 0 for one in self.held)


def currencies_of(merchant: Merchant) -> list[str]:
    """In which the merchant has anything that was not paid out."""
    orders = Order.objects.filter(lines__merchant=merchant, lines__facts__payout_line=None, lines__facts__isnull=False)
    return sorted(set(orders.order_by().values_list("currency", flat=True)))


def payable(merchant: Merchant, currency: str, *, at: datetime) -> Payable:
    """What is due, what is held, and why. A constant number of queries for each 2,000 facts."""
    facts = SaleFact.objects.filter(line__merchant=merchant, line__order__currency=currency, payout_line=None)
    facts = facts.select_related("refund", "line__order").order_by("line_id", "pk")
    found = Payable(merchant, currency)
    frozen = frozen_at(at)
    page: list[SaleFact] = []
    for fact in facts.iterator(chunk_size=_PAGE):
        # The facts of a line are looked at together.
        if len(page) >= _PAGE and fact.line_id != page[-1].line_id:
            _sort_out(page, found, frozen, at)
            page = []
        page.append(fact)
    if page:
        _sort_out(page, found, frozen, at)
    return found


@transaction.atomic(durable=True)
def make_payout(
    merchant: Merchant, currency: str, *, reference: str, by: User | None, at: datetime, expected: int | None = None
) -> Payout:
    """Pay what is due, as one transfer with this reference. The same reference again gives the payout that it made.

    `expected`: what whoever pays has seen. Refuses `payout_changed` when it is another sum by now, `nothing_to_pay`,
    `reference_missing`, and `reference_taken` for a reference of another sum or currency. The merchant's row is the lock: of two
    at once the second finds nothing left.
    """
    name = reference.strip()
    if not name:
        raise Refused("reference_missing")
    locked = _lock(merchant)
    made = locked.payouts.filter(reference=name).first()
    if made is not None:
        if made.currency != currency or expected not in (None, made.amount):
            raise Refused("reference_taken", reference=name)
        return made
    found = payable(locked, currency, at=at)
    if expected not in (None, found.amount):
        raise Refused("payout_changed")
    if found.amount <= 0 or locked.is_sandbox:  # whose money is pretended
        raise Refused("nothing_to_pay")
    payout = Payout.objects.create(
        merchant=locked, currency=currency, amount=found.amount, reference=name, made_at=at, made_by=by
    )
    PayoutLine.objects.bulk_create(
        [PayoutLine(payout=payout, fact=one.fact, amount=one.amount) for one in found.due], batch_size=_PAGE
    )
    record("merchant.paid_out", locked, by=by, payout=payout.public_id, amount=payout.amount, currency=currency)
    return payout


def _lock(merchant: Merchant) -> Merchant:
    return Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)


# -- what of the facts is due ------------------------------------------------------------------------


def _sort_out(facts: Sequence[SaleFact], found: Payable, frozen: Frozen, at: datetime) -> None:
    """Put each of these facts, all that are open of their lines, where it belongs."""
    lines = {fact.line_id: fact.line for fact in facts}
    shares = _merchant_shares(facts)
    studio = _studio_shares([pk for pk, line in lines.items() if line.studio_discount])
    held_lines = set(touched(OrderLine.objects.filter(pk__in=lines), frozen).values_list("pk", flat=True))
    state = _Lines(lines, at)
    waiting: dict[int, str] = {}
    for fact in sorted(facts, key=lambda one: (one.kind != SaleFact.Kind.SALE, one.pk)):
        share = shares.get(fact.pk)
        amount = None if share is None else share + studio.get(fact.pk, 0)
        code = "frozen" if fact.line_id in held_lines else state.hold(fact)
        if amount is None:
            code = "not_split"
        if fact.kind == SaleFact.Kind.SALE and code:
            waiting[fact.line_id] = code
        if fact.kind == SaleFact.Kind.RETURN and not code and fact.line_id in waiting:
            code = "with_its_sale"
        if code or amount is None:
            until = state.ready_at(fact.line_id) if code == "waiting" else None
            found.held.append(Held(fact, amount, code, until))
        else:
            found.due.append(Due(fact, amount, studio.get(fact.pk, 0)))


class _Lines:
    """When the goods of these lines went, and whether money of theirs is on its way back."""

    def __init__(self, lines: Mapping[int, OrderLine], at: datetime) -> None:
        self.lines = lines
        self.at = at
        sent = ShipmentLine.objects.filter(line__in=lines).order_by().values_list("line")
        self.sent_at: dict[int, datetime] = dict(sent.annotate(last=Max("shipment__shipped_at")))
        back = SaleFact.objects.filter(line__in=lines, kind=SaleFact.Kind.RETURN, told_at__isnull=False)
        self.back: dict[int, int] = dict(back.order_by().values_list("line").annotate(pieces=Sum("quantity")))

    def ready_at(self, line_id: int) -> datetime | None:
        """A while after the last piece went; nothing where none was sent."""
        sent_at = self.sent_at.get(line_id)
        return None if sent_at is None else sent_at + timedelta(days=settings.PAYOUT_DAYS)

    def hold(self, fact: SaleFact) -> str:
        """Why a sale waits; "" when it does not. A return takes off as soon as its sale was paid out."""
        line = self.lines[fact.line_id]
        if fact.kind == SaleFact.Kind.RETURN:
            return ""
        if line.to_ship:
            return "not_sent"
        if line.total_amount and line.refunded_quantity > self.back.get(line.pk, 0):
            return "refund_open"
        ready_at = self.ready_at(line.pk)
        return "waiting" if ready_at is not None and self.at < ready_at else ""


def _merchant_shares(facts: Sequence[SaleFact]) -> dict[int, int]:
    """The merchant's part of each fact that the ledger has split: above zero of sales, below of returns."""
    by_line: dict[tuple[int | None, str, str], int] = {
        (fact.line.licence_id, fact.kind, external_id(fact)): fact.pk for fact in facts if fact.told_at is not None
    }
    shares = dict.fromkeys(by_line.values(), 0)
    ids = {name for _licence, _kind, name in by_line}
    split = SaleLine.objects.filter(
        # The kinds, because they stand in the index of ids.
        AmongTexts("external_id", ids), licence__in={key[0] for key in by_line}, kind__in=SaleFact.Kind.values,
        source=SaleLine.Source.ORDER,
    )  # fmt: skip
    postings = Posting.objects.filter(account=Account.MERCHANT, journal__line__in=split.values("pk"))
    rows = postings.values_list("journal__line__licence", "journal__line__kind", "journal__line__external_id", "amount")
    for licence, kind, name, amount in rows if ids else ():
        pk = by_line.get((licence, kind, name))
        if pk is not None:
            shares[pk] -= amount
    return shares


def _studio_shares(lines: Collection[int]) -> dict[int, int]:
    """By fact of these lines: what the studio adds of the discount, and what returns take back of it, to the last cent."""
    shares: dict[int, int] = {}
    before: dict[int, int] = defaultdict(int)
    facts = SaleFact.objects.filter(line__in=lines).select_related("line").order_by("pk")
    for fact in facts if lines else ():
        whole, pieces = fact.line.studio_discount, fact.line.quantity
        if fact.kind == SaleFact.Kind.SALE:
            shares[fact.pk] = whole
        else:
            shares[fact.pk] = -share_of(whole, pieces, before[fact.line_id], fact.quantity)
            before[fact.line_id] += fact.quantity
    return shares
