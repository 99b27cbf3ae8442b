"""The short way to plain text says what the parser says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.importing import text

# fmt: off
PIECES = st.sampled_from([
    "a", " ", "\n", "&amp;", "<p>", "</p>", "<b>", "</b>", "<br/>", "<br />", '<a href="/x">', "</a>", "<script>",
    "</script>", '<img src="a" alt="b c"/>', "<", ">", "<P>", "<li>", "</li>", "<x-y>", "<svg>", "摆", "<!-- c -->",
    '<p class="a>b">',
])
# fmt: on


@given(st.lists(PIECES, max_size=12).map("".join))
def test_what_needs_no_parser_is_what_the_parser_says(markup: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(text, "_simple_text", lambda _markup: None)
        told = text.plain_text(markup)

    assert text.plain_text(markup) == told


def test_an_ordinary_description_takes_the_short_way() -> None:
    markup = '<p>A <strong>mug</strong></p><ul><li>One</li><li class="b">Two</li></ul><br/>End'

    assert text._simple_text(markup) is not None
    assert text.plain_text(markup) == "A mug\nOne\nTwo\nEnd"
