"""Pictures by address: what is fetched, what is never asked, and how long anybody may keep us waiting."""

import gzip
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from catalog.images import child
from catalog.images import fetch as fetching
from catalog.images.fetch import Later, fetch
from catalog.images.look import LARGEST_FILE, Unfit
from core.outbound import Network, is_public
from tests.catalog.pictures import plain

PICTURE = plain()
AGENT = "merchstore (+https://shop.example)"


class Elsewhere(BaseHTTPRequestHandler):
    """Somebody's server, with everything that such a server may do."""

    asked: list[tuple[str, dict[str, str]]] = []  # noqa: RUF012 one server, one test at a time

    def log_message(self, *_arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        answer = getattr(self, "_" + self.path[1:].partition("?")[0].partition("/")[0])
        try:
            answer()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), "Connection": "close", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _good(self) -> None:
        self.answer(200, PICTURE, Content_Type="text/plain", Set_Cookie="a=b")

    def _status(self) -> None:
        self.answer(int(self.path.rpartition("/")[2]), b"no", Retry_After="120")

    def _further(self) -> None:
        self.answer(302, Location=self.path.partition("?")[2])

    def _round(self) -> None:
        self.answer(301, Location=self.path + "x")

    def _packed(self) -> None:
        self.answer(200, gzip.compress(bytes(1 << 20)), Content_Encoding="gzip")

    def _claims_much(self) -> None:
        self.answer(200, b"x", Content_Length=str(LARGEST_FILE + 1))

    def _claims_more(self) -> None:
        self.answer(200, PICTURE, Content_Length=str(len(PICTURE) + 10))

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        piece = bytes(1 << 20)
        for _ in range(64):
            self.wfile.write(piece)

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def _drip_head(self) -> None:
        for _ in range(100):
            self.wfile.write(b"H")
            time.sleep(0.05)


def run(server: ThreadingHTTPServer) -> Iterator[str]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    yield from run(ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere))


@pytest.fixture(autouse=True)
def _nothing_asked() -> None:
    Elsewhere.asked.clear()


def ask(host: str, path: str, **options: Any) -> bytes:
    return fetch(f"http://{host}{path}", agent=AGENT, network=Network(also=(host,)), **options)


def paths() -> list[str]:
    return [unquote(path) for path, _headers in Elsewhere.asked]


# -- what is fetched --------------------------------------------------------------------------------
def test_a_picture_is_fetched_whatever_its_header_says_and_nothing_is_told_of_us(host: str) -> None:
    assert ask(host, "/good?size=large") == PICTURE

    [(path, headers)] = Elsewhere.asked
    assert path == "/good?size=large"
    assert {name.lower(): value for name, value in headers.items()} == {
        "host": host,
        "user-agent": AGENT,
        "accept": "image/avif,image/webp,image/*;q=0.8",
        "accept-encoding": "identity",
    }


def test_no_proxy_is_asked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert ask(host, "/good") == PICTURE


def test_up_to_three_redirects_are_followed(host: str) -> None:
    assert ask(host, "/further?/further?/further?/good") == PICTURE

    with pytest.raises(Unfit) as unfit:
        ask(host, "/round/")
    assert unfit.value.code == "address_redirects"
    assert len(paths()) == 8


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/status/404", "address_not_found"),
        ("/status/403", "address_not_found"),
        ("/status/410", "address_not_found"),
        ("/status/204", "address_not_found"),
        ("/packed", "picture_unknown_format"),
        ("/claims_much", "picture_file_too_large"),
        ("/endless", "picture_file_too_large"),
        ("/further?ftp://127.0.0.1/", "address_not_allowed"),
        ("/further?file:///etc/passwd", "address_not_allowed"),
        ("/further?http://127.0.0.1/admin/", "address_not_allowed"),
        ("/further?http://[::1]/", "address_not_allowed"),
        ("/further?//169.254.169.254/latest/meta-data/", "address_not_allowed"),
    ],
)
def test_what_will_not_become_better_is_refused_at_once(host: str, path: str, code: str) -> None:
    with pytest.raises(Unfit) as unfit:
        ask(host, path)

    assert (unfit.value.code, paths()) == (code, [path])


@pytest.mark.parametrize(
    ("path", "wait"),
    [("/status/429", 120), ("/status/500", 120), ("/status/503", 120), ("/claims_more", 0)],
)
def test_what_may_become_better_is_for_later(host: str, path: str, wait: int) -> None:
    with pytest.raises(Later) as later:
        ask(host, path)

    assert (later.value.code, later.value.wait) == ("address_unanswered", wait)


def test_nobody_there_is_for_later() -> None:
    with pytest.raises(Later):
        ask("127.0.0.1:1", "/good")


# -- what is never asked ----------------------------------------------------------------------------
NOT_PUBLIC = """
127.0.0.1 127.9.9.9 0.0.0.0 0.1.2.3 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200
192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1 240.0.0.1 255.255.255.255 168.63.129.16
::1 :: fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1
64:ff9b::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1:: 2001:0:4136:e378:8000:63bf:3fff:fdd2 100::1
""".split()  # noqa: SIM905 a table of addresses


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_never_connected_to(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_ask", lambda *_arguments: pytest.fail("asked"))

    with pytest.raises(Unfit) as unfit:
        fetch("http://pictures.example/", agent=AGENT, resolve=lambda _host, _port: ["93.184.215.14", address])

    assert (is_public(address), unfit.value.code) == (False, "address_not_allowed")


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"],
)
def test_a_public_address_is_one_however_it_is_written(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://[::1]/",
        "http://[::ffff:127.0.0.1]/", "http://127.1:443/", "https://1.1.1.1:8443/", "http://1.1.1.1:6379/", "http://1.1.1.1:22/",
        "http://user:secret@1.1.1.1/", "http://1.1.1.1@127.0.0.1/", "ftp://1.1.1.1/", "file:///etc/passwd", "gopher://1.1.1.1/",
        "http:///nothing", "//1.1.1.1/", "http://1.1.1.1:99999/", "http://[1.1.1.1/", "http://" + "a" * 70 + ".example/", "",
    ],
)  # fmt: skip
def test_an_address_that_leads_inside_or_elsewhere_is_refused(address: str) -> None:
    with pytest.raises(Unfit) as unfit:
        fetch(address, agent=AGENT)

    assert unfit.value.code == "address_not_allowed"


def test_a_name_is_resolved_once_and_the_connection_goes_where_it_was_checked(host: str) -> None:
    port = int(host.partition(":")[2])
    answers = [["127.0.0.1"], ["10.0.0.1"]]

    content = fetch(
        f"http://pictures.example:{port}/good", agent=AGENT, network=Network(also=(host,)),
        resolve=lambda _host, _port: answers.pop(0),
    )  # fmt: skip

    assert (content, answers) == (PICTURE, [["10.0.0.1"]])
    assert Elsewhere.asked[0][1]["Host"] == f"pictures.example:{port}"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server whose certificate is for pictures.example, and that certificate."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=pictures.example", "-addext", "subjectAltName=DNS:pictures.example",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]  # a client that hangs up is what is tested
    for address in run(server):
        yield address, certificate


@pytest.mark.parametrize(
    ("name", "is_trusted", "code"),
    [
        ("pictures.example", True, ""),
        ("other.example", True, "address_certificate"),
        ("pictures.example", False, "address_certificate"),
    ],
)
def test_the_certificate_is_checked_for_the_name_though_the_number_is_connected_to(
    secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, name: str, is_trusted: bool, code: str
) -> None:
    host, certificate = secure
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    address = f"https://{name}:{host.partition(':')[2]}/good"
    options: dict[str, Any] = {"agent": AGENT, "network": Network(also=(host,)), "resolve": lambda *_of: ["127.0.0.1"]}

    if not code:
        assert fetch(address, **options) == PICTURE
        return
    with pytest.raises(Unfit) as unfit:
        fetch(address, **options)
    assert (unfit.value.code, paths()) == (code, [])


# -- how long ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/drip", "/drip_head"])
def test_a_server_that_answers_drop_by_drop_is_left(host: str, path: str) -> None:
    began = time.monotonic()

    facts, content = child.in_fork(lambda: ({}, ask(host, path)), 0.5)

    assert (facts["ended"], content, paths()) == ("SIGKILL", b"", [path])
    assert time.monotonic() - began < 3
