"""A process that does what a worker would: it brings in the one file that waits, and says what that took as one line of JSON.

python -m bench.bulk_once
"""

import json
import time

import django

django.setup()

from celery import current_app  # noqa: E402 — the site has to be set up before anything of it is imported

from catalog.importing.run import run_import  # noqa: E402
from catalog.models import ImportRun  # noqa: E402


def main() -> dict[str, float | str]:
    # A worker has loaded its tasks long before.
    current_app.loader.import_default_modules()
    run = ImportRun.objects.get()
    began = time.perf_counter()
    run_import(run.pk)
    run.refresh_from_db()
    return {"seconds": time.perf_counter() - began, "state": run.state}


if __name__ == "__main__":
    print(json.dumps(main()))
