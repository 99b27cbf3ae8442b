"""A broker of our own, Celery pointed at it, and workers that end with the test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings
from kombu import pools

from tests.system.servers import Broker, Worker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A Redis of this test's own, to which the jobs of this process go too."""
    server = Broker(tmp_path)
    server.start()
    _point_celery_at(server.url)
    yield server
    server.stop()
    _point_celery_at(settings.CELERY_BROKER_URL)


@pytest.fixture
def start_worker(broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def start(**environ: str) -> Worker:
        workers.append(Worker(broker, tmp_path, **environ))
        return workers[-1]

    yield start
    for worker in workers:
        worker.stop()


def _point_celery_at(url: str) -> None:
    """Celery keeps its connections for the life of a process; a test that changes the address lets go of them."""
    current_app.conf.update(broker_url=url, broker_read_url=None, broker_write_url=None)
    pools.reset()
    current_app._pool = None
    current_app.amqp._producer_pool = None
