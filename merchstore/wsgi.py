"""The WSGI entry point: `gunicorn merchstore.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "merchstore.settings")

application = get_wsgi_application()
