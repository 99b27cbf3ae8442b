"""The demo, loaded once for all tests of a file: each sees it whole and leaves it as it was."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from demo.load import load_demo
from demo.rows import Tally


@dataclass(frozen=True)
class Demo:
    """When it was loaded, and what the loader counted."""

    at: datetime
    tally: Tally


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[Demo]:
    """With the sandbox's cashier, as `make demo` has it. The tests' own transactions lie within this one, which is rolled back
    after the last of them."""
    whole = transaction.atomic()
    whole._from_testcase = True  # as Django's own: services that must be outermost may begin in it
    with django_db_blocker.unblock(), override_settings(PAYMENT_PROVIDERS=["sandbox"]), whole:
        now = timezone.now()
        demo = Demo(now, load_demo(now, lambda _line: None))
        with connection.cursor() as cursor:
            # Nobody else sees these rows, so no autovacuum counts them: a planner that guesses may take 40 s for one question.
            cursor.execute("ANALYZE")
        yield demo
        transaction.set_rollback(True)
