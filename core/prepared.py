"""Queries that are asked for nearly every page: the ORM writes each once per process, after that it is only filled in.

Building a queryset and compiling it costs several times what the database needs to answer it. So a page's reads are
written as querysets, with everything the ORM knows of both engines, and their SQL is kept. PostgreSQL keeps their
plans too, where the settings let it: planning a join of five tables takes it five times as long as answering.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db import connection, models
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models.expressions import BaseExpression
from psycopg.sql import Literal
from psycopg.types.numeric import Int8

M = TypeVar("M", bound=models.Model)

#: A parameter of a statement, and where its value comes from: an argument by name and, in a list, its number.
_Param = tuple[Any, tuple[str, int | None] | None]

#: The first of the numbers that stand in for values while a statement is written. They fit a 32-bit column.
_FIRST = 1_900_000_000


def ask_again(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement whose text is the same each time, so that the server need not plan it again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django's usual cursor prints values into the SQL, so that every statement would be a new one.
            cursor.cursor = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
            # Else the driver sends each number as the smallest type that holds it: a statement for every mixture.
            params = [Int8(param) if type(param) is int else param for param in params]
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


class _Statement:
    """SQL, where each of its parameters comes from, and how the columns of its rows are read."""

    def __init__(self, rows: models.QuerySet[Any, Any], stand_ins: dict[Any, tuple[str, int | None]]) -> None:
        compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        self.params = [(param, stand_ins.get(param)) for param in params]
        found = {place for _param, place in self.params}
        assert found >= set(stand_ins.values()), f"a value is not in the statement: {sql}"
        if connection.vendor == "postgresql":
            sql, self.params = _with_constants(sql, self.params)
        self.sql = sql
        columns: Sequence[BaseExpression] = [column for column, *_rest in compiler.select]
        self.converters = compiler.get_converters(columns)

    def rows(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        params = [param if place is None else _adapted(_value(values, place)) for param, place in self.params]
        rows = ask_again(self.sql, params)
        return [self._converted(row) for row in rows] if self.converters else rows

    def _converted(self, row: Sequence[Any]) -> tuple[Any, ...]:
        cells = list(row)
        for at, (converters, expression) in self.converters.items():
            for converter in converters:
                cells[at] = converter(cells[at], expression, connection)
        return tuple(cells)


def _with_constants(sql: str, params: list[_Param]) -> tuple[str, list[_Param]]:
    """Write what is the same each time into the statement: only so can a plan for any values use a partial index."""
    parts = sql.split("%s")
    written = parts[0]
    for (param, place), part in zip(params, parts[1:], strict=True):
        written += ("%s" if place else Literal(param).as_string().replace("%", "%%")) + part
    return written, [(param, place) for param, place in params if place]


class Prepared:
    """`make(*shape, **values)` answers with the `values_list` to ask.

    What is in `shape` may change the statement: whether there is a cursor, an order, a limit. `values` only fill it
    in: whole numbers, strings, instants, and lists of the first two. Each must appear in the statement.
    """

    def __init__(self, make: Callable[..., models.QuerySet[Any, Any]]) -> None:
        self._make = make
        self._kept: dict[Hashable, _Statement] = {}

    def __call__(self, *shape: Hashable, **values: Any) -> list[tuple[Any, ...]]:
        """The rows. One query."""
        lengths = tuple(len(value) if isinstance(value, list) else -1 for value in values.values())
        key = (connection.settings_dict["ENGINE"], shape, tuple(values), lengths)
        statement = self._kept.get(key)
        if statement is None:
            statement = self._kept[key] = self._written(shape, values)
        return statement.rows(values)

    def _written(self, shape: Sequence[Hashable], values: dict[str, Any]) -> _Statement:
        stand_ins: dict[Any, tuple[str, int | None]] = {}
        arguments: dict[str, Any] = {}
        for name, value in values.items():
            if isinstance(value, list):
                arguments[name] = [_stand_in(one, stand_ins, (name, i)) for i, one in enumerate(value)]
            else:
                arguments[name] = _stand_in(value, stand_ins, (name, None))
        return _Statement(self._make(*shape, **arguments), stand_ins)


def _stand_in(value: Any, stand_ins: dict[Any, tuple[str, int | None]], place: tuple[str, int | None]) -> Any:
    number = _FIRST + len(stand_ins)
    stand_in: Any
    if isinstance(value, datetime):
        stand_in = datetime.fromtimestamp(number, tz=UTC)
    else:
        stand_in = f"stand-in {number}" if isinstance(value, str) else number
    stand_ins[_adapted(stand_in)] = place
    return stand_in


def _value(values: dict[str, Any], place: tuple[str, int | None]) -> Any:
    name, i = place
    return values[name] if i is None else values[name][i]


def _adapted(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def columns_of(model: type[models.Model], *left_out: str, only: Collection[str] = ()) -> list[str]:
    """The model's column names in its own order: all of them, `only` some, or without some. For a `values_list`."""
    columns = [field.attname for field in model._meta.concrete_fields if field.attname not in left_out]
    return [column for column in columns if column in only] if only else columns


def instances(model: type[M], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[M]:
    """Models of rows whose cells are those of `columns`, as `columns_of` gave them."""
    return [model.from_db(connection.alias, columns, row) for row in rows]
