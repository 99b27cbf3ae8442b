"""What a film hands to the plush template: one fat silhouette and where its face goes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plush:
    """`outline` is path data in a 1000 box, `detail` is drawn on it, `face` is the point between the eyes."""

    outline: str
    colour: str
    detail: str
    face: tuple[float, float]
    eye: str = "#17191C"
