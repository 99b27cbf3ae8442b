"""An anonymous visitor who follows every link of the site there is, and reads everything."""

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.test import Client

_LINKS = re.compile(
    r"""(?:href|src|srcset|action|data-[a-z-]+|hx-get|content)=["']([^"']+)["']|<(?:loc|link|g:link|g:image_link)>([^<]+)<"""
)
_IN_STYLES = re.compile(r"url\(([^)]+)\)")
#: What the site does not write itself.
_ELSEWHERE = re.compile(r"^/(static|desk)/")
MOST = 1_500


@dataclass
class Crawl:
    """What was found: address → (status, text). Pictures are listed in `media` and read as bytes."""

    client: Client
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)

    def run(self, addresses: Iterable[str]) -> "Crawl":
        waiting = list(addresses)
        while waiting:
            address = waiting.pop()
            if address in self.pages or _ELSEWHERE.match(address):
                continue
            assert len(self.pages) < MOST, "the site has no end"
            response = self.client.get(address)
            text = text_of(response)
            self.pages[address] = (response.status_code, text)
            waiting += [found for found in links_in(text, address) if found not in self.pages]
            if "Location" in response:
                waiting.append(urljoin(address, response["Location"]))
        return self

    def hits(self, secrets: Iterable[str]) -> list[tuple[str, str]]:
        """(address, secret) wherever one is read, whatever its case or encoding."""
        wanted = [(secret, secret.lower()) for secret in secrets]
        return [
            (address, secret)
            for address, (_status, text) in self.pages.items()
            for secret, lowered in wanted
            if lowered in readable(text) or lowered in readable(address)
        ]


def text_of(response: HttpResponse) -> str:
    """The body and the headers, as text."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    return headers + "\n\n" + body.decode("utf-8", errors="replace")


def readable(text: str) -> str:
    """Entities, percent signs and JSON's escapes taken away."""
    plain = html.unescape(unquote(text))
    return (plain + re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), plain)).lower()


def links_in(text: str, address: str) -> Iterator[str]:
    """Addresses of this site that the text names, in HTML, XML, styles and JSON."""
    found = (
        [a or b for a, b in _LINKS.findall(text)] + _IN_STYLES.findall(text) + list(_strings(text.partition("\n\n")[2]))
    )
    for value in found:
        for part in html.unescape(value).split(","):
            target = part.strip().split(" ")[0].strip("\"'")
            if target.startswith(("/", settings.SITE_URL, "?")):
                yield _local(urljoin(address, target))


def _local(target: str) -> str:
    parts = urlsplit(target.removeprefix(settings.SITE_URL))
    return quote(unquote(parts.path) or "/", safe="/") + (f"?{parts.query}" if parts.query else "")


def _strings(body: str) -> Iterator[str]:
    try:
        yield from _leaves(json.loads(body))
    except ValueError:
        return


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
