"""The settings of a test's child processes: those of the tests, with the parent's folders."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import STORAGES

FEED_ROOT = os.environ["PARENT_FEED_ROOT"]
MEDIA_ROOT = os.environ["PARENT_MEDIA_ROOT"]
UPLOAD_ROOT = os.environ["PARENT_UPLOAD_ROOT"]
STORAGES["private"]["OPTIONS"]["location"] = UPLOAD_ROOT
