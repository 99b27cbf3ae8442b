"""The Celery application: `celery -A merchstore worker`, `celery -A merchstore beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "merchstore.settings")

app = Celery("merchstore")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
