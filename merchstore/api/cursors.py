"""Cursors: where a page ended, signed, so that a made-up one is refused instead of guessed at."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.core import signing

from merchstore.api.problems import Fault, Problem

AnyPosition = TypeVar("AnyPosition", bound=tuple)

_SIGNER = signing.Signer(salt="merchstore.api.cursor", sep=".")


def write_cursor(list_name: str, position: tuple[Any, ...]) -> str:
    """The cursor of a position in the list of this name; another list will not take it."""
    parts = [part.isoformat() if isinstance(part, datetime) else part for part in position]
    return _SIGNER.sign_object([list_name, *parts])


def read_cursor(list_name: str, text: str | None, as_position: Callable[..., AnyPosition]) -> AnyPosition | None:
    """The position a cursor names. Raises `invalid_parameters` for one that this list did not write."""
    if text is None:
        return None
    try:
        name, *parts = _SIGNER.unsign_object(text)
    except signing.BadSignature:
        name, parts = "", []
    if name != list_name:
        detail = "This cursor was not given by this list. Start again at the first page."
        raise Problem("invalid_parameters", errors=[Fault("/query/cursor", "invalid", detail)])
    return as_position(*[datetime.fromisoformat(part) if isinstance(part, str) else part for part in parts])
