"""A verb as part of somebody's transaction, for the doors that have to look and change in one."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from django.db import transaction

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def inside(service: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """`service` without the transaction of its own that `@transaction.atomic(durable=True)` gives it.

    For whoever has opened one, holds the row's lock in it and has compared what was read before: nobody comes in between.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("there is no transaction for this to be a part of")
    return cast("Callable[Given, Answer]", service.__wrapped__)  # type: ignore[attr-defined]
