"""Two at once: of two who close, one does; a line recorded meanwhile counts once. Each with what happens without the lock."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from typing import Any

import pytest
from django.db import DatabaseError, connection

from core.errors import Refused
from licensing.ledger import feeding, sales, statements
from licensing.ledger.invariants import drifted_statements
from licensing.ledger.statements import close_statement
from licensing.models import Licence, RoyaltyTerms, SaleLine, Statement
from tests.licensing.test_ledger_laws import LATER, close, licence_with, record, sale

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT = datetime(2026, 4, 2, tzinfo=UTC)


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """What each of these comes back with, all of them under way at once; what was refused, by its code."""

    def run(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except Refused as refusal:
            return refusal.code
        except DatabaseError as error:
            return str(error).splitlines()[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def without_the_lock(licence: Licence) -> RoyaltyTerms:
    return RoyaltyTerms.objects.select_related("licence").get(licence=licence)


class Meanwhile:
    """Stops a computation where it has read its lines, until `go_on`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_read, self.go_on = Event(), Event()
        fed = feeding._Feeding.fed

        def slowly(this: Any) -> Any:
            result = fed(this)
            self.has_read.set()
            self.go_on.wait(5)
            return result

        monkeypatch.setattr(feeding._Feeding, "fed", slowly)


@pytest.fixture
def licence() -> Iterator[Licence]:
    found = licence_with()
    record(found, sale("s1", "2026-02-01"))
    return found


def close_first(licence: Licence) -> str:
    statement = Statement.objects.get(licence=licence, period="2026-Q1")
    return close_statement(statement, by=None, at=AT).state


def test_of_two_who_close_at_once_one_does(licence: Licence) -> None:
    found = in_threads(lambda: close_first(licence), lambda: close_first(licence))

    assert sorted(found) == ["closed", "statement_closed"]
    assert drifted_statements(5) == []


def test_without_the_lock_both_try(licence: Licence, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: neither sees the other, and only the database's constraints stop the second."""
    monkeypatch.setattr(statements, "lock_account", without_the_lock)
    meanwhile = Meanwhile(monkeypatch)

    def second() -> str:
        meanwhile.has_read.wait(5)
        meanwhile.go_on.set()
        return close_first(licence)

    found = in_threads(lambda: close_first(licence), second)

    assert "statement_closed" not in found
    assert found.count("closed") == 1
    assert any("duplicate key" in one or "never changes" in one for one in found)


def record_meanwhile(licence: Licence, meanwhile: Meanwhile) -> list[str]:
    """A line of the quarter that is being closed, told while the computation has read its lines already."""

    def late() -> Any:
        meanwhile.has_read.wait(5)
        with ThreadPoolExecutor(1) as pool:
            going = pool.submit(in_threads, lambda: record(licence, sale("s2", "2026-02-02"), at=LATER))
            try:
                going.result(0.4)  # it waits for the one who closes, or it does not
            except TimeoutError:
                pass
            meanwhile.go_on.set()
            return going.result(5)

    return in_threads(lambda: close_first(licence), late)


def lines_of(statement: Statement) -> set[str]:
    return set(SaleLine.objects.filter(statement=statement).values_list("external_id", flat=True))


def test_a_line_recorded_while_a_statement_is_closed_is_in_the_next_one(
    licence: Licence, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = record_meanwhile(licence, Meanwhile(monkeypatch))
    monkeypatch.undo()

    assert found == ["closed", [["created"]]]
    first = licence.statements.get(period="2026-Q1")
    second = close(licence, "2026-Q2")
    assert (lines_of(first), lines_of(second)) == ({"s1"}, {"s2"})
    assert (first.figures["gross"], second.figures["gross"]) == ("100.00", "100.00")
    assert drifted_statements(5) == []


def test_without_the_lock_it_is_counted_in_none(licence: Licence, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the line says that it belongs to a statement which was made without it."""
    monkeypatch.setattr(statements, "lock_account", without_the_lock)
    monkeypatch.setattr(sales, "lock_account", without_the_lock)
    record_meanwhile(licence, Meanwhile(monkeypatch))
    monkeypatch.undo()

    first = licence.statements.get(period="2026-Q1")
    assert lines_of(first) == {"s1", "s2"}
    assert first.figures["gross"] == "100.00"
    assert drifted_statements(5) == [first.public_id]


def test_many_batches_at_once_lose_nothing(licence: Licence) -> None:
    batches = [[sale(f"{batch}-{n}", "2026-02-03") for n in range(20)] for batch in range(4)]
    batches.append(batches[0])

    in_threads(*[lambda rows=rows: record(licence, *rows) for rows in batches], lambda: close_first(licence))

    closed = licence.statements.get(period="2026-Q1")
    following = close(licence, "2026-Q2")
    assert SaleLine.objects.count() == 81
    assert lines_of(closed).isdisjoint(lines_of(following))
    counted = sum(float(statement.figures["gross"]) for statement in (closed, following))
    assert counted == 8_100
    assert drifted_statements(5) == []
