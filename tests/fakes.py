"""Other people's servers, as tests need them."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from campaigns.channels.base import Outcome, Payload, Result
from catalog.models import Market


class FakeChannel:
    """A channel that keeps what it is sent by product and market, and counts the keys it was sent under.

    `answer` says what becomes of a payload (default: taken); it may raise Unavailable. `meanwhile` runs after the
    channel has taken a batch and before the sender hears of it.
    """

    def __init__(self) -> None:
        self.shown: dict[tuple[int, int], str] = {}
        self.keys: Counter[str] = Counter()
        self.batches: list[list[str]] = []
        self.withdrawn: Counter[str] = Counter()
        self.validated: list[str] = []
        self.answer: Callable[[Payload], Outcome] = lambda _payload: Outcome.TAKEN
        self.problems: Callable[[Payload], list[str]] = lambda _payload: []
        self.meanwhile: Callable[[], None] = lambda: None
        self.read_back_fails: Exception | None = None
        self._lock = threading.Lock()

    def validate(self, payloads: Sequence[Payload], *, at: datetime) -> dict[int, list[str]]:
        self.validated += [payload.key for payload in payloads]
        return {p.listing_id: problems for p in payloads if (problems := self.problems(p))}

    def push(self, payloads: Sequence[Payload], *, at: datetime) -> list[Result]:
        with self._lock:
            self.batches.append([payload.key for payload in payloads])
            self.keys.update(payload.key for payload in payloads)
            results = []
            for payload in payloads:
                outcome = self.answer(payload)
                if outcome is Outcome.TAKEN:
                    self.shown[payload.product.pk, payload.market.pk] = payload.key
                results.append(
                    Result(payload.listing_id, outcome, "" if outcome is Outcome.TAKEN else f"{outcome} it is")
                )
        self.meanwhile()
        return results

    def withdraw(self, payloads: Sequence[Payload], *, at: datetime) -> list[Result]:
        with self._lock:
            self.withdrawn.update(payload.public_id for payload in payloads)
            results = []
            for payload in payloads:
                outcome = self.answer(payload)
                if outcome is Outcome.TAKEN:
                    self.shown.pop((payload.product.pk, payload.market.pk), None)
                results.append(Result(payload.listing_id, outcome))
        return results

    def read_back(self, market: Market, product_ids: Collection[int], *, at: datetime) -> set[int]:
        if self.read_back_fails is not None:
            raise self.read_back_fails
        return {product_id for product_id in product_ids if (product_id, market.pk) in self.shown}
