"""The demo's data files as plain Python: TOML tables and CSV rows as dicts, offsets as instants and days."""

import csv
import re
import tomllib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from artwork import Film

DATA = Path(__file__).resolve().parent / "data"

_OFFSET = re.compile(r"([+-])(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

Row = dict[str, Any]


def read_table(name: str) -> Any:
    """The parsed data/`name`.toml. A file that holds a list of one kind of row is that list."""
    with (DATA / f"{name}.toml").open("rb") as file:
        document = tomllib.load(file)
    return document[name] if set(document) == {name} else document


def read_goods() -> list[dict[str, str]]:
    with (DATA / "products.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_film(row: Row) -> Film:
    """What a picture needs to know of a film, from one table of films.toml."""
    people = row["people"]
    return Film(
        slug=row["slug"],
        title_en=row["title_en"],
        title_zh=row["title_zh"],
        year=row["year"],
        directors=tuple(p["name_en"] for p in people if p["role"] == "director"),
        producers=tuple(p["name_en"] for p in people if p["role"] == "producer"),
        palette=tuple(row["palette"]),
        ground=row["ground"],
        ink=row["ink"],
        voice=row["voice"],
    )


def load_films() -> list[Film]:
    """The slate in the order of films.toml, the unannounced film included."""
    return [read_film(row) for row in read_table("films")]


def offset(text: str) -> timedelta | None:
    """ "+30d" as a span of time; None for what is not an offset."""
    found = _OFFSET.fullmatch(text)
    if found is None:
        return None
    sign, number, unit = found.groups()
    span = timedelta(**{_UNITS[unit]: int(number)})
    return -span if sign == "-" else span


def instant(text: str, now: datetime) -> datetime | None:
    """An offset from `now`, or an RFC 3339 instant; None for blank."""
    if not text:
        return None
    span = offset(text)
    return now + span if span is not None else datetime.fromisoformat(text)


def day(text: str, today: date) -> date | None:
    """An offset from `today`, or an ISO date; None for blank."""
    if not text:
        return None
    span = offset(text)
    return today + span if span is not None else date.fromisoformat(text)


def choices(options: str) -> list[dict[str, str]]:
    """Every variant of "size:S|M;colour:Bone|Teal", the first option turning slowest; one without options for blank."""
    variants: list[dict[str, str]] = [{}]
    for part in options.split(";") if options else []:
        name, values = part.split(":")
        variants = [{**variant, name: value} for variant in variants for value in values.split("|")]
    return variants


def price_for(cell: str, options: str, variant: dict[str, str]) -> str:
    """The amount in a price cell for `variant`: one for all, or one for each value of the first option."""
    amounts = cell.split("|")
    if len(amounts) == 1:
        return cell
    name, values = options.split(";")[0].split(":")
    return amounts[values.split("|").index(variant[name])]
