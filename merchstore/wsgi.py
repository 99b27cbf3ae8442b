"""The WSGI entry point: `gunicorn merchstore.wsgi`."""

import os
from typing import Any

import django
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "merchstore.settings")


class Request(WSGIRequest):
    """A request whose content type nobody can read is answered with 400 by `merchstore.middleware.readable`.

    Django reads the query in the charset of the content type while it makes the request, before any middleware: "hex"
    is no charset of text, and a query of too many fields is refused there. Outside middleware that is a bare 500.
    """

    is_readable = True

    def __init__(self, environ: dict[str, Any]) -> None:
        try:
            super().__init__(environ)
            if self.encoding:
                bytes(4).decode(self.encoding, "replace")
        except (LookupError, ValueError, SuspiciousOperation):
            super().__init__({**environ, "CONTENT_TYPE": ""})
            self.is_readable = False


class Handler(WSGIHandler):
    request_class = Request


django.setup(set_prefix=False)
application = Handler()
