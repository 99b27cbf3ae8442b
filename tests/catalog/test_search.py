"""Search finds the same on both engines: the suite runs on PostgreSQL and on SQLite, and the lists here are exact."""

import pytest
from django.db import connection

from catalog.models import Product, SearchDocument
from catalog.search import document_terms, index_products, query_terms, search_product_ids
from tests.factories import NOW, make_category, make_film, make_licence, make_market, make_merchant, make_product

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db) -> dict[str, Product]:
    """Goods that differ in where their words stand. Their ids grow in the order written here."""
    amelie = make_licence(
        make_film("amelie", title_en="Amélie", title_zh="天使爱美丽", title_original="Le Fabuleux Destin"),
        make_merchant("lantern-works", name="Lantern Works", name_zh="灯笼工坊"),
    )
    mood = make_licence(
        make_film("mood", title_en="In the Mood for Love", title_zh="花样年华"),
        make_merchant("jade", name="Jade Studio"),
    )
    pins, shirts = make_category("pins", name_en="Pins", name_zh="徽章"), make_category("t-shirts", name_en="T-shirts")
    goods = {
        "gnome": make_product(licence=amelie, category=pins, sku="AM-01", title_en="Gnome pin", title_zh="小矮人徽章"),
        "lantern": make_product(
            licence=mood, category=shirts, sku="MD-02", title_en="Lantern shirt", title_zh="灯笼衬衫"
        ),
        "qipao": make_product(licence=mood, category=pins, sku="MD-03", title_en="Qipao", title_zh="旗袍花样"),
        "code": make_product(licence=mood, category=pins, sku="GNOME", title_en="Garden", title_zh=""),
    }
    index_products([product.pk for product in goods.values()])
    return goods


def found(query: str, goods: dict[str, Product], *, limit: int = 10) -> list[str]:
    names = {product.pk: name for name, product in goods.items()}
    return [names[pk] for pk in search_product_ids(query, make_market("us"), NOW, limit)]


@pytest.mark.parametrize(
    "query, expected",
    [
        ("gnome", ["code", "gnome"]),  # the exact SKU, then a title
        ("am 01", ["gnome"]),
        ("AM-01", ["gnome"]),
        ("lantern", ["lantern", "gnome"]),  # the title, then the merchant's name
        ("LANTERN", ["lantern", "gnome"]),
        ("lanterns", []),
        ("lant", ["lantern", "gnome"]),  # the last word may be a beginning
        ("lant shirt", []),  # only the last one
        ("shirt lant", ["lantern"]),
        ("amelie", ["gnome"]),  # the film's title, without its accent
        ("Amélie", ["gnome"]),
        ("ａｍéｌｉｅ", ["gnome"]),
        ("fabuleux pin", ["gnome"]),
        ("mood love", ["code", "qipao", "lantern"]),  # the newest first among equals
        ("mood love nothing", []),
        ("花样", ["qipao", "code", "lantern"]),
        ("花样年华", ["code", "qipao", "lantern"]),
        ("样花", []),  # its characters are all there, in another order
        ("灯", ["lantern", "gnome"]),
        ("花样 lantern", ["lantern"]),
        ("pins", ["code", "qipao", "gnome"]),
        ("徽章", ["gnome", "code", "qipao"]),
        ("mood | lantern", ["lantern"]),  # signs are no operators
        ("'lantern':*", ["lantern", "gnome"]),
    ],
)
def test_words_find_goods_in_order_of_rank(shop, query, expected):
    assert found(query, shop) == expected


def test_the_limit_keeps_the_best(shop):
    assert found("mood", shop, limit=2) == ["code", "qipao"]


@pytest.mark.parametrize("query", ["", " ", "&|!:*()'\"\\%_", "\x00", "=", "#", "-", "\ud800", "🙂"])
def test_a_query_without_words_finds_nothing(shop, query):
    assert search_product_ids(query, make_market("us"), NOW, 10) == []


@pytest.mark.parametrize(
    "sign", ["&", "|", "!", ":*", "'", '"', "\\", "\x00", "<->", "%", "_", "(", "=", "#", "\ud800"]
)
def test_signs_in_a_query_do_no_harm(shop, sign):
    assert found(f"{sign}gnome{sign} {sign}", shop) == ["code", "gnome"]


@pytest.mark.parametrize("query", ["x" * 10_000, "花" * 10_000, "a b c " * 2_000, "' | " * 3_000])
def test_ten_thousand_characters_are_a_query_like_any_other(shop, query):
    assert search_product_ids(query, make_market("us"), NOW, 10) == []


def test_what_is_not_on_the_market_s_shelf_is_not_found(shop):
    licence = shop["gnome"].licence
    draft = make_product(licence=licence, title_en="Gnome draft", state=Product.State.DRAFT)
    elsewhere = make_product(licence=licence, title_en="Gnome of China", prices={"cn": 10000})
    index_products([draft.pk, elsewhere.pk])

    assert found("gnome", shop) == ["code", "gnome"]
    assert search_product_ids("gnome", make_market("cn"), NOW, 10) == [elsewhere.pk]


def test_searching_asks_one_query(shop, django_assert_num_queries):
    market = make_market("us")

    with django_assert_num_queries(1):
        search_product_ids("lantern shirt", market, NOW, 10)
    with django_assert_num_queries(1):
        search_product_ids("mood", market, NOW, 10)
    with django_assert_num_queries(0):
        search_product_ids("!", market, NOW, 10)


@pytest.mark.parametrize("rows", [1, 3])
def test_indexing_asks_three_queries(rows, django_assert_num_queries):
    ids = [make_product(on_shelf=False).pk for _ in range(rows)]

    with django_assert_num_queries(3):
        index_products(ids)

    assert SearchDocument.objects.filter(pk__in=ids).count() == rows


def test_indexing_again_writes_what_changed_and_nothing_else(shop, django_assert_num_queries):
    ids = [product.pk for product in shop.values()]
    Product.objects.filter(pk=shop["qipao"].pk).update(title_en="Gnome scarf")

    with django_assert_num_queries(3):
        index_products(ids)
    with django_assert_num_queries(2):
        index_products(ids)

    assert found("gnome", shop) == ["code", "qipao", "gnome"]


def test_a_product_that_is_gone_is_passed_over(shop):
    index_products([shop["gnome"].pk, 10**9])

    assert not SearchDocument.objects.filter(pk=10**9).exists()


def test_a_document_holds_words_title_words_and_the_code():
    product = make_product(
        licence=make_licence(make_film(title_en="Ball", title_zh=""), make_merchant(name="Ümlaut & Søn")),
        category=make_category("mugs", name_en="Mugs"),
        sku="ab-1",
        title_en="Red Mug",
        title_zh="杯",
    )

    index_products([product.pk])

    terms = SearchDocument.objects.get(pk=product.pk).terms
    assert terms == "=red =mug =杯 red mug 杯 #ab1 ab 1 ball umlaut son mugs"


def test_documents_and_queries_are_cut_alike():
    assert document_terms("Häagen 旗袍 X-2046花") == ["haagen", "旗", "袍", "旗袍", "x", "2046", "花"]
    assert query_terms("Häagen 旗袍 X-2046花") == (["haagen", "旗袍", "x", "2046", "花"], "")
    assert query_terms("X-2046") == (["x"], "2046")
    assert document_terms("한국어 テレビ") == ["한", "국", "어", "한국", "국어", "テ", "レ", "ヒ", "テレ", "レヒ"]


@pytest.mark.postgres
def test_the_index_answers_and_not_a_scan():
    """The planner takes the index even for a word that every document holds, or it would cut each of them anew."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT product_id FROM catalog_searchdocument"
            " WHERE catalog_search_vector(terms) @@ '''lantern'''::tsquery"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "catalog_search_terms" in plan
