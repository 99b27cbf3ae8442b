"""Several processes at once, each with its own connection, as the workers of a real site.

They are forked from the test, so that what it patched is patched in them too.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections
from django.db.models import QuerySet

from core import jobs
from core.errors import Refused

FORK = multiprocessing.get_context("fork")
#: How long one process waits at the dangerous place for others that a lock keeps away.
MOMENT = 0.3
#: How long it waits for others that have to come, and how long a process may take in all.
PATIENCE = 60


class Meeting:
    """A place where so many processes meet, once. Where a lock keeps them apart, nobody `comes`: who is alone there goes on after
    a moment."""

    def __init__(self, count: int = 2, *, comes: bool = True) -> None:
        self._barrier = FORK.Barrier(count)
        self._patience = PATIENCE / 2 if comes else MOMENT
        self._happened = FORK.Event()

    @property
    def happened(self) -> bool:
        return self._happened.is_set()

    def wait(self) -> None:
        try:
            self._barrier.wait(self._patience)
            self._happened.set()
        except threading.BrokenBarrierError:
            pass

    def before(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> "Meeting":
        """They meet when they are about to call `owner.name`."""
        function = getattr(owner, name)

        def met(*arguments: Any, **named: Any) -> Any:
            self.wait()
            return function(*arguments, **named)

        monkeypatch.setattr(owner, name, met)
        return self

    def after(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> "Meeting":
        """They meet when `owner.name` has answered."""
        function = getattr(owner, name)

        def met(*arguments: Any, **named: Any) -> Any:
            answer = function(*arguments, **named)
            self.wait()
            return answer

        monkeypatch.setattr(owner, name, met)
        return self


def tried(verb: Callable[[], Any]) -> str:
    """What became of it: the verb's own word, or "done"; the code of a refusal; the name of a database's error."""
    try:
        answer = verb()
    except Refused as refusal:
        return refusal.code
    except DatabaseError as error:
        return type(error).__name__
    return answer if isinstance(answer, str) else "done"


def in_processes(*verbs: Callable[[], Any]) -> list[Any]:
    """Run each verb in a process of its own, all from the same moment; their answers in the order of the verbs. None where
    a process was killed."""
    connections.close_all()
    start = FORK.Barrier(len(verbs))
    ends = [FORK.Pipe(duplex=False) for _verb in verbs]
    processes = [
        FORK.Process(target=_run, args=(verb, start, end), daemon=True)
        for verb, (_ours, end) in zip(verbs, ends, strict=True)
    ]
    for process in processes:
        process.start()
    for _ours, end in ends:
        end.close()
    answers = [_answer(ours) for ours, _end in ends]
    for process in processes:
        process.join(PATIENCE)
        assert process.exitcode is not None
    return answers


@pytest.fixture
def no_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent to the queue, whose tasks each new process would have to read first."""
    for app in ("catalog", "orders"):
        import_module(f"{app}.tasks")
    monkeypatch.setattr(jobs, "_send", lambda _name, _arguments: None)


def _run(verb: Callable[[], Any], start: Any, end: Connection) -> None:
    connection.ensure_connection()
    start.wait(PATIENCE)
    end.send(verb())
    end.close()
    connections.close_all()


def _answer(end: Connection) -> Any:
    assert end.poll(PATIENCE), "a process does not end"
    try:
        return end.recv()
    except EOFError:
        return None


def die() -> None:
    """As a killed process ends: no handler, no rollback, no goodbye."""
    os._exit(9)


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every `select_for_update` out."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda queryset, *_options, **_named: queryset.all())


def without_conditions(monkeypatch: pytest.MonkeyPatch, model: type, keep: Sequence[str] = ("pk",)) -> None:
    """Take every condition of `model`'s filters out but which row it is."""
    whole = QuerySet.filter

    def bare(queryset: QuerySet[Any], *arguments: Any, **named: Any) -> QuerySet[Any]:
        if queryset.model is model:
            return whole(queryset, **{name: value for name, value in named.items() if name in keep})
        return whole(queryset, *arguments, **named)

    monkeypatch.setattr(QuerySet, "filter", bare)
