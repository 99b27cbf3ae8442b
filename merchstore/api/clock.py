"""A clock that can be moved: `X-Clock: 2027-01-01T00:00:00Z`, for a sandbox's key and for no other."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from rest_framework.exceptions import ErrorDetail
from rest_framework.serializers import ValidationError

from merchstore.api.problems import Problem
from merchstore.api.shapes import Instant

CLOCK = "X-Clock"
#: How far from today it may be set.
_REACH = timedelta(days=3653)


def clock_of(request: Any) -> datetime | None:
    """The instant that the request's clock shows; None for one without. Raises `clock_not_yours` where the key is no
    sandbox's, `clock_invalid` for what is no instant or too far away."""
    shown = request.META.get("HTTP_X_CLOCK")
    if shown is None:
        return None
    if request.auth is None or not request.auth.merchant.is_sandbox:
        raise Problem("clock_not_yours")
    try:
        at: datetime = Instant().to_internal_value(shown)
    except ValidationError as error:
        [reason] = error.detail
        raise Problem("clock_invalid", _sentence(reason)) from None
    if abs(at - timezone.now()) > _REACH:
        raise Problem("clock_invalid")
    return at


def written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _sentence(reason: Any) -> str:
    return str(reason) if isinstance(reason, ErrorDetail) else ""
