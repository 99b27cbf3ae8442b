"""`python -m catalog.importing.reader`: reads one file for a worker that writes it, on another core.

A task comes in on standard input, batches go out on standard output, and last why there are no more, where that is a fault.
A batch goes out when the worker takes it, so that no more than two wait. No models and no settings of the site here: with
Django's application loaded this process would take three seconds to start and five times the memory.
"""

import os
import pickle
import signal
import sys
import threading
import traceback
from typing import BinaryIO

from django.conf import settings

from catalog.importing.batches import Task


def serve(tasks: BinaryIO, batches: BinaryIO) -> None:
    task: Task = pickle.load(tasks)  # noqa: S301 — it comes from the process that started this one
    threading.Thread(target=_end_with, args=(tasks,), daemon=True).start()
    try:
        for batch in task.batches():
            _send(batch, batches)
    except BrokenPipeError:
        return  # nobody wants them any more
    except Exception as error:  # noqa: BLE001 the outermost loop: the worker raises it
        _send(_portable(error), batches)


def _send(content: object, out: BinaryIO) -> None:
    pickle.dump(content, out, pickle.HIGHEST_PROTOCOL)
    out.flush()


def _end_with(tasks: BinaryIO) -> None:
    """Standard input is closed when the worker ends, however it ends: killed, too."""
    os.read(tasks.fileno(), 1)
    os._exit(1)


def _portable(error: Exception) -> Exception:
    """The error with the place where it was raised, as something that can be sent."""
    error.add_note("In the process that reads the file:\n" + "".join(traceback.format_tb(error.__traceback__)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 — made right here
    except Exception:  # noqa: BLE001 an exception may hold anything, and be made in any way
        told = RuntimeError(f"{type(error).__name__}: {error}")
        told.__notes__ = error.__notes__
        return told
    return error


if __name__ == "__main__":
    # Ctrl-C reaches both; what becomes of the run then, the worker decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Sentences are marked here and said elsewhere.
    settings.configure(USE_I18N=False)
    serve(sys.stdin.buffer, sys.stdout.buffer)
