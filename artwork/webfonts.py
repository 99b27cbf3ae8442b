"""The fonts that pages load, cut out of the whole one: `python -m artwork.webfonts` writes them again.

The whole Archivo has every weight and width in 90 kB, more than everything else on a page. Pages need its normal width in some
weights, one weight of each wide or narrow voice of a film's title, and ten letters for the name of the shop.
"""

import io
import logging
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

FOLDER = Path(__file__).resolve().parent.parent / "static/fonts"
WHOLE = FOLDER / "archivo-latin-standard-normal.woff2"
#: What western languages write, and the signs of a shop's page.
LETTERS = "".join(chr(code) for code in (*range(32, 127), *range(160, 256))) + "ıŒœŸˆ˜–—‘’‚“”„†‡•…‰‹›€™−ʻʼ↑↓"
#: Name, axes, letters (static/css/tokens.css has the same axes).
CUTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("archivo-text", {"wght": (300, 600, 700), "wdth": 100}, LETTERS),
    ("archivo-cond", {"wght": 800, "wdth": 62}, LETTERS),
    ("archivo-wide", {"wght": 700, "wdth": 125}, LETTERS),
    ("archivo-thin", {"wght": 300, "wdth": 125}, LETTERS),
    ("archivo-name", {"wght": 700, "wdth": 125}, "merchstore"),
)


def cut(name: str, axes: dict[str, Any], letters: str) -> None:
    font = instancer.instantiateVariableFont(TTFont(WHOLE, recalcTimestamp=False), axes)
    # Written and read again: the cutter wants whole tables.
    font.flavor, between = None, io.BytesIO()
    font.save(between)
    between.seek(0)
    font = TTFont(between, recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = ["kern", "tnum", "ccmp", "locl"]
    options.hinting = False
    cutter = subset.Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(font)
    font.flavor = "woff2"
    font.save(FOLDER / f"{name}.woff2")


if __name__ == "__main__":
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    for one in CUTS:
        cut(*one)
