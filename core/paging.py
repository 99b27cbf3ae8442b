"""Lists that go on from a position (updated_at, id): the last page costs what the first does, and nothing is counted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan

Row = TypeVar("Row")
AnyModel = TypeVar("AnyModel", bound=Model)


class Position(NamedTuple):
    """Where a page ended."""

    updated_at: datetime
    pk: int


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`next_position` is what the list's own order is by, at the last row; None on the last page."""

    rows: list[Row]
    next_position: tuple[Any, ...] | None


def page_of(rows: QuerySet[AnyModel], after: Position | None, limit: int) -> tuple[list[AnyModel], Position | None]:
    """One page by (updated_at, id), and where it ended if there is another. Reads one row more than it gives to know that.

    Compared as a pair, which an index answers; joined by OR it would be a scan.
    """
    if after is not None:
        rows = rows.filter(TupleGreaterThan(Tuple(F("updated_at"), F("pk")), (after.updated_at, after.pk)))
    found = list(rows.order_by("updated_at", "pk")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], Position(last.updated_at, last.pk)  # type: ignore[attr-defined]
