"""`manage.py compile_languages`: catalogues as pages read them. Babel does it, so no gettext tools are needed."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Compile every locale/*/LC_MESSAGES/django.po to the django.mo beside it. Running processes keep the old one."
    )
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        for folder in map(Path, settings.LOCALE_PATHS):
            for source in sorted(folder.glob("*/LC_MESSAGES/django.po")):
                target, count = _compile(source)
                self.stdout.write(f"{target.relative_to(folder.parent)}: {count} messages")


def _compile(source: Path) -> tuple[Path, int]:
    """The file written and how many messages it holds. Refuses a broken catalogue, and keeps the old file then."""
    try:
        with source.open("rb") as lines:
            catalogue = read_po(lines, locale=source.parent.parent.name, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise CommandError(f"{source}: {error}") from error
    # A message without a translation is left out of the file, so a reader gets the English one.
    count = sum(1 for message in catalogue if message.id and message.string and not message.fuzzy)
    target = source.with_suffix(".mo")
    unfinished = source.with_suffix(".mo.tmp")
    with unfinished.open("wb") as file:
        write_mo(file, catalogue)
    unfinished.replace(target)
    return target, count
