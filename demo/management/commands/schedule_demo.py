"""`manage.py schedule_demo [--in SECONDS]`: The Ferryman's campaign goes live that much later."""

from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from demo.load import schedule_demo


class Command(BaseCommand):
    help = "Schedule the demo's campaign, by default to start in 60 seconds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--in", dest="seconds", type=int, default=60, help="seconds from now to its start")

    def handle(self, *args: object, seconds: int, **options: object) -> None:
        campaign = schedule_demo(timezone.now(), timedelta(seconds=seconds))
        self.stdout.write(f"{campaign} starts at {campaign.starts_at.isoformat(timespec='seconds')}")
