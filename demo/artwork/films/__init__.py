"""One module per film: `scene`, `mark`, `letters` and `plush`, each a pure function of the film."""

from types import ModuleType

from . import (
    amelie,
    bamboo,
    chungking,
    earth,
    fan,
    ferryman,
    grandmaster,
    metropolis,
    mood,
    moon,
    odyssey,
    spirited,
    texas,
)

PICTURES: dict[str, ModuleType] = {
    "the-ferryman": ferryman,
    "in-the-mood-for-love": mood,
    "chungking-express": chungking,
    "the-grandmaster": grandmaster,
    "spirited-away": spirited,
    "the-wandering-earth": earth,
    "moon": moon,
    "amelie": amelie,
    "crouching-tiger-hidden-dragon": bamboo,
    "metropolis": metropolis,
    "2001-a-space-odyssey": odyssey,
    "paris-texas": texas,
    "farewell-my-concubine": fan,
}
