"""The catalogues of locale/: complete, well-formed, and compiled. No gettext tools are needed to know it."""

import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract, extract_python
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import translation
from django.utils.translation.template import templatize

from licensing.admin import LicenceForm
from merchstore.storefront.templatetags.storefront import CITIES, city

ROOT = Path(__file__).resolve().parents[2]
CHINESE = ROOT / "locale/zh_Hans/LC_MESSAGES/django.po"

#: What `makemessages` asks xgettext for: the functions, and which argument is what.
KEYWORDS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[%a-z]|</?[a-z][^>]*>")
HAN = "[\u3400-\u9fff]"
#: Half-width marks beside a Chinese character, and a figure or a Latin word that touches one.
UNTIDY = re.compile(rf"{HAN}[,.:;?!()\"']|[,.:;?!()\"']{HAN}|{HAN}[0-9A-Za-z]|[0-9A-Za-z]{HAN}")


class Key(NamedTuple):
    """What makes two messages the same one."""

    context: str | None
    ids: tuple[str, ...]


# -- what the sources and the catalogue hold --------------------------------------------------------


def key_of(message: Message) -> Key:
    return Key(message.context, tuple(message.id) if message.pluralizable else (message.id,))


def strings_of(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if message.pluralizable else (message.string,)


def messages_of(catalogue: Catalog) -> list[Message]:
    """Every message but the header."""
    return [message for message in catalogue if message.id]


def chinese() -> list[Message]:
    with CHINESE.open("rb") as lines:
        return messages_of(read_po(lines, locale="zh_Hans", abort_invalid=True))


def marked_in(source: str, *, is_template: bool) -> Iterator[Key]:
    """The messages that one source marks. A template is turned into Python as makemessages does it."""
    # Within brackets the indentation that a template leaves behind means nothing.
    code = f"(\n{templatize(source)}\n)" if is_template else source
    for _line, ids, _comments, context in extract(extract_python, io.BytesIO(code.encode()), KEYWORDS):
        yield Key(context, tuple(ids) if isinstance(ids, tuple) else (ids,))


def sources() -> list[Path]:
    roots = {path.parent for path in ROOT.glob("*/apps.py")} | {ROOT / "merchstore", ROOT / "templates"}
    return [path for root in roots for kind in ("*.py", "*.html", "*.txt") for path in root.rglob(kind)]


def marked() -> set[Key]:
    return {
        key
        for path in sources()
        for key in marked_in(path.read_text("utf-8"), is_template=path.suffix in {".html", ".txt"})
    }


# -- the sentences of the sources -------------------------------------------------------------------


def test_the_catalogue_holds_every_marked_sentence_and_no_other():
    found, known = marked(), {key_of(message) for message in chinese()}

    assert (found - known, known - found) == (set(), set()), "run manage.py makemessages and compile_languages"


@pytest.mark.parametrize(
    ("source", "is_template", "key"),
    [
        ("x = _('Planted')", False, Key(None, ("Planted",))),
        ("x = ngettext('%(n)s film', '%(n)s films', n)", False, Key(None, ("%(n)s film", "%(n)s films"))),
        ("x = pgettext_lazy('of a licence', 'Schedule')", False, Key("of a licence", ("Schedule",))),
        ("<p>It's {% translate 'Planted' %}</p>", True, Key(None, ("Planted",))),
        ("  <p>\n {% blocktranslate %}{{ n }}% off{% endblocktranslate %}", True, Key(None, ("%(n)s%% off",))),
        (
            "{% blocktranslate trimmed count n=n %}\n  one\n  film\n{% plural %}films{% endblocktranslate %}",
            True,
            Key(None, ("one film", "films")),
        ),
    ],
)
def test_a_marked_sentence_is_found_wherever_it_stands(source, is_template, key):
    assert list(marked_in(source, is_template=is_template)) == [key]


def test_every_language_but_the_sources_own_has_a_catalogue():
    languages = {translation.to_locale(code) for code, _name in settings.LANGUAGES if code != "en"}

    assert {path.parent.parent.name for path in ROOT.glob("locale/*/LC_MESSAGES/django.po")} == languages


# -- the translations -------------------------------------------------------------------------------


def faults(message: Message) -> list[str]:
    """What is wrong with one translation."""
    found = ["fuzzy"] if message.fuzzy else []
    wanted = Counter(PLACEHOLDER.findall(key_of(message).ids[-1]))
    for string in strings_of(message):
        if not string:
            found.append("untranslated")
        elif Counter(PLACEHOLDER.findall(string)) != wanted:
            found.append("placeholders")
        if UNTIDY.search(PLACEHOLDER.sub("", string)):
            found.append("half-width marks or missing spaces")
    return found


def test_every_sentence_is_translated_with_its_placeholders_and_full_width_marks():
    assert {key_of(message): faults(message) for message in chinese() if faults(message)} == {}


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (Message("%(n)s%% off %(day)s", "%(day)s 降价 %(n)s%%"), []),
        (Message(("%(n)s film", "%(n)s films"), ("%(n)s 部影片",)), []),
        (Message("Films", ""), ["untranslated"]),
        (Message("Films", "影片", flags=["fuzzy"]), ["fuzzy"]),
        (Message("%(film)s is open", "%(name)s现已开启"), ["placeholders"]),
        (Message("%(n)s%% off", "降价 %(n)s%"), ["placeholders"]),
        (Message('See <a href="%(a)s">it</a>', "见<a>此处</a>"), ["placeholders"]),
        (Message(("%(n)s film", "%(n)s films"), ("影片",)), ["placeholders"]),
        (Message("Ended.", "已结束."), ["half-width marks or missing spaces"]),
        (Message("A CSV", "一份CSV"), ["half-width marks or missing spaces"]),
    ],
)
def test_a_fault_of_a_translation_is_seen(message, found):
    assert faults(message) == found


def test_chinese_has_one_plural_form():
    with CHINESE.open("rb") as lines:
        catalogue = read_po(lines, locale="zh_Hans")

    assert (catalogue.num_plurals, catalogue.plural_expr) == (1, "0")


# -- the compiled file ------------------------------------------------------------------------------

PLANTED = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Films"
msgstr "影片"

msgid "Goods"
msgstr ""

#, fuzzy
msgid "Search"
msgstr "商品"
"""


@pytest.fixture
def planted(tmp_path, settings):
    """A catalogue of one good message, one without a translation and one that nobody has looked at."""
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    path = tmp_path / "locale/zh_Hans/LC_MESSAGES/django.po"
    path.parent.mkdir(parents=True)
    path.write_text(PLANTED, "utf-8")
    return path


def compiled(path: Path) -> dict[tuple[object, ...], tuple[str, ...]]:
    with path.open("rb") as file:
        return {tuple(key_of(message)): strings_of(message) for message in messages_of(read_mo(file))}


def test_the_compiled_file_says_what_the_catalogue_says(planted):
    planted.write_bytes(CHINESE.read_bytes())
    call_command("compile_languages", stdout=io.StringIO())

    assert compiled(CHINESE.with_suffix(".mo")) == compiled(planted.with_suffix(".mo")), (
        "run manage.py compile_languages"
    )


def test_compiling_takes_what_is_translated_and_says_what_it_wrote(planted):
    said = io.StringIO()

    call_command("compile_languages", stdout=said)

    assert said.getvalue() == "locale/zh_Hans/LC_MESSAGES/django.mo: 1 messages\n"
    assert compiled(planted.with_suffix(".mo")) == {(None, ("Films",)): ("影片",)}
    assert [path.name for path in sorted(planted.parent.iterdir())] == ["django.mo", "django.po"]


@pytest.mark.parametrize("broken", [b'msgid "Films"\nFilms\n', b'msgid "Films"\nmsgstr "\xff"\n'])
def test_a_broken_catalogue_is_refused_and_the_compiled_file_stays(planted, broken):
    call_command("compile_languages", stdout=io.StringIO())
    before = planted.with_suffix(".mo").read_bytes()
    planted.write_bytes(broken)

    with pytest.raises(CommandError, match=r"zh_Hans/LC_MESSAGES/django\.po: "):
        call_command("compile_languages", stdout=io.StringIO())

    assert planted.with_suffix(".mo").read_bytes() == before


def test_a_chinese_reader_is_answered_in_chinese():
    with translation.override("zh-hans"):
        answers = (
            translation.gettext("Films"),
            translation.ngettext("%(total)s piece", "%(total)s pieces", 3) % {"total": 3},
            translation.gettext("Schedule"),
            str(LicenceForm.base_fields["skus"].label),
            city("America/New_York"),
        )

    assert answers == ("影片", "3 件商品", "排期", "商品清单", "纽约")


def test_every_city_of_the_countdown_has_a_chinese_name():
    with translation.override("zh-hans"):
        assert [name for name in CITIES if translation.gettext(name) == name] == []
