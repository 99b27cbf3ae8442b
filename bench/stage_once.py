"""A process that stages one campaign twice and says what it took, as one line of JSON. Its memory is its own.

python -m bench.stage_once FILM…
"""

import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402 — the site has to be set up before anything of it is imported

from campaigns import services, staging  # noqa: E402
from campaigns.models import Campaign, Channel, SyncRun  # noqa: E402
from catalog.models import Market  # noqa: E402


def main(films: list[str]) -> dict[str, Any]:
    campaign = new_campaign(films, starts_in=timedelta(days=1))
    first, run = _staged(campaign)
    peak = _peak_megabytes()
    second, again = _staged(campaign)
    assert (run.state, again.state) == (SyncRun.State.DONE, SyncRun.State.DONE), (run.problem, again.problem)
    assert (again.staged, again.unchanged) == (0, run.staged), "the second staging has to find everything done"
    return {"first": first, "second": second, "peak": peak, "listings": run.staged, "refused": run.refused}


def new_campaign(films: list[str], *, starts_in: timedelta) -> Campaign:
    """20 % off the goods of these films, in every market and channel, for a week."""
    starts_at = timezone.now() + starts_in
    campaign = Campaign.objects.create(
        slug=f"bench-{Campaign.objects.count() + 1}",
        name_en="Bench week",
        name_zh="测量周",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(days=7),
        rule={"films": films},
        discount={"kind": "percent", "percent": "20"},
    )
    campaign.markets.set(Market.objects.all())
    campaign.channels.set(Channel.objects.all())
    return campaign


def _staged(campaign: Campaign) -> tuple[float, SyncRun]:
    """Seconds from the order to schedule the campaign until its revision is published, and the run."""
    began = time.perf_counter()
    revision = services.schedule_campaign(campaign, by=None, at=timezone.now())
    run = staging.stage_revision(revision.pk)
    assert run is not None
    return time.perf_counter() - began, run


def _peak_megabytes() -> float:
    """The most memory this process ever held. The kernel's own figure of a process counts what its parent held before
    it was started, so the one of its address space is taken where there is one."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
