"""Recording what was sold, returned and deducted: each row once, whatever the order and the number of batches.

The same id with the same content is unchanged, with other content it is refused. A row counts in the statement of its own day while
that is open, else in the one that is open now. A return or deduction whose sale has not come yet waits for it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from accounts.services import record
from core.bulk import AmongTexts, as_json, in_pages
from core.errors import Refused
from licensing.ledger import journal, splitting
from licensing.ledger.account import agreement_of, lock_account
from licensing.ledger.periods import OpenPeriods, counted_on, mark_stale
from licensing.ledger.reading import Kind, ReadLine, RowReader, goods_row, in_minor
from licensing.models import Licence, LineGoods, RoyaltyTerms, SaleLine, Statement
from licensing.royalties.lines import Deduction, Goods, Return, Sale
from licensing.royalties.rates import rule_for
from licensing.royalties.rounding import EXACT
from licensing.royalties.terms import Agreement

BATCH = 500
#: A sale may carry tomorrow's date, where it is tomorrow already.
AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Row:
    """A row and where it stands (a line of a file, a place in a list). `refusal`: it could not even be read."""

    where: str
    raw: Any = None
    refusal: Refused | None = None


@dataclass(slots=True)
class RowResult:
    """What became of a row: "created", "unchanged" or "refused"."""

    where: str
    outcome: str
    id: str = ""
    kind: str = ""
    period: str = ""
    is_late: bool = False
    is_waiting: bool = False
    refusal: Refused | None = None

    def as_plain(self) -> dict[str, Any]:
        """For JSON; a refusal with its code, field and sentence in the reader's language."""
        told: dict[str, Any] = {"where": self.where, "outcome": self.outcome, "id": self.id or None}
        if self.refusal is not None:
            facts = self.refusal.facts
            return {
                **told, "code": self.refusal.code, "field": facts.get("path", ""), "sentence": self.refusal.sentence,
            }  # fmt: skip
        return {
            **told, "kind": self.kind, "period": self.period, "is_late": self.is_late, "is_waiting": self.is_waiting,
        }  # fmt: skip


def record_sales(
    licence: Licence,
    rows: Iterable[Row | Mapping[str, Any]],
    *,
    source: str,
    by: User | None,
    at: datetime | None = None,
    is_dry_run: bool = False,
) -> Iterator[RowResult]:
    """Record rows (fields as in docs/royalties.md) and tell what became of each, in their order. It goes as it is
    iterated, a transaction per batch.

    Read as a stream; a run that was cut off is sent again as it was. Refuses `royalty_terms_missing` as a
    whole; everything else is refused row by row. Locks the licence's account for each batch.
    """
    recorder = Recorder(licence, source=source, by=by, at=at or timezone.now(), is_dry_run=is_dry_run)
    numbered = (_as_row(number, row) for number, row in enumerate(rows))
    for page in in_pages(numbered, BATCH):
        yield from recorder.record(page)


def _as_row(number: int, row: Row | Mapping[str, Any]) -> Row:
    return row if isinstance(row, Row) else Row(f"[{number}]", row)


class Recorder:
    """Records batches of rows of one licence and source."""

    def __init__(self, licence: Licence, *, source: str, by: User | None, at: datetime, is_dry_run: bool) -> None:
        self.licence = licence
        self.source = SaleLine.Source(source)
        self.by = by
        self.at = at
        self.is_dry_run = is_dry_run
        self._read_under: dict[str, Any] | None = None

    @transaction.atomic
    def record(self, rows: list[Row]) -> list[RowResult]:
        account = lock_account(self.licence)
        self._use(account)
        batch = _Batch(self, account, OpenPeriods(self.licence, self.agreement))
        results = batch.results(rows)
        if batch.lines:
            batch.write()
        if self.is_dry_run:
            transaction.set_rollback(True)
        return results

    def _use(self, account: RoyaltyTerms) -> None:
        """The agreement as it stands now; read again only when it has changed between two batches."""
        if account.terms == self._read_under:
            return
        self._read_under = account.terms
        self.agreement: Agreement = agreement_of(account)
        latest = (self.at + AHEAD).astimezone(ZoneInfo(self.agreement.zone)).date()
        self.reader = RowReader(self.agreement, source=self.source, latest=latest)
        self._ruled: set[tuple[Goods, Any]] = set()

    def check_rule(self, goods: Goods, statement: Statement, day: Any) -> None:
        """Refuses `NO_RATE_RULE` and `AMBIGUOUS_RATE_RULE` while somebody is there to be told."""
        if (goods, day) in self._ruled:
            return
        for name, _points in goods.shares:
            rule_for(self.agreement, name, goods, day, where="")
        if len(self._ruled) < 10_000:
            self._ruled.add((goods, day))


@dataclass(slots=True)
class _Known:
    """A sale that lines can point at: recorded before, or in this batch."""

    quantity: int
    currency: str
    statement: int
    is_closed: bool


@dataclass(slots=True)
class _Batch:
    recorder: Recorder
    account: RoyaltyTerms
    periods: OpenPeriods
    lines: list[tuple[SaleLine, ReadLine]] = field(default_factory=list)
    existing: dict[tuple[str, str], tuple[str, dict[str, Any], str]] = field(default_factory=dict)
    sales: dict[str, _Known] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def results(self, rows: list[Row]) -> list[RowResult]:
        """Sales first, then what points at them: the order of the rows means nothing."""
        read = [self._read(row) for row in rows]
        self._load([one for one in read if isinstance(one, ReadLine)])
        told: list[RowResult | None] = [None] * len(rows)
        order = sorted(range(len(rows)), key=lambda at: isinstance(one := read[at], ReadLine) and one.kind != Kind.SALE)
        for at in order:
            one = read[at]
            told[at] = (
                RowResult(rows[at].where, "refused", _id_of(rows[at].raw), refusal=one)
                if isinstance(one, Refused)
                else self._placed(rows[at].where, one)
            )
        return [result for result in told if result is not None]

    def _read(self, row: Row) -> ReadLine | Refused:
        if row.refusal is not None:
            return row.refusal
        try:
            return self.recorder.reader.read(row.raw)
        except Refused as refusal:
            return refusal

    def _load(self, read: list[ReadLine]) -> None:
        """What is recorded already of these ids, and of the sales that they point at. Three queries."""
        rows = SaleLine.objects.filter(licence=self.recorder.licence)
        ids = {one.line.id for one in read}
        values = ("kind", "external_id", "digest", "said", "statement__period")
        for kind, name, digest, said, period in rows.filter(AmongTexts("external_id", ids)).values_list(*values):
            self.existing[kind, name] = (digest, said, period)
        pointed = {one.sale_pointed_at for one in read} - {""}
        if pointed:
            sales = rows.filter(AmongTexts("external_id", pointed), kind=Kind.SALE)
            for name, quantity, currency, number, state in sales.values_list(
                "external_id", "quantity", "currency", "statement__number", "statement__state"
            ):
                self.sales[name] = _Known(quantity, currency, number, state == Statement.State.CLOSED)
        returned = rows.filter(AmongTexts("of", pointed | ids), kind=Kind.RETURN).order_by()
        self.back.update(returned.values_list("of").annotate(total=Sum("quantity")))

    def _placed(self, where: str, read: ReadLine) -> RowResult:
        name, kind = read.line.id, read.kind
        told = RowResult(where, "unchanged", name, kind.value)
        known = self.existing.get((kind, name))
        if known is not None:
            digest, said, told.period = known
            if digest != read.digest and said != read.said:
                return RowResult(where, "refused", name, kind.value, refusal=Refused("ID_TAKEN", path="id", id=name))
            return told
        statement = self.periods.around(read.day)
        try:
            line = self._line(read, statement)
            self._check_points(read, statement)
        except Refused as refusal:
            return RowResult(where, "refused", name, kind.value, refusal=refusal)
        self._remember(read, line, statement)
        told.outcome, told.period = "created", statement.period
        told.is_late = read.day < statement.first_day
        told.is_waiting = bool(read.sale_pointed_at) and read.sale_pointed_at not in self.sales
        return told

    def _line(self, read: ReadLine, statement: Statement) -> SaleLine:
        line, recorder = read.line, self.recorder
        day = counted_on(statement, read.day)
        goods = None if isinstance(line, Deduction) else line.goods
        if goods is not None and not (isinstance(line, Return) and (line.sold_in or line.rate is not None)):
            recorder.check_rule(goods, statement, day)
        if isinstance(line, Return) and line.sold_in:
            self._check_sold_in(line.sold_in, statement)
        found = SaleLine(
            licence=recorder.licence, statement=statement, kind=read.kind, source=recorder.source, external_id=line.id,
            day=read.day, counted_on=day, article=str(read.said.get("article", "")), of=read.of, said=read.said,
            digest=read.digest, recorded_at=recorder.at, recorded_by=recorder.by,
        )  # fmt: skip
        found.currency = recorder.reader.currency_of(line)
        if not isinstance(line, Deduction):
            found.quantity = line.quantity
            found.tax_rate = f"{line.tax_rate:f}"
            found.fx = f"{line.fx:f}" if line.fx is not None else ""
        _set_amount(found, line.amount)
        return found

    def _check_sold_in(self, name: str, statement: Statement) -> None:
        """A return of an earlier period names one there is."""
        sold_in = Statement.objects.filter(licence=self.recorder.licence, period=name).first()
        if sold_in is None or sold_in.number >= statement.number:
            raise Refused("RETURNED_BEFORE_SOLD", path="sold_in", period=name)

    def _check_points(self, read: ReadLine, statement: Statement) -> None:
        line = read.line
        if isinstance(line, Sale):
            if self.back[line.id] > line.quantity:  # returns that came before it
                raise Refused("RETURNED_TOO_MANY", path="quantity", id=line.id, sold=line.quantity)
            return
        sale = self.sales.get(read.sale_pointed_at)
        if sale is None:
            return
        if isinstance(line, Deduction):
            if sale.statement != statement.number:
                raise Refused("UNKNOWN_LINE", path="of", id=line.of)
            return
        if line.currency not in ("", sale.currency):
            raise Refused("WRONG_LINE_CURRENCY", path="currency", currency=line.currency, wanted=sale.currency)
        if self.back[line.of] + line.quantity > sale.quantity:
            raise Refused("RETURNED_TOO_MANY", path="quantity", id=line.of, sold=sale.quantity)

    def _remember(self, read: ReadLine, line: SaleLine, statement: Statement) -> None:
        self.lines.append((line, read))
        self.existing[read.kind, line.external_id] = (read.digest, read.said, statement.period)
        if isinstance(read.line, Sale):
            self.sales[line.external_id] = _Known(line.quantity, line.currency, statement.number, is_closed=False)
        elif isinstance(read.line, Return) and read.sale_pointed_at:
            self.back[line.of] += line.quantity

    # -- writing -------------------------------------------------------------------------------------

    def write(self) -> None:
        recorder = self.recorder
        self._give_goods()
        rows = SaleLine.objects.bulk_create([line for line, _read in self.lines], batch_size=BATCH)
        entries = splitting.entries(self.account, recorder.agreement, self.lines)
        journal.write(recorder.licence, entries, at=recorder.at)
        mark_stale(recorder.licence, since=min(row.statement.number for row in rows))
        counts: dict[str, int] = defaultdict(int)
        for row in rows:
            counts[row.kind] += 1
        record("royalties.lines_recorded", recorder.licence, by=recorder.by, source=recorder.source.value, **counts)

    def _give_goods(self) -> None:
        wanted: dict[str, Goods] = {}
        digests: list[str] = []
        for _line, read in self.lines:
            goods = None if isinstance(read.line, Deduction) else read.line.goods
            digest = "" if goods is None else goods_digest(goods)
            digests.append(digest)
            if goods is not None:
                wanted[digest] = goods
        rows = rows_of_goods(self.recorder.licence, wanted)
        for (line, _read), digest in zip(self.lines, digests, strict=True):
            line.goods = rows.get(digest)


def rows_of_goods(licence: Licence, wanted: Mapping[str, Goods]) -> dict[str, LineGoods]:
    """The row of each of these goods, by their digest; made where there is none yet. Call under the account's lock."""
    of_licence = LineGoods.objects.filter(licence=licence)
    found = {row.digest: row for row in of_licence.filter(AmongTexts("digest", wanted))}
    new = [goods_row(licence.pk, goods, digest) for digest, goods in wanted.items() if digest not in found]
    found |= {row.digest: row for row in LineGoods.objects.bulk_create(new)}
    return found


def goods_digest(goods: Goods) -> str:
    return sha256(as_json(list(goods)).encode()).hexdigest()


def _set_amount(line: SaleLine, amount: Decimal | None) -> None:
    """Whole minor units; and the exact amount, where it is finer than that or of a currency that the line does not say."""
    if amount is None:
        return
    if line.currency:
        line.amount = in_minor(amount, line.currency)
        if exact_amount(line) == amount:
            return
    line.exact_amount = f"{EXACT.normalize(amount):f}"


def exact_amount(line: SaleLine) -> Decimal | None:
    """The amount of the whole line in major units, exactly as it was told."""
    if line.exact_amount:
        return Decimal(line.exact_amount)
    return None if line.amount is None else journal.major(line.amount, line.currency)


def _id_of(raw: Any) -> str:
    found = raw.get("id") if isinstance(raw, Mapping) else None
    return str(found)[:200] if isinstance(found, str | int) and not isinstance(found, bool) else ""
