"""Reading a page ahead, while the database takes one page in: a large file by a process of its own, a small one by a thread."""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, cast

from django.utils import translation

from catalog.importing.batches import Batch, Task

#: From so many bytes on a process of its own pays for its start (a third of a second).
LARGE = 2 * 1024 * 1024
_ROOT = Path(__file__).resolve().parents[2]
#: What the reader inherits: where programs, libraries and room for temporary files are. No secret.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR", "SQLITE_TMPDIR")


class ReaderEnded(Exception):
    """The process that reads the file was ended from outside, killed by somebody or for want of memory."""


@contextmanager
def read_ahead(task: Task, *, size: int) -> Iterator[Iterator[Batch]]:
    """The batches of a file of `size` bytes, each once. Whoever reads asks no database, and ends when this does."""
    with ThreadPoolExecutor(1, "reading") as pool, ExitStack() as stack:
        is_apart = size >= LARGE and task.reading.is_portable
        yield _ahead(pool, stack.enter_context(_reader(task)) if is_apart else task.batches())


def _ahead(pool: ThreadPoolExecutor, batches: Iterator[Batch]) -> Iterator[Batch]:
    language = translation.get_language()

    def read() -> Batch:
        with translation.override(language):
            return next(batches)

    following = pool.submit(read)
    while not (batch := following.result()).is_last:
        following = pool.submit(read)
        yield batch
    yield batch


def start_reader() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "catalog.importing.reader"],
        cwd=_ROOT,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


@contextmanager
def _reader(task: Task) -> Iterator[Iterator[Batch]]:
    """The batches as a process of its own reads them. A worker's process may have no children of `multiprocessing`, but
    it may start programs."""
    process = start_reader()
    try:
        yield _received(task, cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout))
    finally:
        # It has nothing to put in order: its temporary files have no name.
        process.kill()
        process.communicate()


def _received(task: Task, tasks: IO[bytes], batches: IO[bytes]) -> Iterator[Batch]:
    """What the reader sends; what it raised is raised here. Raises `ReaderEnded` where it sends no more."""
    try:
        pickle.dump(task, tasks, pickle.HIGHEST_PROTOCOL)
        tasks.flush()
        while True:
            told: Batch | Exception = pickle.load(batches)  # noqa: S301 — from our own program
            if isinstance(told, Exception):
                raise told
            yield told
    except (EOFError, BrokenPipeError, pickle.UnpicklingError) as end:
        raise ReaderEnded from end
