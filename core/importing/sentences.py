"""What can be wrong with a row, in words a merchant understands. A placeholder names a fact of the problem."""

from django.utils.translation import gettext_lazy as _

PROBLEMS = {
    # -- refusals: the row does not land ------------------------------------------------------
    "ambiguous_film": _("“%(value)s” names more than one film. Use the film's address instead: %(choices)s."),
    "bad_barcode": _("“%(value)s” is no valid barcode, so the barcode was left out."),
    "bad_price": _("“%(value)s” is not a price. Write it with a point and without anything else, like 1299.00."),
    "bad_quotes": _("The quotation marks of this row do not match: %(problem)s."),
    "bad_status": _("“%(value)s” is not a status. Use active, draft or archived."),
    "bad_stock": _("“%(value)s” is not a number of pieces."),
    "bad_type": _("The value is of a kind that cannot stand here."),
    "bad_year": _("“%(value)s” is not the year or the date of a film."),
    "bad_image": _(
        "“%(value)s” is no address of a picture. An address begins with https:// and has 1,000 letters at most."
    ),
    "bad_json": _("This line is no JSON object: %(problem)s."),
    "bad_language": _(
        "“%(value)s” is a language this shop does not keep. It keeps English (en) and simplified Chinese (zh, zh-CN)."
    ),
    "bad_value": _("This value cannot stand here: %(problem)s."),
    "control_character": _("The text holds a character that cannot be printed (%(character)s)."),
    "duplicate_options": _("The product already has a variant with these options, on line %(first)s."),
    "duplicate_row": _("“%(value)s” already stands on line %(first)s. Rows are never merged; remove one of the two."),
    "duplicate_sku": _("The product already has a variant with the SKU “%(value)s”, on line %(first)s."),
    "empty_row": _("There is nothing on this row that belongs to a product."),
    "external_product": _("External products are sold on another site, and nothing of that kind is sold here."),
    "film_missing": _("No film is named."),
    "formula_cell": _(
        "The cell holds a formula without a usable result (%(value)s). Save the file in a spreadsheet program, or write the "
        "value."
    ),
    "grouped_product": _("Grouped products only point at others. Bring in the products themselves."),
    "missing_value": _("This value is needed and is missing."),
    "no_variants": _("The product has variations, and none of them could be taken from this file."),
    "not_there": _("There is no product “%(value)s” here yet, and this file only changes what is there."),
    "not_an_object": _("A film is expected here, and something else was found."),
    "price_below_floor": _("%(price)s %(currency)s is below the floor of %(floor)s that the licence sets."),
    "price_decimals": _("“%(value)s” has more decimals than %(currency)s."),
    "price_in_past": _("A price begins now or later; what has begun stays as history."),
    "price_negative": _("“%(value)s” is below zero. A price is above zero."),
    "price_not_positive": _("The new price would not be above zero."),
    "price_zero": _("A price of 0 is not a price. Leave the cell empty where the product is not sold."),
    "product_refused": _("The product could not be taken because of line %(first)s."),
    "ragged_row": _("The row has %(found)s cells, the header has %(expected)s."),
    "split_product": _("Rows of one product have to stand together: “%(value)s” already stands on line %(first)s."),
    "too_long": _("The text is longer than %(most)s characters."),
    "too_many_rows": _("One product has more than %(most)s rows."),
    "unknown_category": _("There is no category “%(value)s”. There are: %(choices)s."),
    "unknown_film": _("There is no film “%(value)s”. Use its title or its address."),
    "unknown_field": _("“%(value)s” is not known here; known are %(choices)s."),
    "unknown_market": _("There is no market “%(value)s”. There are: %(choices)s."),
    "unknown_parent": _("There is no variable product “%(value)s” in this file that this variation could belong to."),
    "unknown_product": _("There is no product “%(value)s” here yet. Bring in the products before their translations."),
    "unknown_type": _("“%(value)s” is not a type of product. Use simple, variable or variation."),
    "unpublished_variation": _("This variation is not published in the shop that it comes from, so it was left out."),
    "variant_refused": _("The variant could not be taken because of line %(first)s."),
    # -- warnings: the row lands, and somebody should look --------------------------------------
    "damaged_text": _("Letters of this text were lost before it came here: “%(value)s”."),
    "differs_from_first_row": _("“%(value)s” differs from the first row of the product, which is the one that counts."),
    "garbled_text": _("“%(value)s” looks garbled; perhaps it was “%(instead)s”."),
    "image_left_out": _("“%(value)s” is no address of a picture, so it was left out."),
    "junk_name": _("“%(value)s” is no name and was left out."),
    "marker_removed": _("The note “%(value)s” was taken off the title."),
    "no_licence": _(
        "No executed licence of the merchant covers this film and category: the product stays off the shelf."
    ),
    "not_shipped": _("The product is downloadable or virtual where it comes from. Everything here is shipped."),
    "odd_text": _("“%(value)s” looks garbled, and what it was cannot be told."),
    "open_option": _("The variation is for any “%(value)s”. Here each variant is one; buyers cannot choose it."),
    "repaired_text": _("“%(value)s” was garbled and was taken as “%(instead)s”."),
    "repeated_name": _("“%(value)s” stands twice and was taken once."),
    "same_page": _("The same page is named on line %(first)s. Two films were kept."),
    "same_title_and_year": _("There is another film with this title and year: %(value)s. Two films were kept."),
    "shortened": _("The text was cut to %(most)s characters: “%(value)s”."),
    "sku_used_twice": _("Another product of this file, on line %(first)s, uses the SKU “%(value)s” too."),
    "stock_below_reserved": _("%(reserved)s pieces are promised to orders, so the stock was set to that."),
    "stock_negative": _("A stock below zero counts as none."),
    "title_cleaned": _("“%(value)s” held HTML and was taken as “%(instead)s”."),
}
