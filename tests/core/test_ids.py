"""Public ids: a prefix that says what it is, letters that say nothing."""

import re

from core.ids import new_public_id, public_id_field


def test_an_id_has_its_prefix_and_sixteen_letters_that_cannot_be_mistaken():
    assert re.fullmatch(r"prd_[0-9a-hjkmnp-tv-z]{16}", new_public_id("prd"))


def test_ids_do_not_repeat_and_use_every_letter():
    made = {new_public_id("x") for _ in range(2_000)}

    assert len(made) == 2_000
    assert set("".join(made)) - set("x_") | {"x"} == set("0123456789abcdefghjkmnpqrstvwxyz")


def test_the_column_makes_a_new_id_for_each_row_and_migrates_without_change():
    field = public_id_field("prd")

    assert field.get_default() != field.get_default()
    assert field.default == public_id_field("prd").default
    assert field.default != public_id_field("cmp").default
    assert hash(field.default) == hash(public_id_field("prd").default)
    assert (field.unique, field.editable) == (True, False)
    assert len(field.get_default()) <= field.max_length
