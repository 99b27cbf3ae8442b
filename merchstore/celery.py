"""The Celery application: `celery -A merchstore worker`, `celery -A merchstore beat`."""

import os

from celery import Celery

from core.broker import use_whole_messages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "merchstore.settings")

use_whole_messages()
app = Celery("merchstore")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
