"""Plush: one fat silhouette per film, with stitches, a face and a swing tag."""

from .. import svg
from ..film import Film
from ..films import picture_of
from . import parts


def plush(film: Film, ids: svg.Ids, variant: int) -> str:
    toy = picture_of(film).plush(film, ids, variant)
    body = svg.path(toy.outline, toy.colour)
    light, paint = svg.radial(ids, [(0, "#fff", 0.36), (0.45, "#fff", 0), (1, "#000", 0.42)], cx=0.38, cy=0.3, r=0.78)
    stitch = svg.path(
        toy.outline, stroke=svg.mix(toy.colour, "#fff" if svg.is_dark(toy.colour) else "#000", 0.3), stroke_width="3.2",
        stroke_dasharray="14 10", stroke_opacity=0.7, transform="translate(500 520) scale(0.955) translate(-500 -520)",
    )  # fmt: skip
    inside = svg.clipped(ids, svg.path(toy.outline, "#000"), toy.detail + light + svg.path(toy.outline, paint))
    foot = {"spirited-away": 790, "the-grandmaster": 790}.get(film.slug, 822)
    return parts.shadow(ids, 500, foot, 290, 24) + body + inside + stitch + _face(toy.face, toy.eye) + _tag(film, ids)


def _face(between: svg.Point, colour: str) -> str:
    x, y = between
    smile = svg.path(f"M{svg.num(x - 17)} {svg.num(y + 14)}C{svg.num(x - 10)} {svg.num(y + 30)} {svg.num(x + 10)} {svg.num(y + 30)} {svg.num(x + 17)} {svg.num(y + 14)}",
                     stroke=colour, stroke_width="6", stroke_linecap="round")  # fmt: skip
    return svg.circle(x - 58, y, 15, colour) + svg.circle(x + 58, y, 15, colour) + smile


def _tag(film: Film, ids: svg.Ids) -> str:
    """A cream card on a thread, with the film's mark."""
    thread = svg.path("M724 676C780 690 800 716 812 744", stroke="#3A342A", stroke_width="3")
    card = svg.rect(-36, 0, 72, 104, "#000", r=5, opacity=0.12) + svg.rect(-38, -4, 72, 104, "#FBF6E8", r=5)
    card += svg.circle(-2, 10, 4.5, "#8C8473") + parts.sign(film, ids, -2, 54, 56)
    return thread + svg.place(card, 816, 742, 1, 12)
