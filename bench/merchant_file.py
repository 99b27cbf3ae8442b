"""A merchant's export as Shopify writes it, in any length: all its columns, many rows per handle, rows with a picture alone.

Row *i* is the same in every run.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

HEADER = [
    "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published",
    "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value",
    "Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy",
    "Variant Fulfillment Service", "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable",
    "Variant Barcode", "Image Src", "Image Position", "Image Alt Text", "Gift Card", "SEO Title", "SEO Description",
    "Google Shopping / Google Product Category", "Google Shopping / Gender", "Google Shopping / Age Group",
    "Google Shopping / MPN", "Google Shopping / Condition", "Google Shopping / Custom Product",
    "Google Shopping / Custom Label 0", "Google Shopping / Custom Label 1", "Google Shopping / Custom Label 2",
    "Google Shopping / Custom Label 3", "Google Shopping / Custom Label 4", "Variant Image", "Variant Weight Unit",
    "Variant Tax Code", "Cost per item", "Status",
]  # fmt: skip
#: Variants and further pictures of a product, over and over: 3 rows for each on average.
SHAPES = ((1, 0), (1, 1), (4, 2), (3, 0), (1, 0), (5, 1), (2, 0), (3, 2), (1, 1), (2, 0))
SIZES, COLOURS = ("S", "M", "L", "XL", "XXL"), ("Midnight", "Ivory")
THINGS = ("T-shirt", "Mug", "Poster", "Model", "Badge", "Print", "Scarf")
MOTIFS = ("lantern", "river", "train", "lighthouse", "paper boat", "tea house", "night market", "crane", "clock tower")
_BODY = (
    "<p>A <strong>{thing}</strong> with the {motif} as it is seen in the film, printed in one workshop.</p>"
    "<ul><li>Made after the drawings of the art department</li><li>Number {i} of the series</li>"
    "<li>Sent within two days</li></ul>"
)


def write_shopify(path: Path, rows: int, films: list[str], categories: list[str], *, price: int = 0) -> int:
    """Write `rows` rows of goods of these films; returns how many products they are. `price` raises every price by so
    many cents."""
    products = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER, restval="")
        writer.writeheader()
        left = rows
        while left:
            told = list(_product(products, films, categories, price))[:left]
            writer.writerows(told)
            left -= len(told)
            products += 1
    return products


def _product(i: int, films: list[str], categories: list[str], price: int) -> Iterator[dict[str, str | int]]:
    variants, pictures = SHAPES[i % len(SHAPES)]
    thing, motif, handle = THINGS[i % 7], MOTIFS[i // 7 % 9], f"goods-{i:07}"
    film = films[i // 50 % len(films)]
    first = {
        "Handle": handle,
        "Title": f"{motif.capitalize()} {thing.lower()} {i}",
        "Body (HTML)": _BODY.format(thing=thing.lower(), motif=motif, i=i),
        "Vendor": "Suzhou Creek",
        "Product Category": "Apparel & Accessories > Clothing",
        "Type": categories[i % len(categories)],
        "Tags": f"film:{film}, {motif}, new",
        "Published": "true",
        "Gift Card": "false",
        "SEO Title": f"{motif.capitalize()} {thing.lower()}",
        "Google Shopping / Condition": "new",
        "Status": "active",
        "Image Src": f"https://pictures.example/files/{handle}-1.jpg?v=16{i:08}",
        "Image Position": 1,
        "Image Alt Text": f"{thing} with the {motif}, from the front",
        "Option1 Name": "Size" if variants > 1 else "Title",
    }
    for place in range(variants):
        yield {
            **(first if place == 0 else {"Handle": handle}),
            "Option1 Value": SIZES[place] if variants > 1 else "Default Title",
            "Variant SKU": f"SC-{i:07}-{place}",
            "Variant Grams": 200 + place,
            "Variant Inventory Tracker": "shopify",
            "Variant Inventory Qty": (i * 7 + place) % 90,
            "Variant Inventory Policy": "deny",
            "Variant Fulfillment Service": "manual",
            "Variant Price": f"{(995 + i % 40 * 100 + place * 200 + price) / 100:.2f}",
            "Variant Requires Shipping": "true",
            "Variant Taxable": "true",
            "Variant Weight Unit": "g",
        }
    for number in range(2, 2 + pictures):
        yield {
            "Handle": handle,
            "Image Src": f"https://pictures.example/files/{handle}-{number}.jpg?v=16{i:08}",
            "Image Position": number,
            "Image Alt Text": f"{thing} with the {motif}, picture {number}",
        }
