"""Cursors: where a page ended, signed, so that a made-up one is refused instead of guessed at."""

from datetime import UTC, datetime, timedelta

from django.core import signing

from catalog.queries.lists import Position
from merchstore.api.problems import Fault, Problem

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIGNER = signing.Signer(salt="merchstore.api.cursor", sep=".")


def write_cursor(list_name: str, position: Position) -> str:
    """The cursor of a position in the list of this name; another list will not take it."""
    instant = (position.updated_at - _EPOCH) // timedelta(microseconds=1)
    return _SIGNER.sign_object([list_name, instant, position.pk])


def read_cursor(list_name: str, text: str | None) -> Position | None:
    """The position a cursor names. Raises `invalid_parameters` for one that this list did not write."""
    if text is None:
        return None
    try:
        name, instant, pk = _SIGNER.unsign_object(text)
        if name == list_name:
            return Position(_EPOCH + timedelta(microseconds=instant), pk)
    except (signing.BadSignature, ValueError):
        pass
    fault = Fault("/query/cursor", "invalid", "This cursor was not given by this list. Start again at the first page.")
    raise Problem("invalid_parameters", errors=[fault])
