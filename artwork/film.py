"""What a picture needs to know of a film, and the stage on which its scene is drawn."""

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Film:
    slug: str
    title_en: str
    title_zh: str
    year: int | None
    directors: tuple[str, ...]
    producers: tuple[str, ...]
    palette: tuple[str, ...]
    ground: str
    ink: str
    voice: str
    #: One of `artwork.films.MOTIFS`; "" for the film's own drawing, or where it has none, for one that its name chooses.
    motif: str = ""

    @property
    def credit(self) -> str:
        return ", ".join(filter(None, (" and ".join(self.directors), str(self.year or ""))))


@dataclass(frozen=True)
class Stage:
    """A w × h picture whose art keeps to the right of `left`; `kind` is tall, square or wide."""

    w: float
    h: float
    kind: str
    left: float = 0

    @cached_property
    def span(self) -> float:
        return self.w - self.left

    @cached_property
    def cx(self) -> float:
        return self.left + self.span / 2

    @cached_property
    def u(self) -> float:
        """A hundredth of the shorter side: the unit of every size in a scene."""
        return min(self.span, self.h) / 100
