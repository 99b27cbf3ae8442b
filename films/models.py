"""Films: titles, people, releases by country, embargoes by tier, artwork."""

from collections.abc import Iterable
from datetime import datetime

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import public_id_field

hex_colour = RegexValidator(r"^#[0-9A-Fa-f]{6}$", _("A colour looks like #10172B."))
country_code = RegexValidator(r"^[A-Z]{2}$", _("A country is two capitals, like CN."))


class Tier(models.TextChoices):
    """How much of a film something gives away. Each tier includes the ones before it."""

    TITLE = "title", _("Title")
    LOGO = "logo", _("Logo")
    CHARACTERS = "characters", _("Characters")
    PLOT = "plot", _("Plot")

    @classmethod
    def up_to(cls, tier: str) -> list[str]:
        """`tier` and every tier that it includes."""
        return cls.values[: cls.values.index(tier) + 1]


class FilmQuerySet(models.QuerySet["Film"]):
    def visible(self, *, at: datetime, countries: Iterable[str]) -> "FilmQuerySet":
        """Films whose title may be known in every one of `countries` at `at`. The others do not exist there."""
        secret = Embargo.objects.in_force(at=at, countries=countries).filter(tier=Tier.TITLE)
        return self.filter(~models.Exists(secret.filter(film=models.OuterRef("pk"))))

    def after(self, position: int, pk: int) -> "FilmQuerySet":
        """What follows a film in the studio's order."""
        return self.filter(models.Q(position__gt=position) | models.Q(position=position, pk__gt=pk))


class Film(models.Model):
    class Voice(models.TextChoices):
        """The typographic voice of the title (design guide)."""

        CONDENSED = "cond", _("Condensed")
        WIDE = "wide", _("Wide")
        THIN = "thin", _("Thin")
        SOFT = "soft", _("Soft")
        DIDONE = "didone", _("Didone")

    public_id = public_id_field("flm")
    slug = models.SlugField(max_length=120, unique=True)
    title_en = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200, blank=True)
    title_original = models.CharField(max_length=200, blank=True)
    original_language = models.CharField(max_length=35, blank=True)
    lede_en = models.CharField(max_length=300, blank=True)
    lede_zh = models.CharField(max_length=300, blank=True)
    synopsis_en = models.TextField(blank=True)
    synopsis_zh = models.TextField(blank=True)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    runtime_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    countries = models.JSONField(default=list, blank=True)
    genres = models.JSONField(default=list, blank=True)
    # The four colours, and the two of them that text is set in.
    palette = models.JSONField(default=list, blank=True)
    ground = models.CharField(max_length=7, default="#17130E", validators=[hex_colour])
    ink = models.CharField(max_length=7, default="#F8EED2", validators=[hex_colour])
    voice = models.CharField(max_length=10, choices=Voice, default=Voice.WIDE)
    position = models.PositiveIntegerField(default=1000)
    # Where an import took it from ("solr:/en/2046_2004"); blank for films entered by hand.
    source_key = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = FilmQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source_key"], condition=~models.Q(source_key=""), name="films_film_source_key_unique"
            )
        ]
        indexes = [models.Index(fields=["updated_at", "id"], name="films_film_updated")]

    def __str__(self) -> str:
        return self.title_en

    def title_in(self, language: str) -> str:
        """The title a reader of `language` knows the film by."""
        return (self.title_zh if language.startswith("zh") else "") or self.title_en

    def other_title_in(self, language: str) -> str:
        """The title set beside it: Chinese for English readers, and the other way round."""
        return self.title_en if language.startswith("zh") and self.title_zh else self.title_zh

    def lede_in(self, language: str) -> str:
        return (self.lede_zh if language.startswith("zh") else "") or self.lede_en

    def synopsis_in(self, language: str) -> str:
        return (self.synopsis_zh if language.startswith("zh") else "") or self.synopsis_en


class Credit(models.Model):
    """A person's part in a film."""

    class Role(models.TextChoices):
        DIRECTOR = "director", _("Director")
        PRODUCER = "producer", _("Producer")
        WRITER = "writer", _("Writer")
        CAST = "cast", _("Cast")
        MUSIC = "music", _("Music")

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="credits")
    role = models.CharField(max_length=10, choices=Role)
    name_en = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["film", "role", "name_en"], name="films_credit_person_once_per_role")
        ]

    def __str__(self) -> str:
        return f"{self.name_en} ({self.role})"

    def name_in(self, language: str) -> str:
        return (self.name_zh if language.startswith("zh") else "") or self.name_en


class Release(models.Model):
    """The day a film opens in a country: a date on the calendar of a zone, not an instant."""

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="releases")
    country = models.CharField(max_length=2, validators=[country_code])
    opens_on = models.DateField()
    zone = models.CharField(max_length=40)

    class Meta:
        ordering = ["opens_on", "country"]
        constraints = [models.UniqueConstraint(fields=["film", "country"], name="films_release_once_per_country")]

    def __str__(self) -> str:
        return f"{self.film} {self.country} {self.opens_on}"


class EmbargoQuerySet(models.QuerySet["Embargo"]):
    def in_force(self, *, at: datetime, countries: Iterable[str]) -> "EmbargoQuerySet":
        """Embargoes not yet lifted at `at` that hold in any of `countries`."""
        return self.filter(lifts_at__gt=at, country__in=["", *countries])


class Embargo(models.Model):
    """Nothing that reveals `tier` is seen before `lifts_at`: one instant, in one country or everywhere."""

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="embargoes")
    tier = models.CharField(max_length=10, choices=Tier)
    country = models.CharField(max_length=2, blank=True, validators=[country_code], help_text=_("Blank: everywhere."))
    lifts_at = models.DateTimeField()
    zone = models.CharField(max_length=40, default="UTC", help_text=_("The zone the instant was meant in."))

    objects = EmbargoQuerySet.as_manager()

    class Meta:
        ordering = ["lifts_at", "id"]
        verbose_name_plural = "embargoes"
        constraints = [
            models.UniqueConstraint(fields=["film", "tier", "country"], name="films_embargo_once_per_tier_and_country")
        ]

    def __str__(self) -> str:
        return f"{self.film} {self.tier} {self.country or '*'} {self.lifts_at:%Y-%m-%dT%H:%M%z}"


class Artwork(models.Model):
    """A picture of the film itself. Its file is named after its content, so it cannot be guessed."""

    class Kind(models.TextChoices):
        POSTER = "poster", _("Poster, 2:3")
        WIDE = "wide", _("Wide, for the hero")
        SQUARE = "square", _("Square")
        MARK = "mark", _("Mark")

    film = models.ForeignKey(Film, on_delete=models.CASCADE, related_name="artworks")
    kind = models.CharField(max_length=10, choices=Kind)
    file = models.FileField(upload_to="art", max_length=200)
    reveals = models.CharField(max_length=10, choices=Tier, default=Tier.LOGO)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    alt_en = models.CharField(max_length=200, blank=True)
    alt_zh = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["film", "kind"], name="films_artwork_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.film} {self.kind}"
