"""The site: settings, addresses, Celery and the three doors."""

from merchstore.celery import app as celery_app

__all__ = ["celery_app"]
