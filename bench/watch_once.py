"""A process that launches two campaigns in a database of its own and says what a shopper saw, as JSON: the first
with its workers alive, the second with all of them killed before the start.

    python -m bench.watch_once PRODUCTS FOLDER
"""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 — the site has to be set up before anything of it is imported
from django.utils import timezone  # noqa: E402

from bench.goods import FILMS, film_slugs, make_goods  # noqa: E402
from bench.processes import START_SECONDS, Server, kill, serving, working  # noqa: E402
from bench.stage_once import new_campaign  # noqa: E402
from bench.watch import BEFORE, Answer, Watch  # noqa: E402
from campaigns import services  # noqa: E402
from campaigns.models import Campaign, Listing  # noqa: E402
from catalog.models import Product, ShelfSpan  # noqa: E402
from merchstore.celery import app  # noqa: E402
from scripts.steps import Failed, step  # noqa: E402

#: So many of the films' goods make about one listing for each product of the data set.
SHARE = FILMS // 7


def main(products: int, folder: Path) -> list[dict[str, Any]]:
    make_goods(products)
    told = []
    with serving(folder, workers=2, threads=4) as site:
        for number, is_killed in enumerate((False, True)):
            with step(f"a campaign starts, {'every worker killed before' if is_killed else 'workers alive'}"):
                chosen = film_slugs()[number * SHARE : (number + 1) * SHARE]
                # Time enough for the workers to stage and to write the feeds ahead.
                lead = timedelta(seconds=BEFORE + 8 + products / 140)
                told.append(_launch(chosen, lead, site, folder, is_killed=is_killed))
    return told


def _launch(slugs: list[str], lead: timedelta, site: Server, folder: Path, *, is_killed: bool) -> dict[str, Any]:
    with working(folder) as workers:
        _wait_until_awake()
        campaign = new_campaign(slugs, starts_in=lead)
        services.schedule_campaign(campaign, by=None, at=timezone.now())
        starts_at = campaign.starts_at.timestamp()
        _wait_until_staged(campaign, before=starts_at - BEFORE - 3)
        time.sleep(max(0.0, starts_at - BEFORE - 2 - time.time()))
        if is_killed:
            kill(workers)
        shown = Product.objects.filter(
            film__slug__in=slugs,
            pk__in=ShelfSpan.objects.at(timezone.now()).filter(market__code="us").values("product"),
        ).order_by("pk")
        answers = Watch(
            port=site.port,
            starts_at=starts_at,
            film_slugs=list(shown.values_list("film__slug", flat=True).order_by("film").distinct()),
            film_titles=list(shown.values_list("film__title_en", flat=True).order_by("film").distinct()),
            product_slugs=list(shown.values_list("slug", flat=True)[:200]),
            groups=frozenset(shown.values_list("public_id", flat=True)),
        ).run()
    return _told(answers, starts_at) | {"listings": Listing.objects.filter(campaign=campaign).count()}


def _wait_until_awake() -> None:
    deadline = time.monotonic() + START_SECONDS
    while not app.control.ping(timeout=1):
        if time.monotonic() > deadline:
            raise Failed("the Celery worker does not answer")


def _wait_until_staged(campaign: Campaign, *, before: float) -> None:
    """Staged by the worker, and the feed of the start written ahead, as on any day before a launch."""
    while time.time() < before:
        campaign.refresh_from_db()
        if campaign.published_id and len(list(Path(settings.FEED_ROOT).glob("google-us.*.xml"))) > 1:
            return
        time.sleep(0.5)
    if not campaign.published_id:
        raise Failed("the worker has not staged the campaign in time")


def _told(answers: list[Answer], starts_at: float) -> dict[str, Any]:
    first = {}
    for kind in {answer.kind for answer in answers}:
        after = [answer.state for answer in answers if answer.kind == kind and answer.sent_at >= starts_at]
        first[kind] = after.index("new") + 1 if "new" in after else len(after) + 1
    return {
        "answers": len(answers),
        "mixed": sum(answer.state == "mixed" for answer in answers),
        "early": sum(answer.state == "new" and answer.received_at < starts_at for answer in answers),
        "late": sum(answer.state == "old" and answer.sent_at >= starts_at for answer in answers),
        "failed": sum(answer.state == "failed" for answer in answers),
        "first": first,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), Path(sys.argv[2]))))
