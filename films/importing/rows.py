"""A film as a file tells it, with every value checked: what cannot be taken refuses the row by line and column."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.importing.report import Problem, RowRefused
from core.importing.text import LONGEST_TEXT, one_line, ungarbled, unprintable_character

LONGEST_NAME = 200
LONGEST_KEY = 200
#: The first films, and far enough ahead for any that is announced.
YEARS = range(1870, 2201)

_DATE = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01]))?)?(?:T[0-9:.]+Z?)?")


@dataclass(frozen=True, slots=True)
class FilmRow:
    """One film of a file. Empty values mean that the file does not say, never that there is none."""

    line: int
    key: str
    title: str
    year: int | None = None
    genres: list[str] = field(default_factory=list)
    synopsis: str = ""
    #: Names by role, in the order of the file, each once.
    people: dict[str, list[str]] = field(default_factory=dict)
    #: The page the film was taken from, which several rows may share.
    page: str = ""
    warnings: list[Problem] = field(default_factory=list)


class FieldReader:
    """Takes values out of one raw record and collects what somebody should look at."""

    def __init__(self, line: int, values: dict[str, Any]) -> None:
        self.line = line
        self.values = values
        self.warnings: list[Problem] = []

    def problem(self, code: str, column: str, **facts: Any) -> Problem:
        return Problem(code, self.line, column, facts)

    def text(self, column: str, *, most: int = LONGEST_NAME, needed: bool = False, keep_lines: bool = False) -> str:
        """A text of at most `most` characters; empty when the file has none and it is not `needed`."""
        value = self.values.get(column)
        if value is not None and not isinstance(value, str):
            raise RowRefused(self.problem("bad_type", column))
        text = self._fit(column, value or "", most, keep_lines=keep_lines)
        if needed and not text:
            raise RowRefused(self.problem("missing_value", column))
        return text

    def names(self, column: str, *, are_people: bool = False) -> list[str]:
        """The texts of a list, each once, without such as have neither letter nor digit."""
        value = self.values.get(column)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise RowRefused(self.problem("bad_type", column))
        names: dict[str, None] = {}
        for item in value:
            name = self._fit(column, item, LONGEST_NAME)
            if name in names:
                self.warnings.append(self.problem("repeated_name", column, value=name))
            elif are_people and name and not any(map(str.isalnum, name)):
                self.warnings.append(self.problem("junk_name", column, value=name))
            elif name:
                names[name] = None
        return list(names)

    def year(self, column: str) -> int | None:
        """The year of a year or a date; None when the file has none, never 0."""
        value = self.values.get(column)
        if value is None or value == "":
            return None
        found = (
            _DATE.fullmatch(str(value).strip())
            if isinstance(value, str | int) and not isinstance(value, bool)
            else None
        )
        if found is None or int(found[1]) not in YEARS or not _is_day(found):
            raise RowRefused(self.problem("bad_year", column, value=str(value)[:80]))
        return int(found[1])

    def _fit(self, column: str, value: str, most: int, *, keep_lines: bool = False) -> str:
        if len(value) > LONGEST_TEXT:
            raise RowRefused(self.problem("too_long", column, most=most))
        if character := unprintable_character(value):
            raise RowRefused(self.problem("control_character", column, character=character))
        text = "\n".join(filter(None, map(one_line, value.split("\n")))) if keep_lines else one_line(value)
        if len(text) > most:
            raise RowRefused(self.problem("too_long", column, most=most))
        if "\ufffd" in text:
            self.warnings.append(self.problem("damaged_text", column, value=text[:80]))
        elif instead := ungarbled(text):
            self.warnings.append(self.problem("garbled_text", column, value=text[:80], instead=instead[:80]))
        return text


def _is_day(found: re.Match[str]) -> bool:
    """Whether the date is on the calendar; 31 April and 30 February are not."""
    if found[3] is None:
        return True
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    leap = month == 2 and day == 29 and (year % 4 != 0 or (year % 100 == 0 and year % 400 != 0))
    return not leap and day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def source_key(source: str, *parts: Sequence[object] | object) -> str:
    """The key a film is known by from one import to the next; what is too long for its column ends in a digest."""
    key = f"{source}:" + "|".join(str(part) for part in parts)
    if len(key) <= LONGEST_KEY:
        return key
    return f"{key[: LONGEST_KEY - 33]}~{hashlib.sha256(key.encode()).hexdigest()[:32]}"
