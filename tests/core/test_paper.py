"""Documents on paper: no letter of a name in any market is an empty box."""

import pytest
from fontTools.ttLib import TTFont

from core.paper import FONT_FILE, drawable


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        ("Größe, Çelik, Ångström, d’Été: €£¥$ “5 × 4”…", None),
        ("渡轮杯 张喆 上环皇后大道西", None),
        ("陳雪，上環皇后大道西 12 號 3 樓，香港九龍彌敦道，臺灣", None),
        ("東京タワー ひらがな Москва", None),
        ("Łódź, Žižek, Çağlar, Ελλάδα", "Lódz, Zizek, Çaglar, Ελλαδα"),
    ],
)
def test_no_letter_of_these_is_an_empty_box(words: str, drawn: str | None) -> None:
    letters = TTFont(FONT_FILE).getBestCmap()

    assert drawable(words) == (drawn or words)
    assert {letter for letter in drawable(words) if ord(letter) not in letters} == set()
