"""`manage.py load_demo [--reset]`: the demo's films, merchants, licences, products, pictures and campaign."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand
from django.utils import timezone

from demo.load import PASSWORD, load_demo, logins, reset_demo


class Command(BaseCommand):
    """Idempotent. Everybody gets the same, published password: never run it on a site that others can reach."""

    help = "Load the demo's data and pictures. For a demo on your own machine only: its passwords are public."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="take the demo's data away first")

    def handle(self, *args: object, reset: bool, **options: object) -> None:
        if reset:
            reset_demo()
        tally = load_demo(timezone.now(), self._say)
        self._say(f"demo: {tally}")
        if options["verbosity"]:
            self._say(f"sign in with the password {PASSWORD} as")
            for username, purpose in logins():
                self._say(f"  {username:<32} {purpose}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
