"""The site's settings, with its cache and its queue set apart from whatever else lives on the same Redis."""

from merchstore.settings import *  # noqa: F403
from merchstore.settings import CACHES, CELERY_BROKER_TRANSPORT_OPTIONS, CELERY_BROKER_URL, DATABASES

_OWN = f"{DATABASES['default']['NAME']}:"

CACHES["default"]["KEY_PREFIX"] = _OWN
if CELERY_BROKER_URL.startswith("redis"):
    CELERY_BROKER_TRANSPORT_OPTIONS["global_keyprefix"] = _OWN
