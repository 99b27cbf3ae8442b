"""A receiver of webhooks on this machine, which behaves as its address says and keeps what came."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from core.outbound import Network


@dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    port: int
    requests: list[Request] = field(default_factory=list)
    #: Status and headers of the answer at each path; 200 where nothing is said.
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def network(self) -> Network:
        return Network(ports=(443,), also=(f"127.0.0.1:{self.port}",))

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@contextmanager
def receiving() -> Iterator[Receiver]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    receiver = server.receiver = Receiver(server.server_address[1])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.requests.append(Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        try:
            getattr(self, f"_{self.path.strip('/').partition('?')[0]}", self._answer)(receiver)
        except OSError:
            self.close_connection = True

    def _answer(self, receiver: Receiver) -> None:
        status, headers = receiver.answers.get(self.path, (200, {}))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"seen")

    def _hangs(self, receiver: Receiver) -> None:
        receiver.is_over.wait(30)

    def _drips(self, receiver: Receiver) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not receiver.is_over.is_set():
            self.wfile.write(b"x")
            time.sleep(0.05)

    def _endless(self, receiver: Receiver) -> None:
        self.send_response(500)
        self.end_headers()
        while not receiver.is_over.is_set():
            self.wfile.write("世\x00".encode() * 4096)

    def _breaks(self, receiver: Receiver) -> None:
        self.close_connection = True

    def log_message(self, *_arguments: Any) -> None:
        pass
