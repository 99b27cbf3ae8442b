"""`manage.py schedule_campaign SLUG --in SECONDS`: move a campaign's start to that distance from now, and schedule it."""

import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from campaigns.models import Campaign
from campaigns.services import schedule_campaign, shift_campaign
from core.errors import Refused


class Command(BaseCommand):
    help = "Move a campaign's window so that it starts in so many seconds, and schedule it. One that has begun stays."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("--in", dest="seconds", type=int, required=True, help="seconds from now to the start")

    def handle(self, *_arguments: Any, slug: str, seconds: int, **_options: Any) -> None:
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            raise CommandError(f"no campaign {slug}")
        now = timezone.now()
        if campaign.state == Campaign.State.SCHEDULED and campaign.starts_at <= now:
            self.stdout.write(f"{slug} began at {campaign.starts_at:%Y-%m-%d %H:%M:%S} UTC and stays as it is")
            return
        starts_at = now + timedelta(seconds=seconds)
        ends_at = starts_at + (campaign.ends_at - campaign.starts_at)
        try:
            shift_campaign(campaign, starts_at=starts_at, ends_at=ends_at, by=None, at=now)
            campaign.refresh_from_db()
            schedule_campaign(campaign, by=None, at=now)
        except Refused as refused:
            raise CommandError(refused.sentence) from refused
        self.stdout.write(f"{slug} starts at {starts_at:%Y-%m-%d %H:%M:%S} UTC")
