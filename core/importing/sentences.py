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
    "control_character": _("The text holds a character that cannot be printed (%(character)s)."),
    "duplicate_options": _("The product already has a variant with these options, on line %(first)s."),
    "duplicate_row": _("“%(value)s” already stands on line %(first)s. Rows are never merged; remove one of the two."),
    "duplicate_sku": _("The product already has a variant with the SKU “%(value)s”, on line %(first)s."),
    "empty_row": _("There is nothing on this row that belongs to a product."),
    "film_missing": _("No film is named."),
    "missing_value": _("This value is needed and is missing."),
    "not_an_object": _("A film is expected here, and something else was found."),
    "price_decimals": _("“%(value)s” has more decimals than %(currency)s."),
    "price_negative": _("“%(value)s” is below zero. A price is above zero."),
    "price_zero": _("A price of 0 is not a price. Leave the cell empty where the product is not sold."),
    "product_refused": _("The product could not be taken because of line %(first)s."),
    "ragged_row": _("The row has %(found)s cells, the header has %(expected)s."),
    "split_product": _("Rows of one product have to stand together: “%(value)s” already stands on line %(first)s."),
    "too_long": _("The text is longer than %(most)s characters."),
    "unknown_category": _("There is no category “%(value)s”. There are: %(choices)s."),
    "unknown_film": _("There is no film “%(value)s”. Use its title or its address."),
    # -- warnings: the row lands, and somebody should look --------------------------------------
    "damaged_text": _("Letters of this text were lost before it came here: “%(value)s”."),
    "differs_from_first_row": _("“%(value)s” differs from the first row of the product, which is the one that counts."),
    "garbled_text": _("“%(value)s” looks garbled; perhaps it was “%(instead)s”."),
    "junk_name": _("“%(value)s” is no name and was left out."),
    "marker_removed": _("The note “%(value)s” was taken off the title."),
    "no_licence": _(
        "No executed licence of the merchant covers this film and category: the product stays off the shelf."
    ),
    "repeated_name": _("“%(value)s” stands twice and was taken once."),
    "same_page": _("The same page is named on line %(first)s. Two films were kept."),
    "same_title_and_year": _("There is another film with this title and year: %(value)s. Two films were kept."),
    "sku_used_twice": _("Another product of this file, on line %(first)s, uses the SKU “%(value)s” too."),
    "stock_below_reserved": _("%(reserved)s pieces are promised to orders, so the stock was set to that."),
    "stock_negative": _("A stock below zero counts as none."),
}
