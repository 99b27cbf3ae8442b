"""Many rows at once: written by COPY on PostgreSQL, by one prepared INSERT elsewhere; and read at little cost each."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models.sql.compiler import SQLCompiler
from psycopg.abc import Buffer
from psycopg.adapt import Loader

T = TypeVar("T")
# Made once: making one for each value takes longer than what it does.
_encode = DjangoJSONEncoder(ensure_ascii=False).encode


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert `rows` (values in the order of `columns`, which are database column names) into `model`'s table.

    No defaults, no signals, no conflict handling: the caller has locked and looked. A JSON column takes its text
    (`as_json`). Cost: one statement.
    """
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django does not know COPY: without the wrapper its errors would be the driver's, not Django's.
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                write = copy.write_row
                for row in rows:
                    write(row)
            return
        by_column = {field.column: field for field in model._meta.concrete_fields}
        fields = [by_column[column] for column in columns]
        marks = ", ".join(["%s"] * len(columns))
        prepared = [[_prepared(field, value) for field, value in zip(fields, row, strict=True)] for row in rows]
        # Every name comes from the model, every value is a parameter.
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", prepared)  # noqa: S608


def _prepared(field: "models.Field[Any, Any]", value: Any) -> Any:
    is_json_text = isinstance(field, models.JSONField) and isinstance(value, str)
    return value if is_json_text else field.get_db_prep_save(value, connection)


def insert_new(model: type[models.Model], columns: Sequence[str], rows: Iterable[tuple], **shared: Any) -> None:
    """As `insert_rows`, where the columns that `columns` leaves out hold `shared[column]`, or the model's default.

    Defaults that are made for each row (public ids) have to be given in `rows`. The primary key is the database's own.
    """
    rest: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if column not in columns and not field.primary_key:
            value = shared.pop(column) if column in shared else field.get_default()
            rest[column] = as_json(value) if isinstance(field, models.JSONField) else value
    if shared:
        raise TypeError(f"no columns of {model.__name__}: {sorted(shared)}")
    tail = tuple(rest.values())
    insert_rows(model, (*columns, *rest), (row + tail for row in rows))


def as_json(value: Any) -> str:
    """The text of a JSON column."""
    return _encode(value)


def new_ids(model: type[models.Model], count: int) -> list[int]:
    """`count` primary keys that no row of `model` has or will get. On SQLite call inside the transaction that uses them."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)"
            cursor.execute(sql, [f'"{table}"', column, count])
            return [pk for (pk,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        first = (found[0] if found else 0) + 1
        return list(range(first, first + count))


class Among(models.Func):
    """For `filter`: the column is one of `ids`, however many. They are one parameter, while Django's own `__in` makes,
    checks and prints one for each, which for a page of 2,000 takes longer than the query."""

    output_field = models.BooleanField()

    def __init__(self, column: str, ids: Collection[int], **extra: Any) -> None:
        super().__init__(column, **extra)
        self.ids = list(ids)

    def as_sql(self, compiler: SQLCompiler, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, params = compiler.compile(self.source_expressions[0])
        marks = ", ".join(["%s"] * len(self.ids)) or "NULL"
        return f"{column} IN ({marks})", [*params, *self.ids]

    def as_postgresql(self, compiler: SQLCompiler, _connection: Any, **_extra: Any) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        # Of one type with the column: of two, the server compares with each in turn instead of hashing them.
        return f"{column} = ANY(%s::bigint[])", [*params, "{" + ",".join(map(str, self.ids)) + "}"]


class AmongTexts(models.Func):
    """As `Among`, for a column of text."""

    output_field = models.BooleanField()

    def __init__(self, column: str, texts: Collection[str], **extra: Any) -> None:
        super().__init__(column, **extra)
        self.texts = list(texts)

    def as_sql(self, compiler: SQLCompiler, connection: Any, **_extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        column, params = compiler.compile(self.source_expressions[0])
        # One parameter however many: SQLite knows no arrays, but JSON.
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, as_json(self.texts)]  # noqa: S608

    def as_postgresql(self, compiler: SQLCompiler, _connection: Any, **_extra: Any) -> tuple[str, list[Any]]:
        column, params = compiler.compile(self.source_expressions[0])
        return f"{column} = ANY(%s::text[])", [*params, _array_of(self.texts)]


def _array_of(texts: Iterable[str]) -> str:
    """The texts as PostgreSQL writes an array of them; the driver takes ten times as long, looking at each for itself."""
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


class _Instants(Loader):
    """Django's own reader of instants takes 4 µs for each, this one a sixth. Both know UTC only."""

    def load(self, data: Buffer) -> datetime:
        return datetime.fromisoformat(bytes(data).decode())


def read_rows(rows: models.QuerySet[Any, Any]) -> Iterable[tuple]:
    """The rows of a `values_list`, all at once: for many rows of plain columns, a page of them at a time."""
    if connection.vendor != "postgresql":
        return rows
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # it asks for one of none
        return []
    with connection.cursor() as cursor:
        cursor.cursor.adapters.register_loader("timestamptz", _Instants)
        cursor.execute(sql, parameters)
        found: list[tuple] = cursor.fetchall()
        return found


def in_pages(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """`items` in lists of at most `size`."""
    rest = iter(items)
    while page := list(islice(rest, size)):
        yield page
