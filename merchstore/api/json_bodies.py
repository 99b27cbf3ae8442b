"""JSON bodies: read within bounds, held against a shape, and refused with pointers to what is wrong."""

import json
import math
from collections import Counter
from typing import Any, NoReturn

from django.utils.translation import override
from rest_framework.exceptions import ErrorDetail

from merchstore.api.problems import Fault, Problem
from merchstore.api.row_bodies import read_body
from merchstore.api.shapes import Shape

MOST_BYTES = 1_000_000
_MOST_DEPTH = 20
#: Far above what any field takes; what is longer costs time to read and means nothing.
_MOST_DIGITS = 30
#: Of the faults that are told; the first ones say enough.
_MOST_FAULTS = 50


def json_body(request: Any, *, most_bytes: int = MOST_BYTES) -> bytes:
    """The body as it was sent. Raises `unsupported_media_type` for what is not JSON in UTF-8, and `body_too_large`."""
    return read_body(request, most_bytes=most_bytes, types=("application/json",))


def read_shape(body: bytes, shape: type[Shape], *, partial: bool = False) -> dict[str, Any]:
    """What `body` says, by the shape's fields. Raises `invalid_body`, naming each fault by its pointer.

    `partial`: fields may be left out, and are then not in what comes back.
    """
    return _taken(read_json(body), shape, partial)


def take_shape(value: Any, shape: type[Shape], *, partial: bool = False) -> dict[str, Any]:
    """As `read_shape`, of what came in another form."""
    _check(value, "", 0)
    return _taken(value, shape, partial)


def _taken(value: Any, shape: type[Shape], partial: bool) -> dict[str, Any]:
    with override("en"):
        found = shape(data=value, partial=partial)
        if found.is_valid():
            return dict(found.validated_data)
        faults = _faults(found.errors, "")
    raise Problem("invalid_body", errors=faults[:_MOST_FAULTS])


def read_json(body: bytes) -> Any:
    """The JSON value. Raises `invalid_body` for what is not UTF-8 or JSON, is nested too deep, says a field twice, or holds
    what no database keeps: NUL, half a character, a number beyond all measure."""
    try:
        value = json.loads(
            body.decode(), parse_int=_whole, parse_float=_decimal, parse_constant=_nothing, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        raise _invalid("", "not_utf_8", f"Byte {error.start} is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise _invalid("", "not_json", f"{error.msg}, at character {error.pos}.") from None
    except RecursionError:
        raise _invalid("", "too_deep", f"The body is nested {_MOST_DEPTH} levels deep at most.") from None
    _check(value, "", 0)
    return value


def pointer_to(name: Any) -> str:
    """A step of a JSON pointer."""
    return "/" + str(name).replace("~", "~0").replace("/", "~1")[:80]


def _check(value: Any, pointer: str, depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise _invalid("", "too_deep", f"The body is nested {_MOST_DEPTH} levels deep at most.")
    if isinstance(value, str) and not _is_plain(value):
        raise _invalid(pointer, "invalid", "This holds a character that no text has.")
    if isinstance(value, dict):
        for name, part in value.items():
            if not _is_plain(name):
                raise _invalid(pointer, "invalid", "The name of a field holds a character that no text has.")
            _check(part, pointer + pointer_to(name), depth + 1)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            _check(part, f"{pointer}/{place}", depth + 1)


def _is_plain(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _faults(errors: Any, pointer: str) -> list[Fault]:
    """REST framework's errors, which are nested as the body is, one after the other."""
    if isinstance(errors, dict):
        return [
            fault
            for name, inner in errors.items()
            for fault in _faults(inner, pointer if name == "non_field_errors" else pointer + pointer_to(name))
        ]
    if isinstance(errors, ErrorDetail):
        return [Fault(pointer, errors.code, str(errors))]
    found: list[Fault] = []
    for place, error in enumerate(errors):
        if isinstance(error, dict):
            found += _faults(error, f"{pointer}/{place}")
        else:
            found.append(Fault(pointer, error.code, str(error)))
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _invalid("", "invalid", f"A number of {len(digits)} digits is not one that can be used here.")
    return int(digits)


def _decimal(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _invalid("", "invalid", f"{digits[:40]} is not a number that can be used here.")
    return number


def _nothing(name: str) -> NoReturn:
    raise _invalid("", "not_json", f"{name} is no JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        # Counted once: a body may have a hundred thousand fields.
        often = Counter(name for name, _value in pairs)
        twice = next(name for name in often if often[name] > 1)
        raise _invalid("", "duplicate", f"The field “{ascii(twice)[1:41]}” is there twice.")
    return found


def _invalid(pointer: str, code: str, detail: str) -> Problem:
    return Problem("invalid_body", detail, errors=[Fault(pointer, code, detail)])
