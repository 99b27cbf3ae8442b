"""Background work: the only way in.

A job is a name and plain values. It is sent after the transaction commits, so a worker never looks for a row
that is not there yet. A broker that is away loses no work: every job only hurries along what rows already say
is to be done, and the beat tasks (`campaigns.resume_work`, `catalog.catch_up_shelf`) find those rows again.
"""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

Plain = str | int | bool | None | list[str] | list[int]


def enqueue(name: str, **arguments: Plain) -> None:
    """Run the task `name` with `arguments` after commit. Refuses (LookupError) a name no app registered."""
    if name not in current_app.tasks:
        current_app.loader.import_default_modules()
    if name not in current_app.tasks:
        raise LookupError(f"no app registered the task {name}")
    transaction.on_commit(lambda: _send(name, arguments))


def _send(name: str, arguments: dict[str, Plain]) -> None:
    task = current_app.tasks[name]
    try:
        task.apply_async(kwargs=arguments)
    except (OperationalError, OSError) as error:
        logger.warning("job.not_sent", extra={"job": name, "error": str(error)})
