"""The campaigns' background work: ids in, one call each. All of it may run twice."""

from celery import shared_task
from django.utils import timezone

from campaigns import following, push, staging
from campaigns.channels import google_feed


@shared_task(name="campaigns.stage_revision", time_limit=3600)
def stage_revision(revision_id: int) -> None:
    staging.stage_revision(revision_id)


@shared_task(name="campaigns.run_due", time_limit=120)
def run_due() -> int:
    return push.run_due(at=timezone.now())


@shared_task(name="campaigns.push_channel", time_limit=1800)
def push_channel(run_id: int) -> None:
    push.push_channel(run_id)


@shared_task(name="campaigns.rehearse_channel", time_limit=1800)
def rehearse_channel(run_id: int) -> None:
    push.rehearse_channel(run_id)


@shared_task(name="campaigns.verify_campaign", time_limit=900)
def verify_campaign(due_id: int) -> None:
    push.verify_campaign(due_id, at=timezone.now())


@shared_task(name="campaigns.reconcile_channels", time_limit=900)
def reconcile_channels() -> int:
    return push.reconcile_channels(at=timezone.now())


@shared_task(name="campaigns.follow_shelf", time_limit=300)
def follow_shelf() -> int:
    return following.follow_shelf(at=timezone.now())


@shared_task(name="campaigns.resume_work", time_limit=120)
def resume_work() -> int:
    return push.resume_work(at=timezone.now())


@shared_task(name="campaigns.prepare_feeds", time_limit=900)
def prepare_feeds() -> int:
    return google_feed.prepare_feeds(at=timezone.now())
