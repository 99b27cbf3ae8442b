"""Pictures from row to page: who waits, who is looked at, what is stored, and that everything may happen twice."""

import os
import shutil
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEntry
from catalog.images import services
from catalog.images.names import file_name
from catalog.images.services import LEASE, MOST_ATTEMPTS, UPLOADS
from catalog.models import Image, Market, Product
from core.errors import Refused
from core.outbound import Network
from licensing.assets import digest_of_picture
from tests.catalog import test_images_fetch
from tests.catalog.pictures import encoded, halves, plain, png_claiming
from tests.factories import make_product

pytestmark = pytest.mark.django_db

SMALL = plain("PNG", (240, 200))


@pytest.fixture(autouse=True)
def folders(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    shutil.rmtree(Path(settings.UPLOAD_ROOT) / UPLOADS, ignore_errors=True)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    yield from test_images_fetch.run(ThreadingHTTPServer(("127.0.0.1", 0), test_images_fetch.Elsewhere))


def files_below(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def stored() -> list[str]:
    return files_below(Path(settings.MEDIA_ROOT))


def waiting_files() -> list[str]:
    return files_below(Path(settings.UPLOAD_ROOT) / UPLOADS)


def add(product: Product, content: bytes = SMALL, **options: object) -> Image:
    return services.add_image(product, content, by=None, at=timezone.now(), **options)  # type: ignore[arg-type]


def add_from(product: Product, host: str, path: str) -> Image:
    """As an import writes it: a row, and nothing else."""
    return Image.objects.create(product=product, state="waiting", source=f"http://{host}{path}", try_at=timezone.now())


def process(host: str = "", *, at: datetime | None = None, **options: float) -> int:
    return services.process_waiting(at=at or timezone.now(), network=Network(also=(host,)), **options)


def read(image: Image) -> Image:
    return Image.objects.get(pk=image.pk)


# -- added ------------------------------------------------------------------------------------------
def test_an_upload_waits_in_private_and_becomes_renditions(django_capture_on_commit_callbacks) -> None:
    product = make_product()
    version = Market.objects.get().shelf_version

    with django_capture_on_commit_callbacks() as sent:
        waiting = add(product, alt_en="A mug", alt_zh="杯子")
    again = add(product)

    assert (again, waiting.state, len(sent), stored()) == (waiting, "waiting", 1, [])
    assert [len(Path(name).stem) for name in waiting_files()] == [32]
    assert Market.objects.get().shelf_version == version

    with django_capture_on_commit_callbacks(execute=True):
        assert process() == 1

    image = read(waiting)
    assert (image.state, image.upload.name, image.try_at, waiting_files()) == ("ready", "", None, [])
    assert (image.width, image.height, image.widths, image.colour, image.alt_in("zh-hans")) == (
        240,
        200,
        [240],
        "#c04020",
        "杯子",
    )
    assert (image.file.name, image.channel_file.name) == (file_name(image.digest, "240.jpg"),) * 2
    assert stored() == [file_name(image.digest, f"240.{ending}") for ending in ("avif", "jpg", "webp")]
    assert Market.objects.get().shelf_version == version + 1
    assert AuditEntry.objects.filter(verb="product.image_added").count() == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "picture_unknown_format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "picture_unknown_format"),
        (b"\xff\xd8\xff" + bytes(20 * 1024 * 1024), "picture_file_too_large"),
    ],
)
def test_what_is_no_picture_by_its_first_bytes_is_refused_before_anything_is_kept(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        add(make_product(), content)

    assert refusal.value.code == code
    assert not Image.objects.exists()
    assert waiting_files() == []


@pytest.mark.parametrize(
    "address", ["", "pictures.example/1.jpg", "ftp://pictures.example/1.jpg", "javascript:alert(1)"]
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    with pytest.raises(Refused) as refusal:
        services.add_image_from(make_product(), address, by=None, at=timezone.now())

    assert refusal.value.code == "address_not_allowed"
    assert not Image.objects.exists()


def test_pictures_follow_each_other_and_one_address_is_one_picture() -> None:
    product = make_product()

    addresses = [f"https://pictures.example/{name}.jpg" for name in (1, 2, 1)]
    images = [services.add_image_from(product, one, by=None, at=timezone.now()) for one in addresses]

    assert [image.position for image in images] == [0, 1, 0]
    assert Image.objects.count() == 2


# -- looked at --------------------------------------------------------------------------------------
def test_the_same_bytes_are_made_and_stored_once(host: str) -> None:
    first, second, third = add(make_product()), add(make_product()), add(make_product(), encoded(halves(), "PNG"))

    assert process() == 3

    first, second, third = (read(image) for image in (first, second, third))
    facts = [(image.digest, image.file.name, image.widths, image.width, image.height) for image in (first, second)]
    assert facts[0] == facts[1]
    assert third.digest != first.digest
    assert len(stored()) == 3 + 6


def test_a_name_needs_the_sites_secret(settings) -> None:
    ours = digest_of_picture(SMALL)

    settings.SECRET_KEY = "another"

    assert len(ours) == 64
    assert digest_of_picture(SMALL) != ours


def test_pictures_by_address_are_fetched_refused_or_put_off(host: str) -> None:
    product = make_product()
    paths = ["/good", "/status/404", "/status/503", "/packed", "/good?again"]
    images = [add_from(product, host, path) for path in paths]
    inside = add_from(product, "127.0.0.1:5432", "/")
    began = timezone.now()

    # The 503 makes the rest of that server's pictures wait for the next turn.
    assert (process(host), process(host)) == (3, 2)

    assert [(read(image).state, read(image).refusal) for image in (*images, inside)] == [
        ("ready", ""),
        ("refused", "address_not_found"),
        ("waiting", ""),
        ("refused", "picture_unknown_format"),
        ("ready", ""),
        ("refused", "address_not_allowed"),
    ]
    late = read(images[2])
    assert late.attempts == 1
    assert late.try_at is not None
    assert timedelta(seconds=120) <= late.try_at - began <= timedelta(seconds=185)
    assert read(images[1]).refusal_sentence.startswith("There is no picture at this address")


def test_a_server_that_never_answers_is_asked_six_times_further_and_further_apart() -> None:
    image = add_from(make_product(), "127.0.0.1:1", "/")
    waits = []

    for attempt in range(1, MOST_ATTEMPTS):
        began = timezone.now()
        process("127.0.0.1:1")
        image = read(image)
        assert (image.state, image.attempts) == ("waiting", attempt)
        assert image.try_at is not None
        waits.append((image.try_at - began).total_seconds())
        Image.objects.update(try_at=began)
    process("127.0.0.1:1")

    assert [30 * 4**n <= wait <= 30 * 4**n * 1.5 + 2 for n, wait in enumerate(waits)] == [True] * 5
    assert (read(image).state, read(image).refusal, read(image).try_at) == ("refused", "address_unanswered", None)


def test_pictures_of_others_do_not_wait_for_a_server_that_is_silent(host: str) -> None:
    product = make_product()
    first, second = (add_from(product, "127.0.0.1:1", f"/{n}") for n in range(2))
    other = add_from(product, host, "/good")

    assert services.process_waiting(at=timezone.now(), network=Network(also=(host, "127.0.0.1:1"))) == 1

    assert [(read(image).state, read(image).attempts) for image in (first, second, other)] == [
        ("waiting", 1),
        ("waiting", 0),
        ("ready", 1),
    ]


def test_a_hostile_upload_is_refused_in_words_and_let_go() -> None:
    image = add(make_product(), png_claiming(90_000, 90_000))

    process()

    image = read(image)
    assert (image.state, image.refusal, image.upload.name) == ("refused", "picture_too_many_pixels", "")
    assert image.refusal_sentence == "The picture has too many pixels. Save it smaller: 2,800 × 2,800 is always enough."
    assert stored() == []


def test_who_is_killed_on_the_way_leaves_a_claim_that_runs_out(host: str) -> None:
    image = add_from(make_product(), host, "/good")
    claimed = services._claim(timezone.now())

    assert claimed == image
    assert process(host) == 0
    assert process(host, at=timezone.now() + LEASE) == 1
    assert (read(image).state, read(image).attempts) == ("ready", 2)


def test_who_was_too_slow_and_lost_the_claim_writes_nothing(host: str) -> None:
    image = add_from(make_product(), host, "/good")
    slow = services._claim(timezone.now())
    assert slow is not None
    process(host, at=timezone.now() + LEASE)
    before = Image.objects.values().get(pk=image.pk)

    assert services._settle(slow, Image.State.REFUSED, "picture_broken") == Image.State.WAITING

    assert Image.objects.values().get(pk=image.pk) == before
    assert before["state"] == "ready"


def test_a_picture_that_takes_its_worker_down_each_time_is_given_up() -> None:
    image = add(make_product())
    Image.objects.update(attempts=MOST_ATTEMPTS)

    process()

    assert (read(image).state, read(image).refusal) == ("refused", "picture_broken")


def test_a_turn_ends_and_the_next_is_sent_for(django_capture_on_commit_callbacks) -> None:
    product = make_product()
    for size in ((240, 200), (250, 200), (260, 200)):
        add(product, plain("PNG", size))

    with django_capture_on_commit_callbacks() as sent:
        done = process(turn=0.0)

    assert (done, Image.objects.filter(state="waiting").count()) == (1, 2)
    assert len([one for one in sent if "_send" in repr(one) or "enqueue" in repr(one)]) == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("passes_by", [True, False])
def test_two_workers_claim_each_picture_once(passes_by: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the lock both find the same row, which is the proof that this can fail."""
    if not passes_by:
        monkeypatch.setattr("django.db.models.query.QuerySet.select_for_update", lambda query, **_options: query)
    product = make_product()
    for n in range(8):
        Image.objects.create(
            product=product, state="waiting", source=f"https://pictures.example/{n}", try_at=timezone.now()
        )
    claimed: list[int] = []
    together = threading.Barrier(2)
    first = Image.objects.none().__class__.first

    def first_together(query: object) -> object:
        found = first(query)  # type: ignore[arg-type]
        together.wait(5)
        return found

    def claim() -> None:
        try:
            for _ in range(4):
                image = services._claim(timezone.now())
                claimed.append(image.pk if image else 0)
        finally:
            connection.close()

    monkeypatch.setattr("django.db.models.query.QuerySet.first", first_together)
    threads = [threading.Thread(target=claim) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(claimed) == 8
    assert (len(set(claimed)) == 8) == passes_by


def test_a_refused_address_is_tried_again_when_somebody_says_so(host: str) -> None:
    image = add_from(make_product(), host, "/status/404")
    process(host)
    Image.objects.update(source=f"http://{host}/good")

    services.retry_image(image, by=None, at=timezone.now())
    process(host)

    assert read(image).state == "ready"
    with pytest.raises(Refused) as refusal:
        services.retry_image(read(image), by=None, at=timezone.now())
    assert refusal.value.code == "wrong_state"


# -- taken off --------------------------------------------------------------------------------------
def age(hours: float) -> None:
    moment = timezone.now().timestamp() - hours * 3600
    for root in (settings.MEDIA_ROOT, settings.UPLOAD_ROOT):
        for path in Path(root).rglob("*"):
            os.utime(path, (moment, moment))


def test_a_picture_is_taken_off_once_and_its_files_go_with_the_last_that_has_them(
    django_capture_on_commit_callbacks,
) -> None:
    first, second = add(make_product()), add(make_product())
    with django_capture_on_commit_callbacks(execute=True):
        process()
    later = timezone.now()

    services.remove_image(first, by=None)
    with pytest.raises(Refused) as refusal:
        services.remove_image(first, by=None)

    assert refusal.value.code == "already_done"
    age(hours=2)
    assert (services.sweep(at=later), len(stored())) == (0, 3)
    services.remove_image(second, by=None)
    age(hours=0.5)
    assert (services.sweep(at=later), len(stored())) == (0, 3)
    age(hours=2)
    assert (services.sweep(at=later), stored()) == (3, [])


def test_a_sweep_leaves_what_waits_and_what_is_not_its_own() -> None:
    waiting, gone = add(make_product()), add(make_product(), plain("PNG", (260, 200)))
    root = Path(settings.MEDIA_ROOT)
    (root / "art").mkdir(parents=True)
    (root / "goods").mkdir()
    for name in ("art/poster.svg", "goods/drawn.svg"):
        (root / name).write_text("<svg/>")
    Image.objects.filter(pk=gone.pk).delete()
    age(hours=2)

    assert services.sweep(at=timezone.now()) == 1

    assert waiting_files() == [Path(waiting.upload.name).name]
    assert stored() == ["art/poster.svg", "goods/drawn.svg"]
