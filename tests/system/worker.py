"""The worker of `test_killed_worker`: the real Celery application with small pages, which can be told to stand still.

STAND_STILL_AT names files, one per place: `page-N` (offers and listings of the N-th page are written, nothing is
committed), `publication` (spans, boundaries and due rows are written, nothing is committed) and `webhook` (a delivery is
claimed, nothing is sent). A process that comes
to such a place while its file is empty writes its pid into it and waits to be killed; the next one passes.
"""

import os
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from merchstore.celery import app

app.loader.import_default_modules()

from campaigns import staging  # noqa: E402 — models can be imported only when the application is ready
from campaigns.models import StagedPage  # noqa: E402
from core.outbound import Network  # noqa: E402
from merchants import sending, webhooks  # noqa: E402

staging.PAGE = int(os.environ["STAGING_PAGE"])
places = Path(os.environ["STAND_STILL_AT"])


def standing_still(function: Callable[..., Any], place: Callable[[], str]) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        answer = function(*arguments, **named)
        mark = places / place()
        if mark.exists() and not mark.read_text():
            mark.write_text(str(os.getpid()))
            threading.Event().wait()
        return answer

    return wrapped


staging._write_listings = standing_still(staging._write_listings, lambda: f"page-{StagedPage.objects.count() + 1}")
staging.turn_with_placements = standing_still(staging.turn_with_placements, lambda: "publication")
sending._claim = standing_still(sending._claim, lambda: "webhook")
webhooks.NETWORK = Network(also=tuple(filter(None, os.environ.get("WEBHOOKS_ALSO", "").split(","))))
