"""The template check: every template compiles, keeps the content security policy, and has its sentences marked.

    python -m scripts.check_templates [FILE…]

Text that is no sentence (a name, a code) stands in an element with `translate="no"`, which tells browsers the same.
"""

import os
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.template import Engine, Template, TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode, IncludeNode

SUFFIXES = {".html", ".txt", ".xml", ".svg"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SPOKEN_ATTRIBUTES = {"alt", "title", "placeholder", "aria-label", "aria-description"}
DATA_TYPES = {"application/json", "application/ld+json"}
# The shop's own name is the same in every language.
BRAND = "merchstore"
SENTENCE = re.compile(r"[^\W\d_]{2,}")
COMMENTS = re.compile(r"{#.*?#}|{%\s*comment\b.*?{%\s*endcomment\s*%}", re.DOTALL)
MARKED = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
TAGS = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)


def main(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "merchstore.settings")
    django.setup()
    paths = [Path(argument) for argument in arguments] or list(project_templates())
    problems = [problem for path in paths for problem in problems_of(path, path.read_text())]
    for problem in problems:
        print(problem)
    print(f"{len(paths)} templates, {len(problems)} problems")
    return 1 if problems or not paths else 0


def project_templates() -> Iterator[Path]:
    """The project's own: its template folders, and those of apps that live inside the project."""
    base = Path(settings.BASE_DIR)
    folders = [Path(folder) for folder in Engine.get_default().dirs]
    folders += [path for app in apps.get_app_configs() if (path := Path(app.path) / "templates").is_relative_to(base)]
    for folder in folders:
        if ".venv" not in folder.parts:
            yield from sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)


def problems_of(path: Path, text: str) -> list[str]:
    """One line `file:line: what is wrong` for each."""
    problems = _compile_problems(path, text)
    if path.suffix == ".html":
        reader = _Reader(path)
        reader.feed(_plain_html(text))
        reader.close()
        problems += reader.problems
    return problems


def _compile_problems(path: Path, text: str) -> list[str]:
    try:
        template = Engine.get_default().from_string(text)
    except TemplateSyntaxError as error:
        token = getattr(error, "token", None)
        return [f"{path}:{token.lineno if token else 1}: does not compile: {error}"]
    return [
        f"{path}:{line}: names {wanted}, which does not exist"
        for line, wanted in _templates_named(template)
        if not _exists(wanted)
    ]


def _templates_named(template: Template) -> Iterator[tuple[int, str]]:
    """The templates that it extends or includes by a fixed name, with the line on which it does."""
    for kind, attribute in ((ExtendsNode, "parent_name"), (IncludeNode, "template")):
        for node in template.nodelist.get_nodes_by_type(kind):
            wanted = getattr(node, attribute).var
            if isinstance(wanted, str):
                yield (node.token and node.token.lineno) or 1, wanted


def _exists(name: str) -> bool:
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return False
    except TemplateSyntaxError:
        pass  # that template gets a line of its own
    return True


def _plain_html(text: str) -> str:
    """The markup with everything of the template language blanked out, each line kept where it was."""
    for pattern in (COMMENTS, MARKED, TAGS):
        text = pattern.sub(lambda found: "\n" * found.group().count("\n"), text)
    return text


class _Reader(HTMLParser):
    """Collects what the content security policy would block, and text that no translator would ever see."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.problems: list[str] = []
        self.silent: list[bool] = []  # per open element: is its text no sentence of the interface
        self.open: list[str] = []

    def complain(self, what: str) -> None:
        self.problems.append(f"{self.path}:{self.getpos()[0]}: {what}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._check_policy(tag, values)
        kept = values.get("translate") == "no"
        if not kept and not any(self.silent):
            for name in sorted(SPOKEN_ATTRIBUTES & values.keys()):
                if SENTENCE.search(values[name]):
                    self.complain(f"unmarked text in {name}: {values[name]!r}")
        if tag not in VOID:
            self.open.append(tag)
            self.silent.append(kept or tag in {"script", "style", "code"})

    def handle_endtag(self, tag: str) -> None:
        # An element that a condition opens twice is closed once; what is not open is passed over.
        if tag in self.open:
            at = len(self.open) - 1 - self.open[::-1].index(tag)
            del self.open[at:], self.silent[at:]

    def handle_data(self, data: str) -> None:
        if not any(self.silent) and SENTENCE.search(data.replace(BRAND, "")):
            self.complain(f"unmarked text: {' '.join(data.split())!r}")

    def _check_policy(self, tag: str, values: dict[str, str]) -> None:
        if tag == "script" and "src" not in values and values.get("type") not in DATA_TYPES:
            self.complain("inline script: the content security policy blocks it; write a module in static/js")
        if tag == "style" or "style" in values:
            self.complain("inline style: the content security policy blocks it; write a class in static/css")
        for name, value in values.items():
            if name.startswith(("on", "hx-on")):
                self.complain(f"{name}=: the content security policy blocks it; listen in a module")
            if value.strip().lower().startswith("javascript:"):
                self.complain(f"{name}= holds a script address: the content security policy blocks it")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
