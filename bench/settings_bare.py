"""The same process with nothing in it but one view: the unit that the site's pages are measured in."""

from pathlib import Path

from bench.settings import *  # noqa: F403
from bench.settings import INSTALLED_APPS

ROOT_URLCONF = "bench.bare"
MIDDLEWARE: list[str] = []
# Which will not be there without a middleware; and the desk's pages show its tables.
INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith(("allauth", "django.contrib.admin"))]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
    }
]
