"""Public ids: a prefix that says what it is, and random letters that say nothing."""

import secrets

from django.db import models
from django.utils.deconstruct import deconstructible

#: Crockford's alphabet without look-alikes, in lower case.
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]


def new_public_id(prefix: str) -> str:
    """`prefix_` and 16 random letters."""
    return f"{prefix}_{letters_of(secrets.randbits(80))}"


def new_public_ids(prefix: str, count: int) -> list[str]:
    """`count` public ids at the cost of one question to the system's source of randomness."""
    bits = secrets.token_bytes(10 * count)
    return [f"{prefix}_{letters_of(int.from_bytes(bits[at : at + 10]))}" for at in range(0, 10 * count, 10)]


def letters_of(number: int) -> str:
    """80 bits as 16 letters."""
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in (70, 60, 50, 40, 30, 20, 10, 0)])


@deconstructible
class _PublicId:
    """The default of a public id field, in a form that migrations can write down."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __call__(self) -> str:
        return new_public_id(self.prefix)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _PublicId) and other.prefix == self.prefix

    def __hash__(self) -> int:
        return hash(self.prefix)


def public_id_field(prefix: str) -> models.CharField:
    """The column that every row known outside carries."""
    return models.CharField(max_length=24, unique=True, editable=False, default=_PublicId(prefix))
