"""An import whose process is killed (SIGKILL) keeps its pages, is said to be stopped, and goes on to the same end."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from catalog.importing import run as importer
from catalog.importing import runs
from catalog.models import ImportRun, Price, Product, ShelfSpan
from tests.catalog.importing_goods import MAPPING, make_importer, table
from tests.factories import make_licence, make_merchant
from tests.system.servers import ROOT, child_environ, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def test_a_killed_import_keeps_its_pages_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    merchant, place = make_importer(), tmp_path / "place"
    twin = make_merchant("twin")
    make_licence(merchant.licences.get().film, twin)
    content = table(*[f"P{number},Mug {number},{0 if number == 4 else 7},1,,," for number in range(7)]).encode()
    run, whole = (
        runs.start_import(whose, ContentFile(content, name="goods.csv"), {"mapping": MAPPING}, by=None)
        for whose in (merchant, twin)
    )
    monkeypatch.setattr(importer, "PAGE", 2)
    importer.run_import(whole.pk)
    environ = {**child_environ(os.environ["REDIS_URL"]), "TEST_BROKER_URL": "memory://"}
    command = [sys.executable, "-m", "tests.system.importer", str(run.pk), "3", str(place)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        wait_until(lambda: place.exists() or process.poll() is not None, "the import stands still at page 3")
        assert process.poll() is None, (tmp_path / "log").read_text()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()

    # The third page was written and not committed: it is not there.
    assert Product.objects.filter(merchant=merchant).count() == 4
    assert (ImportRun.objects.get(pk=run.pk).state, ImportRun.objects.get(pk=run.pk).cursor) == ("running", 4)
    runs.tend(at=timezone.now() + runs.SILENT_FOR + timedelta(seconds=1))
    assert ImportRun.objects.get(pk=run.pk).state == "stopped"
    runs.go_on(run, by=None, at=timezone.now())
    importer.run_import(run.pk)

    run, whole = ImportRun.objects.get(pk=run.pk), ImportRun.objects.get(pk=whole.pk)
    assert (run.state, run.counts, run.details) == ("done", whole.counts, whole.details)
    assert run.counts["rows"] == {"in": 7, "created": 6, "updated": 0, "unchanged": 0, "refused": 1}
    assert run.problems.count() == whole.problems.count() == 1
    assert run.changes.count() == whole.changes.count() == 6
    for model, path in ((Product, "merchant"), (Price, "variant__product__merchant"), (ShelfSpan, "product__merchant")):
        assert model.objects.filter(**{path: merchant}).count() == model.objects.filter(**{path: twin}).count() == 6
