"""The site's settings with the environment a test run needs. Nothing here changes what the site does.

DATABASE_URL and REDIS_URL come from `make test`; without them the tests run on SQLite, in the same mode as the demo.
Whatever the tests write to disk lands in one folder that is thrown away.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

FOLDER = Path(tempfile.mkdtemp(prefix="merchstore-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

os.environ.setdefault("DATABASE_URL", f"sqlite:///{FOLDER}/main.sqlite3")
if os.environ.get("REDIS_URL") and (worker := os.environ.get("PYTEST_XDIST_WORKER", "")):
    # Processes that test side by side share a Redis server, and no key: each takes a database of its own.
    server = urlsplit(os.environ["REDIS_URL"])
    os.environ["REDIS_URL"] = server._replace(path=f"/{int(worker.removeprefix('gw')) + 1}").geturl()
os.environ["SECRET_KEY"] = "only-for-tests-" + "0123456789" * 5
os.environ["SITE_URL"] = "http://localhost:8000"
os.environ["ALLOWED_HOSTS"] = "localhost,127.0.0.1,testserver"
os.environ["PLAIN_STATIC"] = "true"
os.environ["LOG_LEVEL"] = "WARNING"
# People of tests come in without a second step, except where that is what is tested.
os.environ["REQUIRE_MFA"] = "false"
os.environ["RECENT_SIGN_IN_MINUTES"] = "0"
for name in ("MEDIA_ROOT", "UPLOAD_ROOT", "STATIC_ROOT", "FEED_ROOT", "BROKER_FOLDER"):
    os.environ[name] = str(FOLDER / name.lower())

from merchstore.settings import *  # noqa: E402, F403 — the environment above has to stand first
from merchstore.settings import DATABASES, STATIC_ROOT  # noqa: E402

Path(STATIC_ROOT).mkdir(exist_ok=True)  # whitenoise warns about a folder that is not there

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads then meet the same locks as in the demo.
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "test.sqlite3")}
elif tables := os.environ.get("MERCHSTORE_TABLES"):
    DATABASES["default"]["TEST"] = {"TEMPLATE": tables}

# Hashing slowly is the point of the real ones and the cost of a test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Jobs that a test sends are not run: tests call the service behind the task, or start a worker of their own.
CELERY_BROKER_URL = os.environ.get("TEST_BROKER_URL", "memory://")
