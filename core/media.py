"""Where stored files are kept and fetched."""

from functools import lru_cache

from django.core.files.storage import Storage, default_storage, storages

#: The folder of pictures that other sites show of our pages: drawn when asked for, so none is kept for good.
SHARE_CARDS = "share"


@lru_cache(maxsize=20_000)
def address_of(name: str) -> str:
    """The public address of the stored file `name`. Kept: a name says the content, so what it means never changes,
    and putting an address together takes longer than reading the row it stands in."""
    return default_storage.url(name)


def private_storage() -> Storage:
    """Where what people send in is kept (UPLOAD_ROOT): no address leads there."""
    return storages["private"]
