"""Verbs for a product's pictures: add one by upload or by address, look at those that wait, take one off, sweep up.

Adding writes a row and nothing else; the worker looks at it when it comes to it (`process_waiting`). So a slow server or
a heavy picture holds up nobody but the pictures behind it, and those not for long.
"""

import contextlib
import logging
import random
import secrets
import time
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.services import record
from catalog.facts import approved_pages
from catalog.images.fetch import Later
from catalog.images.look import Unfit, kind_of
from catalog.images.names import FOLDER, file_name
from catalog.images.render import Rendered
from catalog.images.workshop import Workshop
from catalog.models import Image, Market, Product, ShelfSpan
from catalog.shelf_store import recompile_products, turn_epoch
from core.bulk import in_pages
from core.errors import Refused
from core.jobs import enqueue
from core.media import SHARE_CARDS, private_storage
from core.outbound import INTERNET, Network
from licensing.assets import digest_of_picture

logger = logging.getLogger(__name__)

UPLOADS = "pictures"
#: Longer than a picture can take: fetching and rendering have limits of their own (catalog/images/child.py).
LEASE = timedelta(minutes=3)
MOST_ATTEMPTS = 6
#: Seconds before the second attempt; each wait is four times the one before: half a minute to two hours.
FIRST_WAIT = 30
#: Younger files are not swept: the row that names them may be on its way.
GRACE = timedelta(hours=1)
#: And so long a share card is kept.
CARD_DAYS = timedelta(days=30)
#: Seconds after which a run lets other work in.
TURN = 10.0


@transaction.atomic(durable=True)
def add_image(
    product: Product,
    content: bytes,
    *,
    by: User | None,
    at: datetime,
    alt_en: str = "",
    alt_zh: str = "",
    position: int | None = None,
) -> Image:
    """An uploaded picture, to be looked at by the worker; the same bytes twice are one picture of the product.

    Refuses at once what is no picture by its first bytes, or too large a file.
    """
    try:
        kind_of(content)
    except Unfit as unfit:
        raise Refused(unfit.code) from None
    locked = _lock(product)
    digest = digest_of_picture(content)
    standing = locked.images.filter(digest=digest).exclude(state=Image.State.REFUSED).first()
    if standing is not None:
        return standing
    upload = private_storage().save(f"{UPLOADS}/{secrets.token_hex(16)}", ContentFile(content))
    image = _add(locked, at, position, upload=upload, digest=digest, alt_en=alt_en, alt_zh=alt_zh)
    record("product.image_added", locked, by=by, position=image.position)
    return image


@transaction.atomic(durable=True)
def add_image_from(
    product: Product,
    address: str,
    *,
    by: User | None,
    at: datetime,
    alt_en: str = "",
    alt_zh: str = "",
    position: int | None = None,
) -> Image:
    """A picture that is somewhere else: the worker fetches it. Refuses what is no web address."""
    try:
        URLValidator(schemes=["http", "https"])(address)
    except ValidationError:
        raise Refused("address_not_allowed") from None
    locked = _lock(product)
    standing = locked.images.filter(source=address).exclude(state=Image.State.REFUSED).first()
    if standing is not None:
        return standing
    image = _add(locked, at, position, source=address, alt_en=alt_en, alt_zh=alt_zh)
    record("product.image_added", locked, by=by, position=image.position, source=address)
    return image


@transaction.atomic(durable=True)
def retry_image(image: Image, *, by: User | None, at: datetime) -> Image:
    """Look at a refused picture again: its address may lead to something else by now. Refuses `wrong_state`
    for any other, and for an upload, whose bytes have been let go."""
    waiting = {"state": Image.State.WAITING, "refusal": "", "attempts": 0, "try_at": at}
    if not Image.objects.filter(pk=image.pk, state=Image.State.REFUSED).exclude(source="").update(**waiting):
        raise Refused("wrong_state", state=image.get_state_display())
    record("product.image_retried", image.product, by=by, source=image.source)
    enqueue("catalog.process_images")
    return Image.objects.get(pk=image.pk)


@transaction.atomic(durable=True)
def remove_image(image: Image, *, by: User | None) -> None:
    """Take a picture off its product. Its files go with the next sweep, unless another picture has the same."""
    product = _lock(image.product)
    if not Image.objects.filter(pk=image.pk).delete()[0]:
        raise Refused("already_done")
    record("product.image_removed", product, by=by, file=image.file.name, source=image.source)
    _compile_if_approved([product.pk])
    _turn([product.pk])


@transaction.atomic(durable=True)
def edit_image(image: Image, *, by: User | None, **fields: Any) -> Image:
    """Write what is said of a picture (`alt_en`, `alt_zh`) and where it stands (`position`); what is not named stays.
    Refuses `already_done` for one that has been taken off."""
    if unknown := fields.keys() - {"alt_en", "alt_zh", "position"}:
        raise TypeError(f"not a picture's fields: {sorted(unknown)}")
    product = _lock(image.product)
    standing = Image.objects.filter(pk=image.pk).first()
    if standing is None:
        raise Refused("already_done")
    changes = {name: [getattr(standing, name), value] for name, value in fields.items()}
    changes = {name: sides for name, sides in changes.items() if sides[0] != sides[1]}
    if changes:
        Image.objects.filter(pk=image.pk).update(**{name: sides[1] for name, sides in changes.items()})
        record("product.image_edited", product, by=by, image=standing.public_id, **changes)
        _turn([product.pk])
    return Image.objects.get(pk=image.pk)


def process_waiting(*, at: datetime, network: Network = INTERNET, turn: float = TURN) -> int:
    """Look at pictures whose time has come, one after the other, until none is left or the turn is over.

    A server that did not answer is left alone for the rest of the turn: the pictures of others do not wait for it.
    Each is claimed for as long as a picture can take and done outside of any transaction. Who is killed on the way leaves
    a claim that runs out; doing one twice gives the same files. Returns how many became ready or were refused.
    """
    until, done, ready = time.monotonic() + turn, 0, []
    silent: set[str] = set()
    image = _claim(at)
    if image is None:
        return 0
    try:
        with Workshop() as workshop:
            while image is not None:
                state = _process(image, workshop, network)
                done += state != Image.State.WAITING
                if state == Image.State.READY:
                    ready.append(image.product_id)
                elif state == Image.State.WAITING and image.source:
                    silent.add(_server_of(image.source))
                image = _claim(timezone.now(), silent) if time.monotonic() < until else None
    finally:
        if ready:
            with transaction.atomic():
                _turn(ready)
    if Image.objects.filter(state=Image.State.WAITING, try_at__lte=timezone.now()).exists():
        enqueue("catalog.process_images")
    return done


def sweep(*, at: datetime) -> int:
    """Delete files that no picture names any more, in folders of renditions and of uploads; returns how many.

    Share cards go a month after they were drawn; who asks for one later has it drawn again.

    Takes only what is older than `GRACE`: whoever has just stored a file has not yet written the row that names it.
    """
    return _sweep_renditions(at - GRACE) + _sweep_uploads(at - GRACE) + _sweep_share_cards(at - CARD_DAYS)


def _add(product: Product, at: datetime, position: int | None, **fields: str) -> Image:
    if position is None:
        last = product.images.aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
    image = Image.objects.create(product=product, state=Image.State.WAITING, try_at=at, position=position, **fields)
    enqueue("catalog.process_images")
    return image


def _lock(product: Product) -> Product:
    return Product.objects.select_for_update(no_key=True).get(pk=product.pk)


def _server_of(source: str) -> str:
    """https://pictures.example/, which all its addresses begin with."""
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc}/"


def _claim(at: datetime, silent: Collection[str] = ()) -> Image | None:
    """The next picture whose time has come, ours until its `try_at`. Passes by what somebody else is claiming, and what
    is on a `silent` server."""
    with transaction.atomic():
        due = Image.objects.filter(state=Image.State.WAITING, try_at__lte=at).order_by("try_at", "pk")
        for server in silent:
            due = due.exclude(source__startswith=server)
        image = due.select_for_update(skip_locked=True).first()
        if image is None:
            return None
        image.try_at, image.attempts = max(at, timezone.now()) + LEASE, image.attempts + 1
        image.save(update_fields=["try_at", "attempts"])
    return image


def _process(image: Image, workshop: Workshop, network: Network) -> str:
    """Fetch, look, store; the state it has come to. Only who still holds the claim writes."""
    try:
        if image.attempts > MOST_ATTEMPTS:
            raise Unfit("address_unanswered" if image.source else "picture_broken")
        content = _content(image, workshop, network)
        image.digest = digest_of_picture(content)
        with transaction.atomic():
            _hold_product(image)
            if _like_twin(image):
                return _show(image)
        _store(image, workshop.render(content))
        with transaction.atomic():
            _hold_product(image)
            return _show(image)
    except Unfit as unfit:
        return _settle(image, Image.State.REFUSED, unfit.code)
    except Later as later:
        return _postpone(image, later)


def _content(image: Image, workshop: Workshop, network: Network) -> bytes:
    if not image.upload:
        return workshop.fetch(image.source, agent=f"merchstore (+{settings.SITE_URL})", network=network)
    try:
        with image.upload.open("rb") as file:
            return bytes(file.read())
    except FileNotFoundError:
        raise Unfit("picture_broken") from None


def _like_twin(image: Image) -> bool:
    """The files of a picture with the same bytes, if there is one that is ready; it stays until the transaction ends,
    so that its files are never without a row."""
    twins = Image.objects.filter(digest=image.digest, state=Image.State.READY).exclude(widths=[])
    twin = twins.select_for_update(no_key=True).first()
    if twin is None or not default_storage.exists(str(twin.file)):
        return False
    for name in ("file", "channel_file", "width", "height", "widths", "colour"):
        setattr(image, name, getattr(twin, name))
    return True


def _store(image: Image, rendered: Rendered) -> None:
    for name, content in rendered.files.items():
        path = file_name(image.digest, name)
        # Written anew although it is there: a sweep goes by the age of a file.
        default_storage.delete(path)
        default_storage.save(path, ContentFile(content))
    widest = file_name(image.digest, f"{rendered.width}.jpg")
    image.file, image.channel_file = widest, widest
    image.width, image.height = rendered.width, rendered.height
    image.widths, image.colour = rendered.widths, rendered.colour


def _postpone(image: Image, later: Later) -> str:
    """Another attempt, further off each time, or the end of them."""
    if image.attempts >= MOST_ATTEMPTS:
        return _settle(image, Image.State.REFUSED, later.code)
    wait = max(FIRST_WAIT * 4 ** (image.attempts - 1), later.wait)
    wait *= random.uniform(1.0, 1.5)  # noqa: S311 spreading load, not keeping a secret
    _held(image).update(try_at=timezone.now() + timedelta(seconds=wait))
    return Image.State.WAITING


def _settle(image: Image, state: str, refusal: str = "") -> str:
    """Write what came of it, unless the claim has passed to somebody else. The bytes that came are let go."""
    upload = image.upload.name
    names = ("digest", "file", "channel_file", "width", "height", "widths", "colour")
    facts = {name: getattr(image, name) for name in names}
    if not _held(image).update(**facts, state=state, refusal=refusal, try_at=None, upload=""):
        return Image.State.WAITING
    if upload:
        transaction.on_commit(lambda: private_storage().delete(upload))
    logger.info("image.settled", extra={"image": image.pk, "state": str(state), "refusal": refusal})
    return state


def _hold_product(image: Image) -> None:
    """Its row is the lock of what its page shows. It may be gone, and the picture with it."""
    Product.objects.select_for_update(no_key=True).filter(pk=image.product_id).first()


def _show(image: Image) -> str:
    """From now on pages show it. Where the licensor approves what stands on a page, the page goes with a picture that was
    not: in the same transaction, so that nobody sees it. Call under the product's lock."""
    state = _settle(image, Image.State.READY)
    _compile_if_approved([image.product_id])
    return state


def _compile_if_approved(product_ids: Collection[int]) -> None:
    """Bring the shelf of these products up to their pictures, where a licence wants them approved."""
    if pages := approved_pages(product_ids):
        recompile_products(pages, is_news=False)


def _held(image: Image) -> QuerySet[Image]:
    """The row while the claim is ours."""
    return Image.objects.filter(pk=image.pk, state=Image.State.WAITING, try_at=image.try_at)


def _sweep_renditions(before: datetime) -> int:
    """Folder by folder: there is one for each pair of letters that a digest may begin with."""
    swept = 0
    for folder in _folders(default_storage, FOLDER):
        path = f"{FOLDER}/{folder}"
        for page in in_pages(sorted(default_storage.listdir(path)[1]), 1_000):
            by_digest = {name: name.partition(".")[0] for name in page}
            kept = set(Image.objects.filter(digest__in=set(by_digest.values())).values_list("digest", flat=True))
            unnamed = (f"{path}/{name}" for name, digest in by_digest.items() if digest not in kept)
            swept += _delete_old(default_storage, unnamed, before)
    return swept


def _sweep_uploads(before: datetime) -> int:
    storage = private_storage()
    swept = 0
    if UPLOADS not in _folders(storage, ""):
        return 0
    for page in in_pages((f"{UPLOADS}/{name}" for name in storage.listdir(UPLOADS)[1]), 1_000):
        kept = set(Image.objects.filter(upload__in=page).values_list("upload", flat=True))
        swept += _delete_old(storage, (name for name in page if name not in kept), before)
    return swept


def _sweep_share_cards(before: datetime) -> int:
    swept = 0
    for folder in _folders(default_storage, SHARE_CARDS):
        path = f"{SHARE_CARDS}/{folder}"
        swept += _delete_old(default_storage, (f"{path}/{name}" for name in default_storage.listdir(path)[1]), before)
    return swept


def _folders(storage: Storage, path: str) -> list[str]:
    try:
        return storage.listdir(path)[0]
    except FileNotFoundError:
        return []


def _delete_old(storage: Storage, names: Iterable[str], before: datetime) -> int:
    deleted = 0
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            if storage.get_modified_time(name) < before:
                storage.delete(name)
                deleted += 1
    return deleted


def _turn(product_ids: Iterable[int]) -> None:
    """A new epoch where these products are on the shelf: kept pages show them without the picture."""
    markets = ShelfSpan.objects.filter(product__in=set(product_ids)).values("market")
    turn_epoch(Market.objects.filter(pk__in=markets).order_by("pk"))
