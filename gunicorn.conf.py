"""Gunicorn's settings: threads, because a request mostly waits for the database. Read from the working folder."""

import os

bind = os.environ.get("BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 30
graceful_timeout = 20
# A worker that grew is replaced, not all at once.
max_requests = 20_000
max_requests_jitter = 2_000
accesslog = None
errorlog = "-"
# Its default place is the user's home, where two sites of one user would fight for it.
control_socket_disable = True
