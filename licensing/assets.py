"""What stands on an article's page, as approvals know it: by a digest of its content."""

import hashlib
import hmac
from collections.abc import Iterable

from django.conf import settings


def digest_of_picture(content: bytes) -> str:
    """SHA-256 of the bytes under the site's secret: the same bytes give the same name, and somebody who has a picture of
    an embargoed film cannot ask for that name to learn whether it is here."""
    return hmac.new(settings.SECRET_KEY.encode(), content, hashlib.sha256).hexdigest()


def digest_of_text(text: str) -> str:
    """SHA-256 of a title or description, without the space round it."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def page_of(texts: Iterable[str], pictures: Iterable[str]) -> frozenset[str]:
    """What has to be approved of a page: its texts, and the digests of its pictures. A picture without one is the studio's
    own art, and a blank text is none."""
    return frozenset([*(digest_of_text(text) for text in texts if text.strip()), *filter(None, pictures)])
