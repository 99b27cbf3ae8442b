"""Search finds the same on both engines: the suite runs on PostgreSQL and on SQLite, and the lists here are exact."""

import pytest
import rjieba
from django.core.management import call_command
from django.db import connection

from catalog.models import Product, SearchDocument, SearchSpelling, ShelfSpan
from catalog.search import Holds, corrected, document_terms, index_products, search_product_ids, suggestions, words
from catalog.search.spelling import is_one_letter_away, keys_of
from catalog.search.words import know_names, pinyin_terms, query_words, stem
from catalog.shelf_store import recompile_products
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


@pytest.mark.dialect
@pytest.mark.parametrize(
    "query, expected",
    [
        ("gnome", ["code", "gnome"]),  # the exact SKU, then a title
        ("am 01", ["gnome"]),
        ("AM-01", ["gnome"]),
        ("lantern", ["lantern", "gnome"]),  # the title, then the merchant's name
        ("LANTERN", ["lantern", "gnome"]),
        ("lanterns", ["lantern", "gnome"]),  # its stem
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
        ("pins", ["gnome", "code", "qipao"]),
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


def _asked() -> int:
    """Three reads, the words that are known, two writes; PostgreSQL's index is settled besides."""
    return 7 if connection.vendor == "postgresql" else 6


@pytest.mark.parametrize("rows", [1, 3])
def test_indexing_asks_the_same_for_one_and_for_three(rows, django_assert_num_queries):
    ids = [make_product(on_shelf=False).pk for _ in range(rows)]

    with django_assert_num_queries(_asked()):
        index_products(ids)

    assert SearchDocument.objects.filter(pk__in=ids).count() == rows


def test_indexing_again_writes_what_changed_and_nothing_else(shop, django_assert_num_queries):
    ids = [product.pk for product in shop.values()]
    Product.objects.filter(pk=shop["qipao"].pk).update(title_en="Gnome scarf")

    with django_assert_num_queries(_asked()):
        index_products(ids)
    with django_assert_num_queries(3):
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
    assert terms == "=red =mug =杯 red mug 杯 %bei #ab1 ab 1 ball umlaut son mugs"


def test_documents_and_queries_are_cut_alike():
    assert document_terms("Häagen 旗袍 X-2046花") == ["haagen", "旗", "袍", "旗袍", "x", "2046", "花"]
    assert query_words("Häagen 旗袍 X-2046花") == [
        ("haagen", False), ("旗袍", True), ("x", False), ("2046", False), ("花", True),
    ]  # fmt: skip
    assert document_terms("한국어 テレビ") == ["한", "국", "어", "한국", "국어", "テ", "レ", "ヒ", "テレ", "レヒ"]


def test_a_run_of_chinese_is_cut_into_its_words_and_known_names_stay_whole():
    assert query_words("红色马克杯") == [("红色", True), ("马克杯", True)]
    know_names(["让子弹飞"])
    assert query_words("让子弹飞海报") == [("让子弹飞", True), ("海报", True)]


def test_pinyin_is_known_as_words_syllables_and_initials(monkeypatch):
    # One that knows no film by name, as another test of this process may have taught it.
    monkeypatch.setattr(words, "_JIEBA", rjieba.Jieba())

    assert pinyin_terms("重庆森林 2046") == [
        "%chongqing", "%chong", "%qing", "%cq", "%senlin", "%sen", "%lin", "%sl", "%chongqingsenlin", "%cqsl",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "expected"), [("posters", "poster"), ("running", "run"), ("T-shirt", "T-shirt"), ("as", "as")]
)
def test_english_words_have_stems(word, expected):
    assert stem(word) == expected


@pytest.mark.parametrize("query", ["huayang", "hua yang", "hyhh", "huayangn", "hynh", "HUAYANG pin", "dlcs"])
def test_pinyin_finds_chinese_titles_or_nothing(shop, query):
    of_the_film = ["code", "qipao", "lantern"]
    expected = {
        "huayang": ["qipao", "code", "lantern"], "hua yang": ["qipao", "code", "lantern"], "hyhh": [],
        "huayangn": of_the_film, "hynh": of_the_film, "HUAYANG pin": ["qipao"], "dlcs": ["lantern"],
    }  # fmt: skip

    assert sorted(found(query, shop)) == sorted(expected[query])


def test_goods_are_found_by_the_people_of_their_film():
    film = make_film(title_en="Ball", title_zh="")
    film.credits.create(role="director", name_en="Ada Lau", name_zh="刘爱达")
    product = make_product(licence=make_licence(film, make_merchant()), sku="B-1", title_en="Red mug")
    other = make_product(sku="C-1", title_en="Blue mug")
    index_products([product.pk, other.pk])

    assert [found(query, {"red": product, "blue": other}) for query in ("ada lau", "刘爱达", "lad mug")] == [
        ["red"], ["red"], ["red"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("lantren", "lantern"),  # two changed about
        ("lantrn", "lantern"),  # one missing
        ("lantterns", ""),  # two letters away from every word
        ("lanterrn", "lantern"),  # one too many
        ("kantern shirt", "lantern shirt"),  # another first letter
        ("gnme", "gnome"),
        ("gnm", ""),  # too short to guess
        ("lantern gnmoe", "lantern gnome"),  # two words, one of them wrong
        ("蓝灯", ""),
        ("", ""),
    ],
)
def test_a_typo_of_one_letter_is_mended(shop, query, said):
    assert corrected(query, make_market("us"), NOW) == said
    assert bool(said) == bool(said and found(said, shop))


def test_no_word_is_proposed_that_finds_nothing_on_this_shelf(shop):
    Product.objects.filter(pk__in=[shop["lantern"].pk, shop["gnome"].pk]).update(state=Product.State.DRAFT)
    recompile_products([product.pk for product in shop.values()])

    assert corrected("lantren", make_market("us"), NOW) == ""


def test_words_one_letter_away():
    near = ["lanter", "lanternx", "xlantern", "lxntern", "lnatern", "lanternn"]
    far = ["lantern", "lante", "lanternxy", "lxxtern", "nalterl", "netnral", ""]

    assert [is_one_letter_away("lantern", other) for other in near] == [True] * len(near)
    assert [is_one_letter_away("lantern", other) for other in far] == [False] * len(far)
    # Whatever is one letter away shares a key.
    assert all(set(keys_of("lantern")) & set(keys_of(other)) for other in near)


def test_each_word_is_learnt_once(shop):
    before = SearchSpelling.objects.count()
    SearchDocument.objects.all().delete()
    index_products([product.pk for product in shop.values()])

    assert SearchSpelling.objects.count() == before > 0
    assert set(SearchSpelling.objects.filter(word="qipao").values_list("key", flat=True)) == set(keys_of("qipao"))


@pytest.mark.parametrize("query", ["gnome", "am-01", "lantern", "花样", "huayang", "mood lov", "nothing", "", "'&|"])
def test_what_a_list_is_narrowed_to_is_what_search_finds(shop, query):
    narrowed = ShelfSpan.objects.at(NOW).in_market(make_market("us")).filter(Holds("product_id", query))
    names = {product.pk: name for name, product in shop.items()}

    assert sorted(names[pk] for pk in narrowed.values_list("product_id", flat=True)) == sorted(found(query, shop))


def test_suggestions_are_goods_films_and_kinds_of_this_shelf(shop):
    told = suggestions("amel", make_market("us"), "en", at=NOW)
    assert ([card.title for card in told.cards], [film.slug for film in told.films]) == (["Gnome pin"], ["amelie"])

    told = suggestions("pin", make_market("us"), "en", at=NOW)
    assert [kind.code for kind in told.categories] == ["pins"]

    assert not suggestions("?", make_market("us"), "en", at=NOW)


def test_no_kind_is_suggested_that_nothing_on_the_shelf_is_of(shop):
    make_category("pinball", name_en="Pinball")
    on_shelf = suggestions("pin", make_market("us"), "en", at=NOW)

    assert [kind.code for kind in on_shelf.categories] == ["pins"]


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


def test_a_process_that_indexed_nothing_knows_the_names_too(monkeypatch, django_assert_num_queries):
    film = make_film("bullets", title_en="Bullets", title_zh="让鹦鹉飞")
    film.credits.create(role="director", name_en="Jiang", name_zh="姜小文")
    monkeypatch.setattr("catalog.search.names._read_at", [])
    market = make_market("us")
    with django_assert_num_queries(3):
        search_product_ids("让鹦鹉飞海报", market, NOW, 10)

    assert query_words("让鹦鹉飞海报姜小文") == [("让鹦鹉飞", True), ("海报", True), ("姜小文", True)]
    with django_assert_num_queries(1):
        search_product_ids("让鹦鹉飞海报", market, NOW, 10)


def test_the_command_writes_every_document_again(shop, capsys):
    SearchDocument.objects.all().delete()

    call_command("index_search")

    assert capsys.readouterr().out == "4 products indexed\n"
    assert found("lantern", shop) == ["lantern", "gnome"]
