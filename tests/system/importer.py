"""The process of `test_killed_import`: works on one import run with pages of two products, and stands still when it has
written the page with the number given and nothing of it is committed. Its pid is in the file that it writes then.

python -m tests.system.importer RUN PAGE PLACE
"""

import os
import sys
import threading
from itertools import count
from pathlib import Path
from typing import Any

import django

django.setup()

from catalog.importing import run as importer  # noqa: E402 — models can be imported only when the application is ready

importer.PAGE = 2
pages = count(1)
book = importer.Ledger.book


def standing_still(self: Any, *arguments: Any, **named: Any) -> None:
    book(self, *arguments, **named)
    if next(pages) == int(sys.argv[2]):
        Path(sys.argv[3]).write_text(str(os.getpid()))
        threading.Event().wait()


importer.Ledger.book = standing_still
importer.run_import(int(sys.argv[1]))
