"""The Google Merchant feed of a market as a file, written ahead of time for each moment at which the shelf turns.

A feed file says what the shelf says from one boundary to the next, under one version of the compilation; its name is
those two. So the feed turns at T by the clock alone, like every page: the file of the next epoch is already there.
"""

import gzip
import hashlib
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from xml.sax.saxutils import escape

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import F

from campaigns.channels.google_item import DESCRIPTION_LIMIT, EXPIRES_AFTER, TITLE_LIMIT, Item, problems_of, to_xml
from catalog.epoch import Epoch, read_epoch
from catalog.models import Image, Market, Offer, Price, Product, ShelfSpan, Stock, Variant
from catalog.shelf import offered_amount
from core.clock import start_of_day_in
from core.money import Money

PAGE = 1_000
#: Feeds are written this far ahead, for at most this many boundaries.
AHEAD = timedelta(hours=48)
BOUNDARIES_AHEAD = 3
KEEP = timedelta(hours=6)
#: The feed in force is written again this often: stock moves without the shelf, and items expire by themselves.
REFRESH_AFTER = timedelta(hours=1)

_AVAILABLE = (ShelfSpan.Kind.ON_SALE, ShelfSpan.Kind.PRE_ORDER)


@dataclass(frozen=True, slots=True)
class FeedFile:
    """A feed on disk: plain XML at `path`, gzipped at `gzip_path`."""

    path: Path
    gzip_path: Path
    etag: str
    revision: str
    written_at: datetime


def feed_file(market: Market, *, at: datetime) -> FeedFile:
    """The market's feed as of `at`. Written now if nobody wrote it ahead; a reader never sees half a file."""
    while True:
        epoch = _epoch(market, at)
        path = _path(epoch)
        if not path.exists():
            _write(epoch, path)
            # Had a compilation committed meanwhile, the file could hold both: its name is no longer asked for.
            if _epoch(market, at).revision != epoch.revision:
                continue
        return _described(path, epoch)


def prepare_feeds(*, at: datetime) -> int:
    """Write what is missing of every market's feed, for now and the boundaries ahead, and the one in force anew when it
    is old; returns how many were written."""
    written = 0
    for market in Market.objects.filter(is_public=True).order_by("pk"):
        ahead = market.boundaries.filter(at__gt=at, at__lte=at + AHEAD).order_by("at").values_list("at", flat=True)
        for moment in (at, *ahead[:BOUNDARIES_AHEAD]):
            if not _path(_epoch(market, moment)).exists():
                feed_file(market, at=moment)
                written += 1
        written += _refresh(market, at)
        _drop_old(market, at)
    return written


def _refresh(market: Market, at: datetime) -> bool:
    epoch = _epoch(market, at)
    path = _path(epoch)
    is_old = path.stat().st_mtime < (at - REFRESH_AFTER).timestamp()
    if is_old:
        _write(epoch, path)
    return is_old


def items_of(market: Market, *, at: datetime, product_ids: Sequence[int] | None = None) -> Iterator[Item]:
    """Every variant on the market's shelf at `at`, by product, in pages. Seven queries a page."""
    last = 0
    while True:
        spans = ShelfSpan.objects.at(at).in_market(market).filter(kind__in=_AVAILABLE, product_id__gt=last)
        if product_ids is not None:
            spans = spans.for_products(product_ids)
        page = list(spans.select_related("promotion").order_by("product_id")[:PAGE])
        if not page:
            return
        last = page[-1].product_id
        yield from _page_items(market, page, at)


def _page_items(market: Market, spans: Sequence[ShelfSpan], at: datetime) -> Iterator[Item]:
    ids = [span.product_id for span in spans]
    products = Product.objects.filter(pk__in=ids).select_related("merchant", "category").in_bulk()
    images: dict[int, Image] = {}
    for image in Image.objects.ready().filter(product__in=ids).order_by("-position", "-id"):
        images[image.product_id] = image
    variants: defaultdict[int, list[Variant]] = defaultdict(list)
    for variant in Variant.objects.filter(product__in=ids).order_by("position", "pk"):
        variants[variant.product_id].append(variant)
    amounts: dict[int, int | None] = {}
    prices = Price.objects.filter(variant__product__in=ids, market=market, starts_at__lte=at).order_by("starts_at")
    for variant_id, amount in prices.values_list("variant_id", "amount"):
        amounts[variant_id] = amount
    free = Stock.objects.filter(variant__product__in=ids).annotate(
        here=F("on_hand") - F("reserved"), with_coming=F("here") + F("pre_order_cap")
    )
    stock = {pk: left for pk, *left in free.values_list("variant_id", "here", "with_coming")}
    gone = _gone_at(market, ids, at)
    promotions = {span.promotion_id for span in spans if span.promotion_id}
    offers = {
        (o.product_id, o.promotion_id): o
        for o in Offer.objects.filter(product__in=ids, market=market, promotion__in=promotions)
    }
    for span in spans:
        offer = offers.get((span.product_id, span.promotion_id)) if span.promotion_id else None
        for variant in variants[span.product_id]:
            regular = amounts.get(variant.pk)
            if regular is not None:
                left = stock.get(variant.pk, (0, 0))[span.kind == ShelfSpan.Kind.PRE_ORDER]
                yield _item(market, span, products[span.product_id], variant, images.get(span.product_id), regular, offer,
                            is_in_stock=left > 0, gone_at=gone.get(span.product_id, span.ends_at), at=at)  # fmt: skip


def _gone_at(market: Market, ids: Sequence[int], at: datetime) -> dict[int, datetime]:
    """When each product leaves the shelf. The end of an offer is not that: the item goes on at another price."""
    ends: dict[int, datetime] = {}
    spans = ShelfSpan.objects.in_market(market).for_products(ids).filter(kind__in=_AVAILABLE, ends_at__gt=at)
    rows = spans.order_by("product_id", "starts_at").values_list("product_id", "starts_at", "ends_at")
    for product_id, starts_at, ends_at in rows:
        if starts_at <= ends.get(product_id, at):
            ends[product_id] = ends_at
    return ends


def _item(
    market: Market, span: ShelfSpan, product: Product, variant: Variant, image: Image | None, regular: int,
    offer: Offer | None, *, is_in_stock: bool, gone_at: datetime, at: datetime,
) -> Item:  # fmt: skip
    language = market.default_language
    amount = offered_amount(regular, offer.kind, offer.value) if offer else regular
    promotion = span.promotion if amount < regular else None
    pre_order = span.kind == ShelfSpan.Kind.PRE_ORDER
    street_at = start_of_day_in(product.street_on, market.countries[0]) if product.street_on else None
    file = (image.channel_file or image.file) if image else None
    return Item(
        id=variant.public_id,
        item_group_id=product.public_id,
        title=product.title_in(language)[:TITLE_LIMIT],
        description=(product.description_in(language) or product.title_in(language))[:DESCRIPTION_LIMIT],
        link=f"{_home(market)}goods/p/{product.slug}/",
        image_link=f"{settings.SITE_URL}{default_storage.url(file.name)}" if file else "",
        image_width=image.width if image else 0,
        image_height=image.height if image else 0,
        availability=("preorder" if pre_order else "in_stock") if is_in_stock else "out_of_stock",
        availability_date=street_at if pre_order and is_in_stock else None,
        price=Money(regular, market.currency),
        sale_price=Money(amount, market.currency) if promotion else None,
        sale_from=promotion.starts_at if promotion else None,
        sale_until=promotion.ends_at if promotion else None,
        brand=product.merchant.name_in(language),
        gtin=variant.gtin,
        product_type=product.category.name_in(language),
        expiration_date=min(at + EXPIRES_AFTER, gone_at),
        size=str(variant.options.get("size", "")),
        colour=str(variant.options.get("colour", "")),
    )


def _write(epoch: Epoch, path: Path) -> None:
    """Write both files beside their places and move them there: whole or not at all, the plain one last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("wb", dir=path.parent, prefix=_prefix(epoch.market), suffix=".part", delete=False) as plain:
        for text in _document(epoch):
            plain.write(text.encode())
    whole, packed = Path(plain.name), Path(plain.name + ".gz")
    with whole.open("rb") as source, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(source, target)
    packed.replace(_gzip_path(path))
    whole.replace(path)


def _document(epoch: Epoch) -> Iterator[str]:
    market = epoch.market
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0">\n<channel>\n'
    yield f"<title>merchstore {escape(market.name_en)}</title>\n<link>{_home(market)}</link>\n"
    yield f"<description>Licensed film merchandise, revision {epoch.revision}</description>\n"
    for item in items_of(market, at=epoch.at):
        if not problems_of(item, at=epoch.at):
            yield to_xml(item)
    yield "</channel>\n</rss>\n"


def _described(path: Path, epoch: Epoch) -> FeedFile:
    written = path.stat()
    written_at = datetime.fromtimestamp(written.st_mtime, tz=epoch.at.tzinfo)
    etag = hashlib.blake2b(f"{epoch.revision} {written.st_mtime_ns}".encode(), digest_size=12).hexdigest()
    return FeedFile(path, _gzip_path(path), etag, epoch.revision, written_at)


def _epoch(market: Market, at: datetime) -> Epoch:
    epoch = read_epoch(market.code, at)
    assert epoch is not None, market.code
    return epoch


def _path(epoch: Epoch) -> Path:
    return Path(settings.FEED_ROOT) / f"google-{epoch.revision}.xml"


def _gzip_path(path: Path) -> Path:
    return path.with_name(path.name + ".gz")


def _home(market: Market) -> str:
    """The storefront of the market in its own language."""
    return f"{settings.SITE_URL}/{market.code}/{'zh' if market.default_language.startswith('zh') else 'en'}/"


def _prefix(market: Market) -> str:
    return f"google-{market.code}."


def _drop_old(market: Market, at: datetime) -> None:
    """Remove files of past compilations, and what killed writers left; what is in force, or ahead, stays."""
    current = _epoch(market, at)
    for path in Path(settings.FEED_ROOT).glob(f"{_prefix(market)}*"):
        is_current = path.name.startswith(f"{_prefix(market)}{current.market.shelf_version}.")
        if not is_current and path.stat().st_mtime < (at - KEEP).timestamp():
            path.unlink(missing_ok=True)
