"""The site without a cache: every page is made anew."""

from bench.settings import *  # noqa: F403

CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
NEAR_PAGES = 0
