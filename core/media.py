"""Where stored files are fetched."""

from functools import lru_cache

from django.core.files.storage import default_storage


@lru_cache(maxsize=20_000)
def address_of(name: str) -> str:
    """The public address of the stored file `name`. Kept: a name says the content, so what it means never changes,
    and putting an address together takes longer than reading the row it stands in."""
    return default_storage.url(name)
