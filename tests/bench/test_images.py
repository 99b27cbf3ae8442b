"""The bench of pictures runs and says what it has to say; what it measures is not asserted on a busy machine."""

from pathlib import Path

import pytest
from PIL import Image as Pillow

from bench import images


@pytest.mark.django_db
def test_pictures_are_made_both_ways_and_compared(monkeypatch: pytest.MonkeyPatch, settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(images, "KINDS", [("JPEG", (400, 300), {}), ("PNG", (500, 400), {})])
    monkeypatch.setattr(images, "ROUNDS", 2)

    speed, memory = images.measure(0, server="", folder=tmp_path)

    assert (speed.unit, speed.target, memory.unit, memory.target) == ("/s and core", "≥ 0.8 ×", "MB", "≤ 200")
    assert speed.value > 0
    assert len(list(tmp_path.rglob("*.avif"))) == 4


def test_pillow_alone_makes_the_same_files() -> None:
    content = images.photograph("JPEG", (700, 500), {})

    made = images.render_alone(content)

    sizes = [Pillow.open(images.io.BytesIO(file)).size for file in made]
    assert sizes == [(700, 500)] * 3 + [(640, 457)] * 3 + [(320, 229)] * 3
