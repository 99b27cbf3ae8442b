"""Rows that were made once serve many questions, each of which finds them as they were."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.test import Client


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside leaves nothing in the database; to what it calls this is no transaction, as the test's own is none."""
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined]
    with around:
        yield
        transaction.set_rollback(True)


def same_browser(client: Client) -> Client:
    """Another client with the same cookies: what it loses or gets, the first one does not."""
    other = Client()
    other.cookies.load(client.cookies.output(header="", sep=";"))
    return other
