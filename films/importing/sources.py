"""The files films come in. The format is recognised from the bytes; each gives raw records with their lines."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Refused
from core.importing import files
from core.importing.report import Problem, RowRefused
from films.importing.rows import FieldReader, FilmRow, source_key
from films.importing.solr_xml import solr_documents
from films.models import Credit

#: A record as it stands in the file, or what is wrong with it.
Raw = tuple[int, dict[str, Any]] | Problem

_SOLR_COLUMNS = {"id", "name"}
_SPACE = re.compile(r"[ \t\r\n]*")
# Wikipedia's mark for a film that only another language has an article about: "Gerhard Richter Painting [de]".
_LANGUAGE_MARK = re.compile(r"\s*(\[[a-z]{2,3}\])$")


@dataclass(frozen=True, slots=True)
class Source:
    """A recognised file. `rows` reads it from the beginning each time it is asked."""

    format: str
    rows: Callable[[], Iterator[FilmRow | Problem]]


def open_source(path: Path) -> Source:
    """Recognise the file and check it as a whole. Refuses `file_unreadable` and `unknown_format`, reads no film yet."""
    found = files.recognise(path)
    if found.kind is files.Kind.JSON:
        files.refuse_large_json(path)
        return _json_source(path)
    if found.kind is files.Kind.XML:
        for _document in solr_documents(path):
            pass
        return Source("solr-xml", lambda: _rows(solr_documents(path), _solr_film))
    table = files.open_table(path, found.encoding.name)
    if not set(table.header) >= _SOLR_COLUMNS:
        raise Refused("unknown_format", problem=_("its columns are not those of a list of films"))
    return Source("solr-csv", lambda: _rows(_solr_table(table), _solr_film))


def _rows(records: Iterator[Raw], read: Callable[[FieldReader], FilmRow]) -> Iterator[FilmRow | Problem]:
    for record in records:
        if isinstance(record, Problem):
            yield record
            continue
        line, values = record
        try:
            yield read(FieldReader(line, values))
        except RowRefused as refusal:
            yield refusal.problem


def _solr_table(table: files.Table) -> Iterator[Raw]:
    for row in table.rows():
        if row.problem is not None:
            yield row.problem
            continue
        cells: dict[str, Any] = dict(row.cells)
        for column in ("directed_by", "genre"):
            cells[column] = [name for name in cells.get(column, "").split("|") if name.strip()]
        yield row.line, cells


# -- JSON -----------------------------------------------------------------------------------------
def _json_source(path: Path) -> Source:
    first = None
    for record in _json_records(path):
        if first is None and not isinstance(record, Problem):
            first = record[1]
    if first is None:
        raise Refused("unknown_format", problem=_("it holds no list of films"))
    if first.keys() >= _SOLR_COLUMNS:
        return Source("solr-json", lambda: _rows(_json_records(path), _solr_film))
    if "title" in first and first.keys() & {"year", "cast", "genres", "href"}:
        return Source("wikipedia-json", lambda: _rows(_json_records(path), _wikipedia_film))
    raise Refused("unknown_format", problem=_("its records are not those of a list of films"))


def _json_records(path: Path) -> Iterator[Raw]:
    """The objects of a JSON array with the line each begins on. Refuses what is no array, or is cut off."""
    text = path.read_text(encoding="utf-8-sig")
    at, line, counted = _skip(text, 0), 1, 0
    if not text.startswith("[", at):
        raise Refused("unknown_format", problem=_("it holds no list of films"))
    at = _skip(text, at + 1)
    while not text.startswith("]", at):
        line, counted = line + text.count("\n", counted, at), at
        value, at = _decode(text, at)
        yield (line, value) if isinstance(value, dict) else Problem("not_an_object", line)
        at = _skip(text, at)
        if text.startswith(",", at):
            at = _skip(text, at + 1)
            if text.startswith("]", at):
                raise _broken_json(json.JSONDecodeError("the list ends after a comma", text, at))
        elif not text.startswith("]", at):
            raise _broken_json(json.JSONDecodeError("a comma or the end of the list was expected", text, at))
    if _skip(text, at + 1) != len(text):
        raise _broken_json(json.JSONDecodeError("the list has ended and something follows", text, at + 1))


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _decode(text: str, at: int) -> tuple[Any, int]:
    try:
        return json.JSONDecoder().raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _broken_json(error) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, lists in lists in lists
        raise _broken_json(json.JSONDecodeError("it cannot be read", text, at)) from error


def _broken_json(error: json.JSONDecodeError) -> Refused:
    problem = _("its JSON breaks at line %(line)s, column %(column)s (%(error)s)")
    return Refused(
        "file_unreadable", problem=problem % {"line": error.lineno, "column": error.colno, "error": error.msg}
    )


# -- records to films -----------------------------------------------------------------------------
def _solr_film(fields: FieldReader) -> FilmRow:
    """A Solr film is known by its id, which is the same in all three formats."""
    return FilmRow(
        line=fields.line,
        key=source_key("solr", fields.text("id", most=1_000, needed=True)),
        title=fields.text("name", needed=True),
        year=fields.year("initial_release_date"),
        genres=fields.names("genre"),
        people={Credit.Role.DIRECTOR.value: fields.names("directed_by", are_people=True)},
        warnings=fields.warnings,
    )


def _wikipedia_film(fields: FieldReader) -> FilmRow:
    """A Wikipedia film is known by page, title and year together.

    The page alone would merge films: two of them share an article, some have none. Title and year alone would too.
    """
    title = fields.text("title", needed=True)
    page, year = fields.text("href", most=2_000), fields.year("year")
    key = source_key("wikipedia", page, title, year or "")
    if mark := _LANGUAGE_MARK.search(title):
        fields.warnings.append(fields.problem("marker_removed", "title", value=mark[1]))
        title = title[: mark.start()] or title
    return FilmRow(
        line=fields.line,
        key=key,
        title=title,
        year=year,
        genres=fields.names("genres"),
        synopsis=fields.text("extract", most=20_000, keep_lines=True),
        people={Credit.Role.CAST.value: fields.names("cast", are_people=True)},
        page=page,
        warnings=fields.warnings,
    )
