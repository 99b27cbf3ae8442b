"""What shoppers see around the start of a campaign: the site's real processes, polled 50 times a second across it."""

import hashlib
import http.client
import json
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

#: Requests per second of each kind of answer; five kinds make 50.
RATE = 10
#: Askers per kind, so that one slow answer does not hold up the next question.
ASKERS = 2
BEFORE, AFTER = 5.0, 6.0

#: The cents of a price after 20 % off; a regular price ends in 95 (bench/goods.py).
_NEW_CENTS = {"16", "36", "56", "76", "96"}
_OLD_CENTS = "95"
_PRICE = re.compile(r"\d\.(\d\d)(?!\d)")
_CARD = re.compile(r"goods/p/[-\w]+/")
_GROUP = re.compile(r"<g:item_group_id>([^<]+)")


@dataclass(frozen=True, slots=True)
class Answer:
    kind: str
    sent_at: float
    received_at: float
    #: "old", "new", "mixed" or "failed".
    state: str


@dataclass
class Watch:
    """The goods of a campaign, asked for over and over by several askers at once."""

    port: int
    starts_at: float
    film_slugs: Sequence[str]
    film_titles: Sequence[str]
    product_slugs: Sequence[str]
    #: Public ids of the campaign's goods: the feed holds others too.
    groups: frozenset[str]
    answers: list[Answer] = field(default_factory=list)
    _states: dict[bytes, str] = field(default_factory=dict)

    def run(self) -> list[Answer]:
        """Every answer from BEFORE seconds before the start to AFTER seconds after it."""
        kinds = {
            "list": [f"/us/en/films/{slug}/" for slug in self.film_slugs],
            "product": [f"/us/en/goods/p/{slug}/" for slug in self.product_slugs],
            "search": [f"/us/en/search/?q={quote(title)}" for title in self.film_titles],
            "feed": ["/feeds/google/us.xml"],
            "api": [f"/api/v1/products?market=us&film={slug}" for slug in self.film_slugs],
        }
        askers = [
            threading.Thread(target=self._ask, args=(kind, addresses, number))
            for kind, addresses in kinds.items()
            for number in range(ASKERS)
        ]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        return sorted(self.answers, key=lambda answer: answer.sent_at)

    def _ask(self, kind: str, addresses: Sequence[str], number: int) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        etag, known = "", ""
        for turn, moment in enumerate(self._moments(number)):
            time.sleep(max(0.0, moment - time.time()))
            sent_at = time.time()
            client.request(
                "GET", addresses[turn % len(addresses)], headers={"If-None-Match": etag} if kind == "feed" else {}
            )
            response = client.getresponse()
            body = response.read()
            received_at = time.time()
            if response.status == 304:
                state = known
            elif response.status == 200:
                state = known = self._state(kind, body)
                etag = response.headers.get("ETag", "")
            else:
                state = "failed"
            self.answers.append(Answer(kind, sent_at, received_at, state))
        client.close()

    def _moments(self, number: int) -> Iterator[float]:
        """When the asker of this number asks: the askers of a kind take turns. A moment long past is left out."""
        step = ASKERS / RATE
        moment = self.starts_at - BEFORE + number / RATE
        while moment < self.starts_at + AFTER:
            if moment > time.time() - step:
                yield moment
            moment += step

    def _state(self, kind: str, body: bytes) -> str:
        digest = hashlib.blake2b(body).digest()
        if digest not in self._states:
            self._states[digest] = state_of(_parts(kind, body.decode(), self.groups))
        return self._states[digest]


def state_of(parts: Iterator[str]) -> str:
    """Whether the parts of an answer, each about one product, all show the price before the start or all the one after."""
    seen = set()
    for part in parts:
        cents = set(_PRICE.findall(part))
        if cents & _NEW_CENTS:
            seen.add("new")
        elif _OLD_CENTS in cents:
            seen.add("old")
    return seen.pop() if len(seen) == 1 else "mixed" if seen else "failed"


def _parts(kind: str, text: str, groups: frozenset[str]) -> Iterator[str]:
    """The parts of an answer that speak of one product of the campaign each."""
    if kind == "api":
        return (json.dumps(row) for row in json.loads(text)["data"])
    if kind == "feed":
        items = text.split("<item>")[1:]
        return (item for item in items if (group := _GROUP.search(item)) and group[1] in groups)
    # What stands before the first card is the product that the page itself is about.
    return iter(_CARD.split(text))
