"""Bodies that hold rows: a JSON array of objects, or a CSV table with a header. Decided by `Content-Type`, in UTF-8."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.http.request import UnreadablePostError

from core.errors import Refused
from licensing.royalties.cases import parse_json
from licensing.royalties.read_lines import ALIASES
from merchstore.api.problems import Fault, Problem

#: A row as it was sent: an object's fields; or what is wrong with a row that cannot be read at all.
Row = dict[str, Any] | Refused

_LONGEST_CELL = 100_000
_JSON, _CSV = "application/json", "text/csv"


def read_body(request: Any, *, most_bytes: int, types: Sequence[str] = (_JSON, _CSV)) -> bytes:
    """The whole body. Raises `unsupported_media_type` for what is none of `types` in UTF-8, and `body_too_large`."""
    content_type = request._request.content_type
    charset = request._request.content_params.get("charset", "utf-8").lower()
    if content_type not in types or charset not in ("utf-8", "utf8", "us-ascii"):
        raise Problem("unsupported_media_type", f"Send {' or '.join(types)}, in UTF-8.")
    if request.META.get("HTTP_CONTENT_ENCODING", "identity") not in ("", "identity"):
        raise Problem("unsupported_media_type", "Send the body as it is, without a Content-Encoding.")
    try:
        body: bytes = request._request.read(most_bytes + 1)
    except UnreadablePostError:
        raise Problem("invalid_body", "The body broke off.") from None
    if len(body) > most_bytes:
        raise Problem("body_too_large", f"A body has {most_bytes // 1_000_000} MB at most.")
    return body


def read_rows(request: Any, body: bytes, *, most_rows: int) -> list[Row]:
    """The rows in their order. Raises `invalid_body` when there is no telling them apart, and `body_too_large`."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _invalid("", "not_utf_8", f"Byte {error.start} is not UTF-8.") from None
    rows = _csv_rows(text) if request._request.content_type == _CSV else _json_rows(text)
    found: list[Row] = []
    for row in rows:
        if len(found) == most_rows:
            raise Problem("body_too_large", f"A body has {most_rows:,} rows at most.")
        found.append(row)
    return found


def _json_rows(text: str) -> Iterator[Row]:
    try:
        value = parse_json(text)
    except Refused as refusal:
        raise _invalid("", refusal.code, refusal.sentence) from None
    if not isinstance(value, list):
        raise _invalid("", "NOT_A_LIST", "The body is a JSON array of rows.")
    for row in value:
        yield row if isinstance(row, dict) else Refused("NOT_AN_OBJECT")


def _csv_rows(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [ALIASES.get(name.strip(), name.strip()) for name in next(reader, [])]
        if not any(header):
            raise _invalid("", "header_missing", "The first line holds the names of the columns.")
        if len(set(header)) < len(header):
            often = Counter(header)
            twice = next(name for name in often if often[name] > 1)
            raise _invalid("", "DUPLICATE_FIELD", f"The column “{twice[:40]}” is there twice.")
        for cells in reader:
            if not cells:
                continue
            # The reader's own limit belongs to the process, and importing goods raises it.
            if any(len(cell) > _LONGEST_CELL for cell in cells):
                raise _invalid(
                    "", "BAD_CSV", f"Line {reader.line_num}: a cell has {_LONGEST_CELL:,} characters at most."
                )
            if len(cells) != len(header):
                yield Refused("WRONG_NUMBER_OF_CELLS", found=len(cells), wanted=len(header))
                continue
            yield {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    except csv.Error as error:
        raise _invalid("", "BAD_CSV", f"Line {reader.line_num}: {error}.") from None


def _invalid(pointer: str, code: str, detail: str) -> Problem:
    return Problem("invalid_body", detail, errors=[Fault(pointer, code, detail)])
