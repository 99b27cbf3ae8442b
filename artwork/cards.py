"""Share cards, 1200 × 630: what other sites show of an address. Words on the film's ground, a picture to the right of them."""

import base64
import io
from dataclasses import dataclass

from PIL import Image

from . import svg
from .film import Film
from .lettering import CHINESE, CREDIT, VOICES, Face, broken, fit, line, writable
from .pictures import TILE, render_png, wide

WIDTH, HEIGHT = 1200, 630
#: What is changed here shows under new names only.
RECIPE = 1
_LEFT, _MEASURE, _TOP = 64, 470, 92
_BRAND = Face("archivo", (("wdth", 125), ("wght", 700)), tracking=-0.02)
_NAME = Face("archivo", (("wdth", 100), ("wght", 600)), tracking=-0.018)
_MEDIA = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp", b"GIF8": "image/gif"}


@dataclass(frozen=True)
class Card:
    """What stands on a card. `title` in the film's `voice`, or in the shop's own type where that is ""; a sentence or a
    name under it; `is_goods` shows the picture as a square on a tile, else it is the film's wide art on its own ground."""

    title: str
    under: tuple[str, ...] = ()
    ground: str = "#17130E"
    ink: str = "#F8EED2"
    voice: str = ""
    is_goods: bool = False


def film_card(film: Film) -> bytes:
    """The card of a film as the program draws it, in English with the Chinese title beside it."""
    card = Card(film.title_en, (film.title_zh, film.credit), film.ground, film.ink, film.voice)
    return draw_card(card, wide(film).encode())


def draw_card(card: Card, picture: bytes | None) -> bytes:
    """The card as JPEG: small enough for every service that fetches it. The same card and picture give the same bytes."""
    body = [svg.rect(0, 0, WIDTH, HEIGHT, card.ground)]
    if picture:
        body.append(_picture(picture, card.is_goods))
    body += [_words(card), line("merchstore", _LEFT, HEIGHT - 56, 27, _BRAND, card.ink)]
    png = render_png(svg.document(WIDTH, HEIGHT, "".join(body)), WIDTH)
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(out, "JPEG", quality=86, subsampling=0, optimize=True)
    return out.getvalue()


def _picture(content: bytes, is_goods: bool) -> str:
    media = next((kind for start, kind in _MEDIA.items() if content.startswith(start)), "image/svg+xml")
    address = f"data:{media};base64,{base64.b64encode(content).decode()}"
    if is_goods:
        tile = svg.rect(WIDTH - HEIGHT, 0, HEIGHT, HEIGHT, TILE)
        return tile + _image(address, WIDTH - HEIGHT, HEIGHT, "xMidYMid meet")
    return _image(address, 0, WIDTH, "xMaxYMid slice")


def _image(address: str, x: float, width: float, fitted: str) -> str:
    return svg.tag(
        "image", x=svg.num(x), y="0", width=svg.num(width), height=str(HEIGHT), preserveAspectRatio=fitted, href=address
    )


def _words(card: Card) -> str:
    """Title and what is under it, from the top. What no font here has letters for is left to the words beside the card."""
    measure, parts, y = (_MEASURE if not card.is_goods else WIDTH - HEIGHT - 2 * _LEFT), [], float(_TOP)
    rows, size, face = _title(card, measure)
    leading = 1.12 if face in (CHINESE, _NAME) else 0.98
    for row in rows:
        y += size * (0.86 if row is rows[0] else leading)
        parts.append(line(row, _LEFT, y, size, face, card.ink))
    y += 18
    for words in card.under:
        face = CHINESE if any(sign > "\u2e7f" for sign in words) else CREDIT
        if words := writable(words, face):
            size = fit(words, face, measure, largest=38 if face is CHINESE else 27)
            y += size * 1.6
            parts.append(line(words, _LEFT, y, size, face, card.ink))
    return "".join(parts)


def _title(card: Card, measure: float) -> tuple[list[str], float, Face]:
    is_chinese = any(sign > "\u2e7f" for sign in card.title)
    face = CHINESE if is_chinese else VOICES.get(card.voice, _NAME)
    words = writable(card.title, face)
    if not words:
        return [], 0, face
    if is_chinese:
        return [words], fit(words, face, measure, largest=118), face
    rows, size = broken(words, face, measure, largest=132 if card.voice else 62, most=5)
    return rows, size, face
