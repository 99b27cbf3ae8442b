"""A statement in words: what its page and its PDF print, in the language that is active."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core.money import BASIS_POINTS, Money
from core.territories import country_name, every_country
from licensing.ledger.forecast import EarnOut
from licensing.models import Category, DistributionChannel, SaleLine, Statement


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the sum: what it is, how much, and why."""

    code: str
    label: str
    value: str
    remark: str = ""
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Sales that agree in everything royalties depend on; `number` is the group's place in the statement's figures."""

    number: int
    properties: str
    category: str
    territory: str
    channel: str
    article: str
    units: str
    net: str
    fx: str
    base: str
    rates: str
    royalty: str
    remark: str


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    """A late return, with its place behind the groups (`number`), or a sum that somebody set (no number: no sale is behind it)."""

    number: int | None
    what: str
    of: str
    amount: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A guarantee, what is credited to it, and what the pace promises. Widths are basis points of the guarantee."""

    pool: str
    amount: str
    credited: str
    credited_width: int
    by_end_width: int
    sentence: str
    outlook: str


@dataclass(frozen=True, slots=True)
class Sheet:
    title: str
    facts: Sequence[tuple[str, str]]
    headline: Sequence[Figure]
    figures: Sequence[Figure]
    groups: Sequence[GroupRow]
    adjustments: Sequence[AdjustmentRow]
    payments: Sequence[tuple[str, str, str]]
    bars: Sequence[Bar]
    digest: str
    is_closed: bool
    notes: Sequence[str]

    def row(self, number: int) -> "GroupRow | AdjustmentRow":
        """The row at a place that `behind.lines_behind` knows."""
        rows: list[GroupRow | AdjustmentRow] = [*self.groups, *self.adjustments]
        return rows[number]


@dataclass(frozen=True, slots=True)
class LineRow:
    """A sale line as it was told."""

    name: str
    kind: str
    source: str
    day: str
    counted_on: str
    article: str
    quantity: str
    amount: str
    of: str


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A statement in a list."""

    licence: str
    film: str
    period: str
    state: str
    is_closed: bool
    earned: str
    payable: str
    due: str


def statement_rows(statements: Iterable[Statement]) -> list[StatementRow]:
    """Statements that have figures, for a list. No query, if their licences and films are at hand."""
    language, rows = get_language() or "en", []
    for one in statements:
        say = Words(one.currency)
        rows.append(
            StatementRow(
                licence=one.licence.number,
                film=one.licence.film.title_in(language),
                period=one.period,
                state=one.get_state_display(),
                is_closed=one.state == Statement.State.CLOSED,
                earned=say.money(one.figures["earned"]),
                payable=say.minor(one.payable),
                due=say.day(one.due_on),
            )
        )
    return rows


def line_rows(lines: Iterable[SaleLine], currency: str) -> list[LineRow]:
    """Lines of one currency, for a list."""
    say = Words(currency)
    return [
        LineRow(
            name=line.external_id,
            kind=line.get_kind_display(),
            source=line.get_source_display(),
            day=say.day(line.day),
            counted_on=say.day(line.counted_on) if line.counted_on != line.day else "",
            article=line.article,
            quantity=say.number(line.quantity) if line.quantity else "",
            amount=line.exact_amount or (say.minor(line.amount) if line.amount is not None else _("at the price sold")),
            of=line.of,
        )
        for line in lines
    ]


def sheet_of(statement: Statement, *, outlooks: Iterable[EarnOut] = ()) -> Sheet:
    """The sheet of a statement that has been computed. `outlooks` are `forecast.forecasts` of its licence. One query, if the
    licence, its merchant and its film are at hand."""
    figures, say = statement.figures, Words(statement.currency)
    names = _names(statement)
    return Sheet(
        title=_("Royalty statement %(number)s, %(period)s") % {"number": statement.number, "period": statement.period},
        facts=_facts(statement, say),
        headline=_headline(figures, say),
        figures=[*_sales(figures, say), *_sum(figures, say)],
        groups=[_group(number, group, say, names) for number, group in enumerate(figures["groups"])],
        adjustments=[
            _adjustment(number, line, say)
            for number, line in enumerate(figures["adjustment_lines"], start=len(figures["groups"]))
        ],
        payments=[
            (_payment_words().get(one["kind"], one["kind"]), say.day(one["date"]), say.money(one["amount"]))
            for one in figures["payments"]
        ],
        bars=[bar_of(outlook, say) for outlook in outlooks],
        digest=statement.digest,
        is_closed=statement.state == Statement.State.CLOSED,
        notes=_notes(statement, say),
    )


class Words:
    """Amounts, numbers and days as readers of the active language write them."""

    def __init__(self, currency: str) -> None:
        self.currency = currency
        self.locale = (get_language() or "en").replace("zh-hans", "zh-Hans").replace("-", "_")

    def money(self, text: str | None, currency: str = "") -> str:
        if text is None:
            return "–"
        return self.minor(Money.parse(text, currency or self.currency).amount, currency)

    def minor(self, amount: int, currency: str = "") -> str:
        return Money(amount, currency or self.currency).in_locale(self.locale)

    def number(self, value: int | str) -> str:
        return str(format_decimal(Decimal(value), locale=self.locale, decimal_quantization=False))

    def rate(self, text: str) -> str:
        return str(format_percent(Decimal(text), locale=self.locale, decimal_quantization=False))

    def day(self, when: date | str | None) -> str:
        if not when:
            return "–"
        on = date.fromisoformat(when) if isinstance(when, str) else when
        # English as on every other page: 31 Mar 2026.
        return str(format_date(on, format="d MMM yyyy" if self.locale == "en" else "long", locale=self.locale))


def _facts(statement: Statement, say: Words) -> list[tuple[str, str]]:
    licence, language = statement.licence, get_language() or "en"
    return [
        (_("Licensee"), licence.merchant.name_in(language)),
        (_("Licence"), licence.number),
        (_("Property"), licence.film.title_in(language)),
        (
            _("Period"),
            _("%(first)s to %(last)s") % {"first": say.day(statement.first_day), "last": say.day(statement.last_day)},
        ),
        (_("Due"), say.day(statement.due_on)),
        (_("Currency of the statement"), statement.currency),
        (_("State"), statement.get_state_display()),
    ]


def _headline(figures: dict[str, Any], say: Words) -> list[Figure]:
    return [
        Figure("earned", _("Royalties earned"), say.money(figures["earned"]), _("in this period")),
        Figure("due", _("Royalties due"), say.money(figures["due"]), _("after advances and what was asked for before")),
        Figure("payable", _("Payable"), say.money(figures["payable"]), _("with guarantee and marketing fund")),
        Figure("balance", _("Balance"), say.money(figures["balance"]), _("all that was asked for, less payments")),
    ]


def _sales(figures: dict[str, Any], say: Words) -> list[Figure]:
    """The sales side, for each currency of its own."""
    found = []
    labels = {"gross": _("Gross sales"), "returns": _("Returns"), "deductions": _("Deductions"), "net": _("Net sales")}
    for currency, sums in figures["sales"].items():
        for name, label in labels.items():
            remark = currency if len(figures["sales"]) > 1 else ""
            sign = "−" if name in ("returns", "deductions") and Decimal(sums[name]) else ""
            found.append(Figure(name, label, sign + say.money(sums[name], currency), remark, name == "net"))
    return found


def _sum(figures: dict[str, Any], say: Words) -> list[Figure]:
    def line(name: str, label: str, remark: str = "", *, is_total: bool = False) -> Figure:
        return Figure(name, label, say.money(figures[name]), remark, is_total)

    return [
        line("base", _("Royalty base"), _("net sales in %(currency)s") % {"currency": say.currency}),
        line("royalty", _("Royalties")),
        line("adjustments", _("Adjustments"), _("late returns and sums agreed")),
        line("earned", _("Earned"), is_total=True),
        line("cum_earned", _("Earned in all")),
        line("cum_advance", _("Advances in all")),
        line("advance_unrecouped", _("Advances not worked off")),
        line("due", _("Royalties due"), _("money paid is never asked back"), is_total=True),
        line("shortfall_due", _("Shortfall of guarantees"), _("guarantee less what was credited")),
        line("cmf_due", _("Marketing fund")),
        line("payable", _("Payable"), is_total=True),
        line("paid", _("Paid in this period")),
        line("balance", _("Balance"), is_total=True),
    ]


def _group(number: int, group: dict[str, Any], say: Words, names: Mapping[str, str]) -> GroupRow:
    rates = {say.rate(one["rate"]) for part in group["parts"] for one in part["slices"]}
    floored = any(part["floor"] and part["floor"]["applies"] for part in group["parts"])
    remarks = [group["basis"]] if group["basis"] else []
    if group["sell_off"]:
        remarks.append(_("sell-off"))
    if floored:
        remarks.append(_("least royalty per unit"))
    units = say.number(group["units"])
    if group["units_returned"]:
        units = _("%(sold)s, %(returned)s back") % {"sold": units, "returned": say.number(group["units_returned"])}
    return GroupRow(
        number=number,
        properties=names.get(group["property"], group["property"]) or "–",
        category=names.get(group["category"], group["category"]) or "–",
        territory=_territory(group["territory"]),
        channel=_channel(group["channel"]),
        article=group.get("article", ""),
        units=units,
        net=say.money(group["net"], group["currency"]),
        fx=say.number(group["fx"]) if group["currency"] != say.currency else "",
        base=say.money(group["base"]),
        rates=", ".join(sorted(rates)),
        royalty=say.money(group["royalty"]),
        remark=", ".join(remarks),
    )


def _names(statement: Statement) -> dict[str, str]:
    """What the codes that lines carry are called: the film's address and the categories."""
    language, film = get_language() or "en", statement.licence.film
    return {one.code: one.name_in(language) for one in Category.objects.all()} | {film.slug: film.title_in(language)}


def _territory(code: str) -> str:
    return country_name(code, get_language() or "en") if code in every_country() else code or "–"


def _channel(code: str) -> str:
    return str(DistributionChannel(code).label) if code in DistributionChannel.values else code or "–"


def _adjustment(number: int, line: dict[str, Any], say: Words) -> AdjustmentRow:
    if line["kind"] == "MANUAL":
        return AdjustmentRow(None, line["reason"] or "–", "", say.money(line["amount"]))
    what = _("Returned from %(period)s") % {"period": line["sold_in"] or "–"}
    return AdjustmentRow(number, what, line["of"] or line["group"] or "", say.money(line["amount"]))


def bar_of(outlook: EarnOut, say: Words) -> Bar:
    whole = max(outlook.guarantee, 1)
    facts = {
        "credited": say.minor(outlook.credited, outlook.currency),
        "guarantee": say.minor(outlook.guarantee, outlook.currency),
        "day": say.day(outlook.last_day),
    }
    return Bar(
        pool=outlook.pool,
        amount=facts["guarantee"],
        credited=facts["credited"],
        credited_width=outlook.share,
        by_end_width=max(0, min(BASIS_POINTS, outlook.by_end * BASIS_POINTS // whole)),
        sentence=_("%(credited)s of %(guarantee)s credited, until %(day)s") % facts,
        outlook=_outlook(outlook, say),
    )


def _outlook(outlook: EarnOut, say: Words) -> str:
    if outlook.is_earned_out:
        return _("The guarantee is earned out.")
    if outlook.earned_out_on is not None and outlook.earned_out_on <= outlook.last_day:
        return _("At this pace it is earned out on %(day)s.") % {"day": say.day(outlook.earned_out_on)}
    return _("At this pace %(by_end)s are credited by the end; %(shortfall)s would be owed besides.") % {
        "by_end": say.minor(max(0, outlook.by_end), outlook.currency),
        "shortfall": say.minor(outlook.shortfall, outlook.currency),
    }


def _notes(statement: Statement, say: Words) -> list[str]:
    notes = []
    if statement.figures["no_sales"]:
        notes.append(_("There were no sales in this period."))
    if statement.state == Statement.State.OPEN:
        notes.append(_("The period is open: figures change with every line that comes in."))
    if statement.waiting:
        notes.append(_("%(count)s lines wait for the sale they point at.") % {"count": say.number(statement.waiting)})
    return notes


def _payment_words() -> dict[str, str]:
    return {"STATEMENT": _("Payment for statements"), "ADVANCE": _("Advance")}
