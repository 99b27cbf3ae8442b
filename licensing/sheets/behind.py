"""The sale lines behind a figure of a statement."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.errors import Refused
from licensing.ledger.account import account_of, full_terms
from licensing.ledger.reading import goods_of
from licensing.models import SaleLine, Statement, StatementGroup
from licensing.royalties.groups import has_dimensions
from licensing.royalties.lines import Deduction
from licensing.royalties.read_agreement import read_agreement
from licensing.royalties.read_lines import LineReader

#: Lines on a page.
PAGE = 100


@dataclass(frozen=True, slots=True)
class Behind:
    """A page of lines in the order they were recorded; `next` is where the following page goes on, 0 at the end."""

    figure: dict[str, Any]
    lines: list[SaleLine]
    next: int


def lines_behind(statement: Statement, number: int, *, after: int = 0) -> Behind:
    """The sales, returns and deductions of the figure at place `number`: first the groups, then the adjustment lines.

    Refuses `UNKNOWN_GROUP`, also for a sum that somebody set: no sale stands behind it. Two queries; three more where
    deductions name no sale, or where late returns stand behind the figure.
    """
    groups = statement.figures.get("groups", [])
    figures = [*groups, *statement.figures.get("adjustment_lines", [])]
    if not 0 <= number < len(figures) or figures[number].get("kind") == "MANUAL":
        raise Refused("UNKNOWN_GROUP", path="group", group=str(number))
    figure = figures[number]
    is_group = number < len(groups)
    lines = _lines(statement, figure, _following(groups, figure)) if is_group else _late(statement, figure)
    found = list(lines.filter(pk__gt=after).order_by("pk").select_related("recorded_by")[: PAGE + 1])
    return Behind(figure, found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else 0)


def _late(statement: Statement, line: dict[str, Any]) -> QuerySet[SaleLine]:
    """Returns of what an earlier period sold: of one sale, or of all sales of one of its groups."""
    returns = SaleLine.objects.filter(statement=statement, kind=SaleLine.Kind.RETURN)
    if line["of"]:
        return returns.filter(of=line["of"])
    group = StatementGroup.objects.filter(statement__licence=statement.licence_id, name=line["group"] or "").first()
    if group is None:
        return returns.none()
    alike = {"goods": group.goods_id, "fx": group.own_fx}
    parts = StatementGroup.objects.filter(statement=group.statement_id, goods=group.goods_id, own_fx=group.own_fx)
    until = parts.filter(since__gt=group.since).order_by("since").values_list("since", flat=True).first()
    sold = SaleLine.objects.filter(
        licence=statement.licence_id, statement=group.statement_id, kind=SaleLine.Kind.SALE, external_id=OuterRef("of"),
        counted_on__gte=group.since, **alike, **({"counted_on__lt": until} if until else {}),
    )  # fmt: skip
    unnamed = Q(of="", goods=group.goods_id, said__sold_in=line["sold_in"])
    return returns.filter((~Q(of="") & Exists(sold)) | unnamed)


def _lines(statement: Statement, group: dict[str, Any], until: date | None) -> QuerySet[SaleLine]:
    sold = _in_group(group, until)
    of_one = SaleLine.objects.filter(
        _in_group(group, until), licence=statement.licence_id, statement=statement.pk, kind=SaleLine.Kind.SALE,
        external_id=OuterRef("of"),
    )  # fmt: skip
    # A return or deduction that points at a sale counts with that sale.
    pointing = ~Q(of="") & ~Q(kind=SaleLine.Kind.SALE) & Exists(of_one)
    own = SaleLine.objects.filter(statement=statement)
    return own.filter((Q(of="") & sold) | pointing | Q(pk__in=_standing_alone(statement, own.filter(sold, of=""))))


def _standing_alone(statement: Statement, sold: QuerySet[SaleLine]) -> list[int]:
    """Deductions that name no sale: they count in the one group that has the dimensions that they say."""
    alone = list(SaleLine.objects.filter(statement=statement, kind=SaleLine.Kind.DEDUCTION, of="", goods=None))
    like = sold.select_related("goods").first() if alone else None
    if like is None or like.goods is None:
        return []
    reader = LineReader(read_agreement(statement.terms or full_terms(account_of(statement.licence))))
    goods, lines = goods_of(like.goods), [(row.pk, reader.read(row.kind, row.said, row.counted_on)) for row in alone]
    return [pk for pk, line in lines if isinstance(line, Deduction) and has_dimensions(goods, line.wanted)]


def _in_group(group: dict[str, Any], until: date | None) -> Q:
    alike = {
        "properties": group["property"],
        "category": group["category"],
        "territory": group["territory"],
        "channel": group["channel"],
        "basis": group["basis"],
        "currency": group["currency"],
        "is_sell_off": group["sell_off"],
        "article": group.get("article", ""),
    }
    found = Q(**{f"goods__{name}": value for name, value in alike.items()})
    found &= Q(fx=group["own_fx"] or "", counted_on__gte=group["from"])
    return found & Q(counted_on__lt=until) if until else found


def _following(groups: list[dict[str, Any]], group: dict[str, Any]) -> date | None:
    """The day on which the next part of the period begins, if its goods have one: a rule or guarantee turned there."""
    parted = sorted(other["from"] for other in groups if other["from"] > group["from"])
    return date.fromisoformat(parted[0]) if parted else None
