"""How much a key may ask: a quota for each window of time, counted in one place for all web processes.

A window begins with the first request that is made in it and lasts as long as the setting says; what is asked in it
beyond the quota is turned away. Counted on Redis by one script, so that two at once never share the last piece; without
Redis, in the process's own memory. By the server's own clock, never by a sandbox's.
"""

import logging
import math
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import RedisError

from merchants.models import PartnerKey
from merchstore.api.problems import Problem
from merchstore.limits import is_too_often, who_asks

logger = logging.getLogger(__name__)

DEFAULT, BULK = "default", "bulk"
HEADERS = (
    "RateLimit", "RateLimit-Policy", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After",
)  # fmt: skip

#: Of one address. Who knows its key stays below; a right key is never turned away for wrong ones.
_MOST_WRONG_KEYS, _WRONG_KEYS_SECONDS = 30, 60
#: How long a Redis that did not answer is not asked, so that no request waits for what the last one waited for.
_LEAVE_ALONE = 5.0

# ARGV: the instant, the window's length, both in milliseconds. Answers how many were asked, and when the window ends.
_COUNT = """
local ends = tonumber(redis.call('HGET', KEYS[1], 'ends'))
local now, window = tonumber(ARGV[1]), tonumber(ARGV[2])
if not ends or ends <= now or ends > now + window then
  ends = now + window
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'ends', string.format('%.0f', ends))
  redis.call('PEXPIRE', KEYS[1], window)
end
return {redis.call('HINCRBY', KEYS[1], 'asked', 1), string.format('%.0f', ends)}
"""


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a bucket after this request, and the seconds until it is whole again."""

    bucket: str
    quota: int
    window: int
    asked: int
    resets_in: int

    @property
    def is_exceeded(self) -> bool:
        return self.asked > self.quota

    @property
    def left(self) -> int:
        return max(0, self.quota - self.asked)

    def headers(self) -> dict[str, str]:
        """The IETF's fields (draft-ietf-httpapi-ratelimit-headers), the older ones that programs look for, and when to
        come again for who was turned away."""
        told = {
            "RateLimit-Policy": f'"{self.bucket}";q={self.quota};w={self.window}',
            "RateLimit": f'"{self.bucket}";r={self.left};t={self.resets_in}',
            "X-RateLimit-Limit": str(self.quota),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": str(self.resets_in),
        }
        return told | ({"Retry-After": str(self.resets_in)} if self.is_exceeded else {})


def take(key: PartnerKey, bucket: str, *, at: datetime) -> Quota | None:
    """Count one request of `key`. One round trip. None while the count is away: then nobody is turned away."""
    quota, window = settings.API_BULK_RATE if bucket == BULK else settings.API_RATE
    now, length = int(at.timestamp() * 1000), window * 1000
    found = _count(f"api-limit:{settings.RELEASE}:{key.public_id}:{bucket}", now, length)
    if found is None:
        return None
    asked, ends = found
    return Quota(bucket, quota, window, asked, resets_in=max(1, math.ceil((ends - now) / 1000)))


def note_wrong_key(request: Any, *, at: datetime) -> None:
    """Count a key that was wrong. Raises `rate_limited` for an address that tries one after the other."""
    who = who_asks(request)
    if who and is_too_often(
        f"api-keys:{settings.RELEASE}", who, most=_MOST_WRONG_KEYS, seconds=_WRONG_KEYS_SECONDS, at=at
    ):
        detail = "Too many keys that are not known came from this address."
        raise Problem("rate_limited", detail, headers={"Retry-After": str(_WRONG_KEYS_SECONDS)})


def _count(name: str, now: int, length: int) -> tuple[int, int] | None:
    if not settings.REDIS_URL:
        return _memory.count(name, now, length)
    return _server(settings.REDIS_URL).count(name, now, length)


class _Server:
    """The count on Redis."""

    def __init__(self, address: str) -> None:
        # A request does not wait long for its own count.
        client = Redis.from_url(address, socket_connect_timeout=0.25, socket_timeout=0.5)
        self._script: Script = client.register_script(_COUNT)
        self._left_alone_until = 0.0

    def count(self, name: str, now: int, length: int) -> tuple[int, int] | None:
        if time.monotonic() < self._left_alone_until:
            return None
        try:
            asked, ends = self._script(keys=[name], args=[now, length])
        except RedisError as error:
            self._left_alone_until = time.monotonic() + _LEAVE_ALONE
            logger.warning("api.limit_away", extra={"error": str(error)})
            return None
        return int(asked), int(ends)


@cache
def _server(address: str) -> _Server:
    return _Server(address)


class _Memory:
    """The same in this process, for the demo: there is one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, int]] = {}

    def count(self, name: str, now: int, length: int) -> tuple[int, int]:
        with self._lock:
            asked, ends = self._counts.get(name, (0, 0))
            if not now < ends <= now + length:
                self._counts = {other: kept for other, kept in self._counts.items() if kept[1] > now}
                asked, ends = 0, now + length
            self._counts[name] = (asked + 1, ends)
            return asked + 1, ends


_memory = _Memory()
