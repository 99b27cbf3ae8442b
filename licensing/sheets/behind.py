"""The sale lines behind a figure of a statement."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.errors import Refused
from licensing.models import SaleLine, Statement

#: Lines on a page.
PAGE = 100


@dataclass(frozen=True, slots=True)
class Behind:
    """A page of lines in the order they were recorded; `next` is where the following page goes on, 0 at the end."""

    group: dict[str, Any]
    lines: list[SaleLine]
    next: int


def lines_behind(statement: Statement, number: int, *, after: int = 0) -> Behind:
    """The sales, returns and deductions of the group at place `number` of the figures. Refuses `UNKNOWN_GROUP`. One query."""
    groups = statement.figures.get("groups", [])
    if not 0 <= number < len(groups):
        raise Refused("UNKNOWN_GROUP", path="group", group=str(number))
    group = groups[number]
    lines = _lines(statement, group, _following(groups, group)).filter(pk__gt=after).order_by("pk")
    found = list(lines.select_related("recorded_by")[: PAGE + 1])
    return Behind(group, found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else 0)


def _lines(statement: Statement, group: dict[str, Any], until: date | None) -> QuerySet[SaleLine]:
    sold = _in_group(group, until)
    of_one = SaleLine.objects.filter(
        _in_group(group, until), licence=statement.licence_id, statement=statement.pk, kind=SaleLine.Kind.SALE,
        external_id=OuterRef("of"),
    )  # fmt: skip
    # A return or deduction that points at a sale counts with that sale.
    pointing = ~Q(of="") & ~Q(kind=SaleLine.Kind.SALE) & Exists(of_one)
    return SaleLine.objects.filter(statement=statement).filter((Q(of="") & sold) | pointing)


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
