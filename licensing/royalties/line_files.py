"""Files of lines, read one row at a time: JSON Lines (an object a line) or CSV (a header, then rows; empty cells are absent)."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from core.errors import Refused
from licensing.royalties.cases import Row, parse_json
from licensing.royalties.read_lines import ALIASES, renamed

LONGEST = 1 << 20


def rows_of(paths: Iterable[Path]) -> Iterator[Row]:
    for path in paths:
        try:
            yield from (_csv_rows if path.suffix.lower() == ".csv" else _json_rows)(path)
        except OSError as problem:
            raise Refused("FILE_UNREADABLE", path=str(path), problem=problem.strerror or str(problem)) from None
        except UnicodeDecodeError:
            raise Refused("FILE_UNREADABLE", path=str(path), problem="UTF-8") from None


def _json_rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig") as file:
        number = 0
        while line := file.readline(LONGEST):
            number += 1
            where = f"{path.name}:{number}"
            if len(line) == LONGEST:
                raise Refused("LINE_TOO_LONG", path=where)
            if line.isspace():
                continue
            try:
                value = parse_json(line)
            except Refused as refusal:
                refusal.facts["path"] = where
                raise
            yield renamed(value, where), where


def _csv_rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        try:
            header = [name.strip() for name in next(reader, [])]
            fields = [ALIASES.get(name, name) for name in header]
            if len(set(fields)) < len(fields):
                twice = next(name for name in fields if fields.count(name) > 1)
                raise Refused("DUPLICATE_FIELD", path=f"{path.name}:1", field=twice)
            for cells in reader:
                where = f"{path.name}:{reader.line_num}"
                if len(cells) != len(fields):
                    if not cells:
                        continue
                    raise Refused("WRONG_NUMBER_OF_CELLS", path=where, found=len(cells), wanted=len(fields))
                yield {field: cell for field, cell in zip(fields, cells, strict=True) if cell}, where
        except csv.Error as problem:
            raise Refused("FILE_UNREADABLE", path=f"{path.name}:{reader.line_num}", problem=str(problem)) from None
