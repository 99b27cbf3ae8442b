"""What the gate's twin has to say in SQL that Django has no word for, on PostgreSQL and on SQLite."""

from datetime import date
from typing import Any, Protocol

from django.db.models import BooleanField, CharField, DateField, F, Func, QuerySet, Subquery, Value
from django.db.models.sql.compiler import SQLCompiler

from core.territories import EEA
from licensing.gate import Action
from licensing.models import EVERY, Category, Grant, Licence

#: What `str.strip()` takes away.
_SPACE = "".join(filter(str.isspace, map(chr, range(0x3001))))


class _Question(Protocol):
    @property
    def action(self) -> Action: ...
    @property
    def country(self) -> str: ...
    @property
    def channel(self) -> str: ...


class OneOf(Func):
    """Whether these columns are one of `rows`, a `values` of as many. Django's own compares with one column only."""

    output_field = BooleanField()

    def __init__(self, *columns: str, rows: QuerySet[Any, Any]) -> None:
        super().__init__(*columns, Subquery(rows))

    def as_sql(self, compiler: SQLCompiler, connection: Any, **_extra: Any) -> tuple[str, Any]:  # type: ignore[override]
        *columns, rows = map(compiler.compile, self.source_expressions)
        params = [param for _sql, more in (*columns, rows) for param in more]
        return f"({', '.join(sql for sql, _more in columns)}) IN {rows[0]}", params


class OnOrAfter(Func):
    """Whether the day `column` and as many days after it as `days` says is `day` or later."""

    output_field = BooleanField()
    template = "(%(expressions)s)"
    arg_joiner = " >= "

    def __init__(self, column: str, days: str, *, day: date) -> None:
        super().__init__(_DaysAfter(F(column), F(days)), Value(day, DateField()))


class _DaysAfter(Func):
    output_field = DateField()
    template = "(%(expressions)s)"
    arg_joiner = " + "

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(
            compiler, connection, function="date", template="%(function)s(%(expressions)s || ' days')", arg_joiner=", ",
            **extra,
        )  # fmt: skip


class IsBlank(Func):
    """Whether a text is nothing but space."""

    output_field = BooleanField()
    template = "(trim(%(expressions)s) = '')"

    def __init__(self, text: Any) -> None:
        super().__init__(text, Value(_SPACE))

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="(btrim(%(expressions)s) = '')", **extra)


class DigestOfText(Func):
    """`licensing.assets.digest_of_text` of a column."""

    output_field = CharField()
    # Django gives SQLite this function.
    template = "SHA256(trim(%(expressions)s))"

    def __init__(self, text: Any) -> None:
        super().__init__(text, Value(_SPACE))

    def as_postgresql(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, Any]:
        template = "encode(sha256(convert_to(btrim(%(expressions)s), 'UTF8')), 'hex')"
        return self.as_sql(compiler, connection, template=template, **extra)


class Granted(Func):
    """Whether a licence grants what is asked (rows 11 to 13, 15 and 16): every category, or with `category` that one.

    The two share out the licences. Where no grant names a category the licence alone decides, and is one of few; only
    licences that name some are looked up together with the category. Grants of one licence count together: an exclusion
    in one beats what another includes.
    """

    output_field = BooleanField()

    def __init__(self, licence: Any, category: Any = None, *, asked: _Question) -> None:
        super().__init__(*[one for one in (licence, category) if one is not None], asked=asked)

    def as_sql(self, compiler: SQLCompiler, connection: Any, **_extra: Any) -> tuple[str, Any]:  # type: ignore[override]
        compiled = [compiler.compile(expression) for expression in self.source_expressions]
        columns = [sql for sql, _params in compiled]
        params = [param for _sql, params in compiled for param in params]
        key = ("licence_id", "category_id")[: len(columns)]
        granted, more = _granted(self.extra["asked"], _DIALECTS[connection.vendor], key)
        # As a value, not as a join: planners take the rows for far fewer than they are.
        return f"(({', '.join(columns)}) IN ({granted})) IS TRUE", [*params, *more]


class _Dialect(Protocol):
    #: Whether the list in the first holds the second.
    holds: str
    #: The values of the list, as rows.
    each: str


class _PostgreSql:
    holds = "jsonb_exists({list}, {value})"
    each = "jsonb_array_elements_text({list}) AS state(value)"


class _Sqlite:
    holds = "EXISTS (SELECT 1 FROM json_each({list}) AS held WHERE held.value = {value})"
    each = "json_each({list}) AS state"


_DIALECTS: dict[str, type[_Dialect]] = {"postgresql": _PostgreSql, "sqlite": _Sqlite}


def _granted(asked: _Question, dialect: type[_Dialect], key: tuple[str, ...]) -> tuple[str, list[str]]:
    """What is included, and in row 13 what may be sold unasked, less what is excluded: licences, or licence and category."""

    def among(column: str) -> str:
        return f"({dialect.holds.format(list=column, value='%s')} OR {dialect.holds.format(list=column, value='%s')})"

    def columns(table: str) -> str:
        return ", ".join(f"{table}.{name}" for name in key)

    # Tables are named by their models, everything else is a parameter.
    parted = "SELECT licence_id FROM grants WHERE category_id IS NOT NULL"
    source = f"grants g WHERE g.licence_id NOT IN ({parted})"
    if len(key) > 1:
        joined = f"JOIN {Category._meta.db_table} c ON g.category_id IS NULL OR g.category_id = c.id"
        source = f"(SELECT g.*, c.id AS its_category FROM grants g {joined}) g WHERE g.licence_id IN ({parted})"  # noqa: S608
    category = ", g.its_category AS category_id" if len(key) > 1 else ""
    candidates = f"""
        WITH grants AS MATERIALIZED (
            SELECT g.licence_id, g.category_id, g.countries, g.excluded_countries,
                {among("g.countries")} AS is_included, {among("g.excluded_countries")} AS is_excluded
            FROM {Grant._meta.db_table} g WHERE {among("g.channels")}
        ), candidates AS MATERIALIZED (
            SELECT g.licence_id{category}, g.countries, g.excluded_countries, g.is_included, g.is_excluded FROM {source}
        )
        SELECT {columns("k")} FROM candidates k WHERE k.is_included
    """  # noqa: S608
    less = f"EXCEPT SELECT {columns('k')} FROM candidates k WHERE k.is_excluded"  # noqa: S608
    params = [asked.country, EVERY, asked.country, EVERY, asked.channel, EVERY]
    if asked.action is Action.LIST or asked.country not in EEA:
        return candidates + less, params
    # Not exclusive, and goods may be put on sale in one state of the EEA at least. Sets of states, since a comparison of
    # each with each takes as long as all the rest a thousand times.
    states = sorted(EEA)
    unasked = f"""
        UNION SELECT {columns("o")} FROM (
            SELECT {columns("k")}, state.value FROM candidates k
            JOIN {Licence._meta.db_table} l ON l.id = k.licence_id AND NOT l.is_exclusive
            CROSS JOIN {dialect.each.format(list="k.countries")}
            WHERE NOT k.is_included AND state.value IN ({", ".join(["%s"] * len(states))})
            EXCEPT
            SELECT {columns("k")}, state.value FROM candidates k
            CROSS JOIN {dialect.each.format(list="k.excluded_countries")}
        ) o
    """  # noqa: S608
    return candidates + unasked + less, [*params, *states]
