"""What a picture needs to know of a film, and the stage on which its scene is drawn."""

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True)
class Film:
    slug: str
    title_en: str
    title_zh: str
    year: int
    directors: tuple[str, ...]
    producers: tuple[str, ...]
    palette: tuple[str, ...]
    ground: str
    ink: str
    voice: str

    @property
    def credit(self) -> str:
        return f"{' and '.join(self.directors)}, {self.year}"


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


def read_film(row: dict) -> Film:
    """A film from one table of films.toml."""
    people = row["people"]
    return Film(
        slug=row["slug"],
        title_en=row["title_en"],
        title_zh=row["title_zh"],
        year=row["year"],
        directors=tuple(p["name_en"] for p in people if p["role"] == "director"),
        producers=tuple(p["name_en"] for p in people if p["role"] == "producer"),
        palette=tuple(row["palette"]),
        ground=row["ground"],
        ink=row["ink"],
        voice=row["voice"],
    )


def load_films() -> list[Film]:
    """The slate in the order of films.toml, the unannounced film included."""
    with (DATA / "films.toml").open("rb") as file:
        return [read_film(row) for row in tomllib.load(file)["films"]]
