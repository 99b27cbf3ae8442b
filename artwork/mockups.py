"""Flat art on goods: a merchant's picture, printed on the same drawn goods as the studio's own, to look at before it is made."""

import base64

from . import svg
from .pictures import render_png
from .products import cloth, hard, paper, parts

#: How wide a mock-up is drawn, and what its picture is printed on if nothing else is said.
WIDTH, CLOTH = 640, parts.BONE
Box = tuple[float, float, float, float]


def mockup(kind: str, art: bytes, media: str, size: tuple[int, int], *, ground: str = CLOTH) -> bytes:
    """A PNG, `WIDTH` square on a clear ground, of `art` on the goods `kind` (one of MOCKUPS) made in the colour `ground`.

    `art` is JPEG or PNG that has been decoded and encoded again; `size` its pixels. It is shown whole, never cropped, where
    goods are printed; pressed and wrapped goods show its middle. The same input gives the same bytes.
    """
    printed = _Print(f"data:{media};base64,{base64.b64encode(art).decode()}", size)
    body = MOCKUPS[kind](printed, svg.Ids(f"mockup-{kind}"), ground)
    return render_png(svg.document(1000, 1000, body), WIDTH)


class _Print:
    def __init__(self, address: str, size: tuple[int, int]) -> None:
        self.address, (self.w, self.h) = address, size

    def whole(self, box: Box) -> str:
        """All of it, as large as the box allows, in its middle."""
        return self._image(box, "xMidYMid meet")

    def filling(self, box: Box) -> str:
        return self._image(box, "xMidYMid slice")

    def fitted(self, box: Box) -> Box:
        """Where `whole` puts it."""
        x, y, w, h = box
        scale = min(w / self.w, h / self.h)
        wide, high = self.w * scale, self.h * scale
        return x + (w - wide) / 2, y + (h - high) / 2, wide, high

    def _image(self, box: Box, fitted: str) -> str:
        x, y, w, h = (svg.num(value) for value in box)
        return svg.tag("image", x=x, y=y, width=w, height=h, preserveAspectRatio=fitted, href=self.address)


def _tee(art: _Print, ids: svg.Ids, ground: str) -> str:
    return (
        parts.shadow(ids, 500, 872, 300, 26)
        + cloth.shirt(ground)
        + art.whole((350, 300, 300, 380))
        + cloth.light(ground)
    )


def _tote(art: _Print, ids: svg.Ids, ground: str) -> str:
    return (
        parts.shadow(ids, 500, 906, 300, 26) + cloth.bag(ground) + art.whole((330, 432, 340, 400)) + cloth.bag_light()
    )


def _mug(art: _Print, ids: svg.Ids, ground: str) -> str:
    band = svg.clipped(ids, svg.path(hard.BAND, "#000"), art.filling((236, 348, 468, 400)))
    inside = svg.mix(ground, "#000" if not svg.is_dark(ground) else "#fff", 0.2)
    return (
        parts.shadow(ids, 500, 856, 320, 28)
        + hard.handle(ground)
        + svg.path(hard.BODY, ground)
        + svg.clipped(ids, svg.path(hard.BODY, "#000"), band)
        + hard.cylinder(ids)
        + hard.rim(ids, ground, inside)
    )


def _pin(art: _Print, ids: svg.Ids, ground: str) -> str:
    definition, metal = svg.linear(ids, hard.GOLD)
    disc = svg.circle(500, 458, 176, "#000")
    return (
        parts.shadow(ids, 500, 876, 270, 22)
        + svg.rect(252, 134, 496, 732, ground, r=10)
        + svg.circle(500, 196, 15, svg.mix(ground, "#000", 0.55))
        + definition
        + svg.circle(503, 466, 187, "#000", opacity=0.28)
        + svg.circle(500, 458, 186, metal)
        + svg.clipped(ids, disc, svg.rect(324, 282, 352, 352, "#fff") + art.filling((324, 282, 352, 352)))
    )


def _print(art: _Print, ids: svg.Ids, ground: str) -> str:
    x, y, w, h = art.fitted((220, 150, 560, 700))
    return (
        parts.shadow(ids, 500, y + h + 44, w / 2 + 60, 20)
        + svg.rect(x - 34, y - 34, w + 68, h + 68, "#1A1A1C")
        + svg.rect(x - 20, y - 20, w + 40, h + 40, "#FFFFFF")
        + art.whole((x, y, w, h))
        + svg.polygon([(x + w / 2, y - 20), (x + w + 20, y - 20), (x + w + 20, y + h * 0.55)], "#fff", opacity=0.055)
    )


def _vinyl(art: _Print, ids: svg.Ids, ground: str) -> str:
    return (
        parts.shadow(ids, 520, 826, 400, 26)
        + paper.record(648, 500, 306, parts.NIGHT, svg.mix(ground, "#000", 0.1))
        + svg.rect(108, 184, 632, 632, ground)
        + svg.clipped(ids, svg.rect(108, 184, 632, 632, "#000"), art.filling((108, 184, 632, 632)))
        + svg.rect(108, 184, 9, 632, "#000", opacity=0.3)
        + svg.rect(734, 184, 6, 632, "#000", opacity=0.22)
    )


def _box(art: _Print, ids: svg.Ids, ground: str) -> str:
    front = svg.rect(140, 300, 600, 470, ground) + art.whole((170, 330, 540, 410))
    return (
        parts.shadow(ids, 520, 774, 420, 26)
        + svg.polygon([(140, 300), (290, 204), (890, 204), (740, 300)], svg.mix(ground, "#fff", 0.12))
        + svg.polygon([(740, 300), (890, 204), (890, 674), (740, 770)], svg.mix(ground, "#000", 0.34))
        + front
    )


MOCKUPS = {"tee": _tee, "tote": _tote, "mug": _mug, "pin": _pin, "print": _print, "vinyl": _vinyl, "box": _box}
