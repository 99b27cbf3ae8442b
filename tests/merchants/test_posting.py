"""One request to somebody else's server: what it may reach, and how much of it is borne with."""

import time
from collections.abc import Iterator

import pytest

from core.outbound import Network
from merchants import posting
from merchants.posting import post
from tests.merchants.receivers import Receiver, receiving


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as there:
        yield there


def ask(receiver: Receiver, path: str, **given):
    return post(receiver.url(path), b"{}", {"Content-Type": "application/json"}, network=receiver.network, **given)


def test_an_answer_is_told_with_its_beginning(receiver):
    outcome = ask(receiver, "/plain?a=1")

    assert (outcome.status, outcome.problem, outcome.answer, outcome.is_success) == (200, "", "seen", True)
    assert (receiver.requests[-1].path, receiver.requests[-1].body) == ("/plain?a=1", b"{}")


def test_a_redirect_is_not_followed(receiver):
    receiver.answers["/moved"] = (307, {"Location": receiver.url("/secret")})

    outcome = ask(receiver, "/moved")

    assert (outcome.status, outcome.is_success) == (307, False)
    assert "/secret" not in [request.path for request in receiver.requests]


@pytest.mark.parametrize(
    "status, header, wait",
    [(429, "120", 120), (503, "9" * 9, 24 * 3600), (429, "soon", 0), (500, "120", 0), (429, "-5", 0)],
)
def test_retry_after_counts_with_429_and_503_up_to_a_day(receiver, status, header, wait):
    receiver.answers["/later"] = (status, {"Retry-After": header})

    outcome = ask(receiver, "/later")

    assert (outcome.status, outcome.wait) == (status, wait)


def test_retry_after_may_be_a_date(receiver):
    at = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 600))
    receiver.answers["/date"] = (503, {"Retry-After": at})

    assert 590 < ask(receiver, "/date").wait <= 600


@pytest.mark.parametrize("path", ["/hangs", "/drips"])
def test_who_hangs_or_drips_is_cut_off_when_the_time_is_over(receiver, path):
    began = time.monotonic()

    outcome = ask(receiver, path, total=0.4)

    assert (outcome.status, outcome.problem) == (None, "timeout")
    assert time.monotonic() - began < 10


def test_an_endless_answer_is_read_up_to_a_bound(receiver):
    outcome = ask(receiver, "/endless")

    assert (outcome.status, len(outcome.answer)) == (500, posting.MOST_KEPT)
    assert "\x00" not in outcome.answer


def test_who_hangs_up_or_is_not_there_did_not_answer(receiver):
    assert ask(receiver, "/breaks").problem == "unanswered"
    gone = Network(also=("127.0.0.1:1",))
    assert post("http://127.0.0.1:1/", b"", {}, network=gone).problem == "unanswered"


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1"])
def test_a_name_that_means_a_private_address_is_refused(receiver, address):
    before = len(receiver.requests)
    internet = Network(ports=(receiver.port,))

    for found in ([address], ["93.184.215.14", address]):
        outcome = post(receiver.url(host="hooks.example"), b"", {}, network=internet, resolve=lambda *_a, f=found: f)
        assert outcome.problem == "address_not_allowed"

    assert len(receiver.requests) == before


def test_a_name_is_asked_once_and_the_connection_goes_where_it_said(receiver, monkeypatch):
    """The second answer of a name server that was made to lead inside is never asked for."""
    asked, connected = [], []
    monkeypatch.setattr(
        posting.socket, "create_connection", lambda address, **_given: connected.append(address) or refuse()
    )

    def refuse():
        raise ConnectionRefusedError

    def rebinding(host, _port):
        asked.append(host)
        return ["93.184.215.14"] if len(asked) == 1 else ["127.0.0.1"]

    post(receiver.url(host="hooks.example"), b"", {}, network=Network(ports=(receiver.port,)), resolve=rebinding)

    assert asked == ["hooks.example"]
    assert connected == [("93.184.215.14", receiver.port)]


def test_a_connection_that_ended_somewhere_private_is_closed_unused(receiver, monkeypatch):
    """As when a router or a hosts file of this machine leads a public address inside."""
    real = posting.socket.create_connection
    monkeypatch.setattr(
        posting.socket, "create_connection", lambda address, **given: real(("127.0.0.1", receiver.port), **given)
    )
    before = len(receiver.requests)

    outcome = post(
        receiver.url(host="hooks.example"), b"", {}, network=Network(ports=(receiver.port,)),
        resolve=lambda *_a: ["93.184.215.14"],
    )  # fmt: skip

    assert (outcome.problem, len(receiver.requests)) == ("address_not_allowed", before)


def test_a_server_without_a_certificate_that_holds_is_not_told_anything(receiver):
    before = len(receiver.requests)

    outcome = post(f"https://127.0.0.1:{receiver.port}/", b"secret", {}, network=receiver.network, connect=1, total=2)

    assert (outcome.status, len(receiver.requests)) == (None, before)
    assert outcome.problem in ("unanswered", "timeout")
