"""`python -m bench eye`: what a phone on a slow line sees, by Lighthouse: home, film, list and product of the demo's shop.

Lighthouse is a program of Node's; it is looked for in MERCHSTORE_LIGHTHOUSE, on PATH, then fetched by npm into the user's cache.
Where there is no npm or no Chromium, there is nothing to measure with, and the run says so.
"""

import json
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from statistics import median

from django.core.management import call_command
from django.utils import timezone

from bench.processes import serving
from bench.report import Row
from campaigns.staging import stage_revision
from catalog.models import Product
from demo.load import load_demo, schedule_demo
from scripts.browser import find
from scripts.steps import Failed, say, step

PACKAGE = "lighthouse@13.5.0"
#: What each category has to reach.
TARGETS = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
#: Of several goes the middle one counts: what else the machine does makes some of them slower.
GOES = 3
#: How often a go is begun: now and then the browser loses the trace of a page, and Lighthouse asks for another go.
TRIES = 3
PAGES = {
    "home": "/us/en/",
    "film": "/us/en/films/the-ferryman/",
    "list": "/us/en/goods/",
    "product": "/us/en/goods/p/{product}/",
}


def measure(products: int, *, server: str, folder: Path) -> list[Row]:
    """The demo's own goods, whatever number was asked for: what is measured is the page, not the table."""
    program, browser = lighthouse(), chromium()
    with step("loading the demo"):
        call_command("migrate", interactive=False, verbosity=0)
        now = timezone.now()
        load_demo(now, lambda _line: None)
        stage_revision(schedule_demo(now, timedelta(days=1)).revisions.get().pk)
        call_command("collectstatic", interactive=False, verbosity=0)
    product = Product.objects.get(sku="LL-FER-TEE-02").slug
    rows = []
    with serving(folder, workers=2, threads=4) as site:
        for name, path in PAGES.items():
            address = f"http://127.0.0.1:{site.port}{path.format(product=product)}"
            with step(f"looking at {name}"):
                rows += _rows(name, [look(program, browser, address, folder / f"{name}.json") for _ in range(GOES)])
    return rows


def look(program: Path, browser: Path, address: str, out: Path) -> dict[str, object]:
    """Lighthouse's report of one go: a phone, its line and its processor simulated."""
    flags = "--headless=new --disable-gpu --disable-dev-shm-usage" + (" --no-sandbox" if os.geteuid() == 0 else "")
    command = [
        str(program), address, "--quiet", "--output=json", f"--output-path={out}", f"--chrome-flags={flags}",
        "--only-categories=" + ",".join(TARGETS),
    ]  # fmt: skip
    for _attempt in range(TRIES):
        done = subprocess.run(command, env={**os.environ, "CHROME_PATH": str(browser)}, capture_output=True, text=True)
        if done.returncode == 0:
            break
    else:
        raise Failed(f"Lighthouse does not run: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, object] = json.loads(out.read_text())
    return found


def _rows(name: str, reports: list[dict]) -> list[Row]:
    rows = []
    for category, least in TARGETS.items():
        scores = [round(one["categories"][category]["score"] * 100) for one in reports]
        value = median(scores)
        rows.append(
            Row(
                f"{name}, {category}",
                value,
                "points",
                value / 100,
                _misses(reports, category),
                f"≥ {least}",
                value >= least,
            )
        )
    shift = median(one["audits"]["cumulative-layout-shift"]["numericValue"] for one in reports)
    rows.append(
        Row(f"{name}, layout shift", round(shift, 4), "", round(shift / 0.02, 2), "0.02", "< 0.02", shift < 0.02)
    )
    return rows


def _misses(reports: list[dict], category: str) -> str:
    """What cost points, by Lighthouse's own names."""
    weighed = {one["id"] for one in reports[0]["categories"][category]["auditRefs"] if one["weight"]}
    audits = reports[0]["audits"]
    return ", ".join(
        sorted(one for one in weighed if (audits[one]["score"] or 0) < 0.9 and audits[one]["score"] is not None)
    )


def lighthouse() -> Path:
    if named := os.environ.get("MERCHSTORE_LIGHTHOUSE"):
        return Path(named)
    if on_path := shutil.which("lighthouse"):
        return Path(on_path)
    cache = Path.home() / ".cache/merchstore-node"
    program = cache / "node_modules/.bin/lighthouse"
    if not program.exists():
        _fetch(cache)
    return program


def _fetch(cache: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Failed("not measured: there is no npm to fetch Lighthouse with (or name it in MERCHSTORE_LIGHTHOUSE)")
    cache.mkdir(parents=True, exist_ok=True)
    with step("fetching Lighthouse"):
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(cache), PACKAGE], capture_output=True
        )
    if done.returncode:
        raise Failed("not measured: npm could not fetch Lighthouse (or name it in MERCHSTORE_LIGHTHOUSE)")


def chromium() -> Path:
    found = find()
    if found is None:
        raise Failed("not measured: there is no Chromium (python -m scripts.browser installs one)")
    say(f"with {found}")
    return found
