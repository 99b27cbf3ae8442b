"""A partner whose every answer is held against the OpenAPI document: status, media type and body."""

import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from merchstore.api.documents import openapi_document
from tests.api.conftest import Partner, make_partner
from tests.api.test_schema import strict


class Held(Partner):
    def get(self, address: str, **headers: str) -> Any:
        return checked(super().get(address, **headers))

    def post(self, address: str, body: Any, **told: Any) -> Any:
        return checked(super().post(address, body, **told))

    def send(self, method: str, address: str, body: Any = b"", **told: Any) -> Any:
        return checked(super().send(method, address, body, **told))


def make_held(*args: Any, **told: Any) -> Held:
    made = make_partner(*args, **told)
    return Held(made.merchant, made.key, made.secret)


def checked(response: Any) -> Any:
    """The response, when the document says that it may be so."""
    if response.status_code != 304:
        route = re.sub(r"<str:(\w+)>", r"{\1}", response.resolver_match.route)
        where = (f"/{route}", response.request["REQUEST_METHOD"].lower(), str(response.status_code))
        validator = _validator(*where, response.get("Content-Type", "").partition(";")[0])
        if validator is not None:
            assert [error.message for error in validator.iter_errors(response.json())] == [], where
    return response


@cache
def _validator(path: str, method: str, status: str, media_type: str) -> Draft202012Validator | None:
    """None where the document speaks of no JSON."""
    document = openapi_document()
    answer = document["paths"][path][method]["responses"][status]
    if status == "204":
        return None
    schema = answer["content"][media_type]["schema"]
    if "json" not in media_type:
        return None
    # A problem document may say more than the members that they all have.
    is_closed = status < "300"
    closed = strict(schema) if is_closed else schema
    components = strict(document["components"]) if is_closed else document["components"]
    return Draft202012Validator({**closed, "components": components}, format_checker=FormatChecker())
