"""Content types that nobody can read, through the very application that gunicorn serves: 400 in words, never a bare 500."""

import io
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from merchstore.wsgi import application

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_connection_stays():
    """The test's transaction lives on it."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def asked(
    path: str, content_type: str, query: str = "a=1", method: str = "GET", body: bytes = b""
) -> tuple[int, Any, bytes]:
    told: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        told.update(status=int(status[:3]), headers=dict(headers))

    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)), "SERVER_NAME": "testserver", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
    }  # fmt: skip
    answer = application(environ, start)
    content = b"".join(answer)
    answer.close()
    return told["status"], told["headers"], content


@pytest.mark.parametrize("charset", ["hex", "base64", "rot13", "undefined", "idna", "a\0b"])
@pytest.mark.parametrize("query", ["", "a=1", "a=%FF"])
def test_a_charset_that_is_not_one_of_text_is_400_in_words(charset: str, query: str) -> None:
    status, headers, content = asked("/health/", f"text/plain; charset={charset}", query)

    assert status == 400
    assert headers["Request-Id"].startswith("req_")
    assert b"Check the address" in content


def test_so_it_is_at_the_api() -> None:
    status, _headers, content = asked("/api/v1/films", "text/plain; charset=hex")

    assert status == 400
    assert b"Check the address" in content


def test_a_form_in_such_a_charset_is_400() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n'

    assert asked("/health/", "multipart/form-data; boundary=x; charset=hex", "", "POST", body)[0] == 400


def test_too_many_fields_in_the_query_are_400_whatever_the_charset() -> None:
    assert asked("/health/", "text/plain; charset=utf-8", "&".join(f"a{n}=1" for n in range(3_000)))[0] == 400


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "utf-16", "utf-99"])
def test_other_charsets_do_no_harm(charset: str) -> None:
    """The control: the same address answers; a name that means nothing is passed over, as Django does."""
    assert asked("/health/", f"text/plain; charset={charset}")[0] in (200, 503)
