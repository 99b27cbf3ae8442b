"""The settings of a test's child processes: those of the tests, with the parent's folders."""

import os

from tests.settings import *  # noqa: F403

FEED_ROOT = os.environ["PARENT_FEED_ROOT"]
MEDIA_ROOT = os.environ["PARENT_MEDIA_ROOT"]
