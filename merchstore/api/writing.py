"""How objects of one's own are written: the shape of the body, `If-Match`, one answer after the other.

What a service refuses needs no words here: `problems.py` turns it into a problem document.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils.http import parse_etags, quote_etag
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from merchstore.api.answers import OwnReadView, OwnView, digest_of
from merchstore.api.idempotency import answer_once, idempotency_key
from merchstore.api.json_bodies import json_body, read_shape
from merchstore.api.problems import Problem
from merchstore.api.shapes import Shape

#: Between the part of an ETag that writing has to match and the part that moves on its own.
_REST = "-"


def written_once(
    view: OwnView, shape: type[Shape], work: Callable[[dict[str, Any]], Response], *, shown_once: str = ""
) -> HttpResponse:
    """For a POST: what `work` answers to the body as `shape` reads it, once for each Idempotency-Key. `shown_once`: as in
    `answer_once`."""
    idempotency_key(view.request)
    body = json_body(view.request)
    return answer_once(view.request, view.merchant, body, lambda: work(read_shape(body, shape)), shown_once=shown_once)


def done_once(view: OwnView, work: Callable[[], Response]) -> HttpResponse:
    """For a POST whose body says nothing."""
    idempotency_key(view.request)
    return answer_once(view.request, view.merchant, b"", work)


def given_in(view: OwnView, shape: type[Shape], *, partial: bool = False) -> dict[str, Any]:
    """For PATCH (`partial`) and PUT: the body as `shape` reads it."""
    return read_shape(json_body(view.request), shape, partial=partial)


class OwnObject(OwnReadView):
    """One object at its address. A view says how it is found and shown; its verbs go through `change`.

    `moving` are fields of the body that change without anybody writing them (the clock, a sale). They are part of what GET
    answers, so they change its ETag, and `If-Match` looks past them: a sale is no reason to refuse a new title.
    """

    moving: tuple[str, ...] = ()

    def find(self, name: str, *, is_locked: bool) -> Any:
        """The merchant's row of this name, locked (its own row, or the one that its services lock) when it is to be
        changed. Raises `not_found`."""
        raise NotImplementedError

    def body(self, row: Any) -> Mapping[str, Any]:
        """What GET answers."""
        raise NotImplementedError

    def answer_object(self, row: Any, *, status: int = 200, location: str = "") -> Response:
        """The object with its ETag; of a new one also where it is."""
        body = self.body(row)
        headers = {"ETag": self.etag_of(body)} | ({"Location": location} if location else {})
        return Response(body, status=status, headers=headers)

    def get(self, _request: Any, name: str) -> Response:
        return self.answer_object(self.find(name, is_locked=False))

    def change(self, name: str, work: Callable[[Any], Any]) -> Response:
        """The object after `work(row)`, unless somebody has changed it since the ETag in `If-Match` was read.

        One transaction: the row is locked, compared and changed in it, so of two that bring the same ETag one gets 412.
        `work` calls services as `inside(service)(...)`.
        """
        self.changed(name, work)
        return self.answer_object(self.find(name, is_locked=False))

    def changed(self, name: str, work: Callable[[Any], Any]) -> Any:
        """As `change`, and what `work` gives back: for a DELETE, or where the answer is something else."""
        wanted = self._if_match()
        with transaction.atomic(durable=True):
            row = self.find(name, is_locked=True)
            if wanted != ["*"] and self._settled(self.etag_of(self.body(row))) not in map(self._settled, wanted):
                raise Problem("precondition_failed")
            return work(row)

    def etag_of(self, body: Mapping[str, Any]) -> str:
        settled = {name: value for name, value in body.items() if name not in self.moving}
        digest = digest_of(JSONRenderer().render(settled))
        if self.moving:
            digest += _REST + digest_of(JSONRenderer().render({name: body[name] for name in self.moving}))[:16]
        return quote_etag(digest)

    def _if_match(self) -> list[str]:
        header = self.request.META.get("HTTP_IF_MATCH")
        if header is None:
            raise Problem("precondition_required")
        return parse_etags(header)

    def _settled(self, etag: str) -> str:
        """The part of an ETag that writing has to match. A weak one matches nothing, as RFC 9110 says."""
        return etag.strip('"').partition(_REST)[0] if not etag.startswith("W/") else etag
