"""`manage.py load_demo`: the demo's films, merchants, licences, products, pictures and campaign, and what
happened under the licences so far."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from demo.load import PASSWORD, load_demo, logins


class Command(BaseCommand):
    """Idempotent. To start over take another database: statements that are closed stay for good. Everybody gets the same,
    published password: never run it on a site that others can reach."""

    help = "Load the demo's data and pictures. For a demo on your own machine only: its passwords are public."

    def handle(self, *args: object, **options: object) -> None:
        tally = load_demo(timezone.now(), self._say)
        self._say(f"demo: {tally}")
        if options["verbosity"]:
            self._say(f"sign in with the password {PASSWORD} as")
            for username, purpose in logins():
                self._say(f"  {username:<32} {purpose}")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
