"""How often something may be asked for: a count per fixed window, kept in the cache."""

import hashlib
import ipaddress
import logging
from datetime import datetime

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


def is_too_often(what: str, who: str, *, most: int, seconds: int, at: datetime) -> bool:
    """Count one more of `what` by `who`; whether that is more than `most` in this window. Without a cache nobody is turned
    away. Who it was is kept as a digest alone."""
    digest = hashlib.blake2b(f"{settings.SECRET_KEY}{what}{who}".encode(), digest_size=12).hexdigest()
    key = f"limit:{what}:{digest}:{int(at.timestamp()) // seconds}"
    try:
        # Most ask once: then it is one question to the cache.
        return most < 1 if cache.add(key, 1, seconds) else cache.incr(key) > most
    except ValueError:  # it was thrown out in between
        return False
    except RedisError as error:
        logger.warning("limit.cache_away", extra={"error": str(error)})
        return False


def who_asks(request: HttpRequest) -> str:
    """The address that a request comes from: of an IPv6 one its network, since a household has as many as it likes. Empty
    where it is not known, as behind a socket file."""
    text = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        text = request.headers.get("X-Forwarded-For", text).rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
