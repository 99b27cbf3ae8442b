"""Steps 7 to 10 of the formula: what each period earns, what is due, what a guarantee lacks, what the fund gets."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from licensing.royalties.books import Books, Page
from licensing.royalties.canonical import agreement_digest, opening_digest, statement_digest
from licensing.royalties.groups import TierCounts, groups_of, the_pool
from licensing.royalties.late import LateReturns
from licensing.royalties.lines import PaymentKind, Period
from licensing.royalties.results import AdjustmentLine, Carried, Group, LatePart, Part, PoolState, Statement
from licensing.royalties.rounding import major, round_fund
from licensing.royalties.terms import Agreement, Guarantee


def statements(agreement: Agreement, periods: Iterable[Period], *, opening: Carried | None = None) -> list[Statement]:
    """The statements of these periods, in the order of their days. `opening` is what the statement before the first handed on."""
    books = Books(agreement)
    for period in periods:
        books.open(period)
        for kind in ("sales", "returns", "deductions", "adjustments", "payments"):
            for number, line in enumerate(getattr(period, kind)):
                books.add(period.name, line, f"{period.name}.{kind}[{number}]")
    return list(make_statements(books, opening=opening))


def make_statements(books: Books, *, opening: Carried | None = None) -> Iterator[Statement]:
    """The statements of books that are full. Reads them once: returns are settled and deductions placed on the way."""
    agreement = books.agreement
    carried = replace(opening or Carried(), digest=opening_digest(opening))
    terms = agreement_digest(agreement)
    groups: dict[int, Group] = {cell: one.group for cell, one in books.closed.items()}
    late = LateReturns(books, groups)
    started = min((page.period.first_day for page in books.in_order() if not page.is_closed), default=None)
    if started is not None:
        # A guarantee that ended before the first period was settled then.
        over = {one.pool for one in agreement.guarantees if one.last_day < started}
        carried = replace(carried, ended=tuple(sorted(over | set(carried.ended))))
    for page in books.in_order():
        if page.is_closed:
            late.recall(page)
            continue
        lines = (*late.settle(page), *_adjustments(agreement, page))
        counts: TierCounts = dict(carried.tiers)
        found = tuple(groups_of(books, page, counts))
        groups.update((group.cell, group) for group in found)
        statement = _Closing(books, page, found, lines, carried).statement(counts, terms)
        carried = statement.carried
        yield statement


def _adjustments(agreement: Agreement, page: Page) -> Iterator[AdjustmentLine]:
    for line, since in sorted(page.adjustments, key=lambda pair: pair[0].id):
        pool = the_pool(agreement, (line.of_property, line.category, line.territory, line.channel, line.basis), since)
        part = LatePart(line.of_property, 0, Fraction(0), None, line.amount, pool)
        yield AdjustmentLine(
            kind="MANUAL", id=line.id, royalty=line.amount, reason=line.reason, parts=(part,), ids=(line.id,)
        )


class _Closing:
    """The last steps of one period."""

    def __init__(
        self, books: Books, page: Page, groups: tuple[Group, ...], lines: tuple[AdjustmentLine, ...], carried: Carried
    ) -> None:
        self.books, self.page, self.groups, self.lines, self.before = books, page, groups, lines, carried
        self.agreement = books.agreement
        self.base = sum(group.base for group in groups)
        self.royalty = sum(group.royalty for group in groups)
        self.adjustments = sum(line.royalty for line in lines)
        self.earned = carried.earned + self.royalty + self.adjustments
        self.advances_paid = carried.advances_paid + self._payments(PaymentKind.ADVANCE)
        self.advances = self.advances_paid + sum(
            advance.amount
            for advance in self.agreement.advances
            if advance.paid_on is None or advance.paid_on <= page.period.last_day
        )

    def statement(self, counts: TierCounts, terms: bytes) -> Statement:
        period, before = self.page.period, self.before
        due = self._grown(before.royalties_due, self.earned - (self.advances - before.set_off))
        credited = self._credited()
        pools = tuple(self._pools(credited))
        fund = self._fund()
        fund_due = self._grown(before.fund_due, before.fund + fund)
        paid = self._payments(PaymentKind.STATEMENT)
        rates = tuple(sorted({(group.goods.currency, group.fx) for group in self.groups}))
        digests = self.books.index.digests(period.name)
        carried = Carried(
            statements=before.statements + 1,
            earned=self.earned,
            royalties_due=due,
            advances_paid=self.advances_paid,
            set_off=before.set_off + sum(pool.advance_set_off for pool in pools),
            fund=before.fund + fund,
            fund_due=fund_due,
            shortfall_due=before.shortfall_due + sum(pool.shortfall_due for pool in pools),
            paid=before.paid + paid,
            tiers=tuple(sorted(counts.items())),
            credited=tuple(sorted(credited.items())),
            ended=tuple(sorted({*before.ended, *(pool.pool for pool in pools if pool.is_ended)})),
            digest=statement_digest(before.digest, terms, period, rates, digests),
        )
        return Statement(
            agreement=self.agreement.id,
            number=carried.statements,
            period=period,
            currency=self.agreement.currency,
            due_on=period.last_day + timedelta(days=self.agreement.due_days),
            groups=self.groups,
            adjustment_lines=self.lines,
            payments=tuple(sorted(self.page.payments, key=lambda payment: payment.id)),
            guarantees=pools,
            rates=rates,
            base=self.base,
            royalty=self.royalty,
            adjustments=self.adjustments,
            earned=self.royalty + self.adjustments,
            advances=self.advances,
            due=due - before.royalties_due,
            shortfall=sum(pool.shortfall for pool in pools),
            shortfall_due=sum(pool.shortfall_due for pool in pools),
            cmf=fund,
            cmf_due=fund_due - before.fund_due,
            paid=paid,
            carried=carried,
        )

    def _grown(self, before: int, now: int) -> int:
        """P_n of step 8: what has been asked for never shrinks, because money paid is never asked back."""
        return max(before, 0, now)

    def _fund(self) -> int:
        currency = self.agreement.currency
        return round_fund(major(self.base, currency) * self.agreement.cmf, currency)

    def _payments(self, kind: PaymentKind) -> int:
        return sum(payment.amount for payment in self.page.payments if payment.kind is kind)

    def _credited(self) -> dict[str, int]:
        """What has worked each guarantee off so far."""
        credited = dict(self.before.credited)
        parts: list[Part | LatePart] = [part for group in self.groups for part in group.parts]
        parts += [part for line in self.lines for part in line.parts]
        for part in parts:
            if part.pool is not None:
                credited[part.pool] = credited.get(part.pool, 0) + part.royalty
        return credited

    def _pools(self, credited: dict[str, int]) -> Iterator[PoolState]:
        unrecouped = max(0, self.advances - self.before.set_off - max(0, self.earned))
        for guarantee in sorted(self.agreement.guarantees, key=lambda one: (one.last_day, one.pool)):
            if guarantee.pool in self.before.ended or not self._has_begun(guarantee):
                continue
            done = credited.get(guarantee.pool, 0)
            is_ended = guarantee.last_day <= self.page.period.last_day
            shortfall = max(0, guarantee.amount - max(0, done)) if is_ended else 0
            set_off = min(shortfall, unrecouped, self._advances_of(guarantee))
            unrecouped -= set_off
            yield PoolState(
                guarantee.pool,
                guarantee.amount,
                guarantee.last_day,
                done,
                is_ended,
                shortfall,
                set_off,
                shortfall - set_off,
            )

    def _has_begun(self, guarantee: Guarantee) -> bool:
        return guarantee.first_day is None or guarantee.first_day <= self.page.period.last_day

    def _advances_of(self, guarantee: Guarantee) -> int:
        """The advances that are part of a guarantee: those that name it, and those that name none when there is one only."""
        if len(self.agreement.guarantees) == 1:
            return self.advances
        return sum(
            advance.amount
            for advance in self.agreement.advances
            if advance.pool == guarantee.pool
            and (advance.paid_on is None or advance.paid_on <= self.page.period.last_day)
        )
